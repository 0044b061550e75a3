import { generateKeyPairSync } from 'node:crypto';
import { decodeRecord, type EventData, type RawRecord } from '@countersign/contracts';
import { createVerifier } from '@countersign/identity';
import { startProvider } from '@countersign/identity/test-provider';
import { createMessaging, silentLog, type Messaging, type MessagingOptions } from '@countersign/messaging';
import { eventPen, KeyRing, Signer } from '@countersign/signing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { policy } from './service.js';
import { Switchboard } from './world.fixture.js';

type Engines = Pick<MessagingOptions, 'databaseUrl' | 'kafka' | 'topicPrefix'> & Pick<MessagingOptions, 'ports'>;

/** Policy's own messaging in this process, as many instances as are wanted: what races them is the engines' own concurrency. */
export class Race {
  readonly #running: Messaging[] = [];

  private constructor(
    private readonly loaded: readonly LoadedWorkflow[],
    readonly provider: Awaited<ReturnType<typeof startProvider>>,
  ) {}

  static open = async (...loaded: LoadedWorkflow[]) => new Race(loaded, await startProvider());

  async start(instance: string, engines: Engines): Promise<void> {
    const verifier = createVerifier({
      ...{ issuer: this.provider.issuer, audience: 'countersign' },
      ...{ tenantClaim: 'tenant', rolesClaim: 'roles' },
    });
    await verifier.warm();
    const { privateKey } = generateKeyPairSync('ed25519');
    const board = new Switchboard();
    for (const { workflow, fingerprint } of this.loaded)
      board.stage('scoped', `stage/workflow/${workflow.name}`).release(fingerprint, workflow.name);
    const control = board.view();
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const messaging = createMessaging({
      ...engines,
      ...eventPen('policy', Signer.fromPem(pem)),
      ...{ service: 'policy', instance, parkingKey: Buffer.alloc(32), log: silentLog, workers: [] },
      onFatal: (error) => {
        throw error;
      },
      subscriptions: policy({
        workflows: new Map(this.loaded.map((one) => [one.workflow.name, one])),
        verifier,
        ring: new KeyRing(),
        openKey: generateKeyPairSync('x25519').privateKey,
        store: { seal: () => Promise.reject(new Error('nothing here is to be sealed')) },
        freshAfterMs: 60_000,
        control: { view: () => Promise.resolve(control), latest: () => control },
        onUntrusted: () => {},
      }),
    });
    this.#running.push(messaging);
    await messaging.start();
  }

  /** One of somebody's payments, on a partition that follows from its number. */
  record({ workflow, token, at, caseId = `case_${at}` }: Payment) {
    const session = `s-${at % 7}`;
    const attributes = { ce_specversion: '1.0', ce_id: `${workflow}-${at}`, ce_source: '/shop', ce_session: session };
    return {
      key: `acme/${session}-${at % 13}`,
      value: JSON.stringify({
        ...{ workflow, session, tool: 'pay' },
        arguments: { caseId, amount: '3.00', currency: 'EUR' },
      }),
      headers: {
        ...attributes,
        ce_type: 'countersign.action.requested.v1',
        ce_tenantid: 'acme',
        authorization: `Bearer ${token}`,
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((messaging) => messaging.stop()));
    await this.provider.stop();
  }
}

export interface Payment {
  workflow: string;
  token: string;
  at: number;
  caseId?: string;
}

/** How many of each workflow's actions ended how: approved, or a code. Each action once, however often it was published. */
export function outcomes(records: RawRecord[]): Record<string, Record<string, number>> {
  const byAction = new Map<string, EventData<'countersign.action.approved.v1' | 'countersign.action.denied.v1'>>();
  for (const record of records) {
    const { event } = decodeRecord(record);
    if (event.type === 'countersign.action.approved.v1' || event.type === 'countersign.action.denied.v1')
      byAction.set(event.data.actionId, event.data);
  }
  const counts: Record<string, Record<string, number>> = {};
  for (const data of byAction.values()) {
    const how = 'code' in data ? data.code : 'approved';
    const of = (counts[data.workflow] ??= {});
    of[how] = (of[how] ?? 0) + 1;
  }
  return counts;
}

/** How many were decided on. */
export const decided = (counts: ReturnType<typeof outcomes>): number =>
  Object.values(counts)
    .flatMap((of) => Object.values(of))
    .reduce((sum, count) => sum + count, 0);
