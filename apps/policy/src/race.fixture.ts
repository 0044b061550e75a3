import { generateKeyPairSync } from 'node:crypto';
import { decodeRecord, type AnyEvent, type RawRecord } from '@countersign/contracts';
import { createVerifier } from '@countersign/identity';
import { startProvider } from '@countersign/identity/test-provider';
import { createMessaging, silentLog, type Messaging, type MessagingOptions } from '@countersign/messaging';
import { eventPen, KeyRing, Signer } from '@countersign/signing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { policy } from './service.js';

type Engines = Pick<MessagingOptions, 'databaseUrl' | 'kafka' | 'topicPrefix'> & Pick<MessagingOptions, 'ports'>;

/** Policy's own messaging in this process, as many instances as are wanted: what races them is the engines' own concurrency. */
export class Race {
  readonly #running: Messaging[] = [];

  private constructor(
    private readonly loaded: LoadedWorkflow,
    readonly provider: Awaited<ReturnType<typeof startProvider>>,
  ) {}

  static open = async (loaded: LoadedWorkflow) => new Race(loaded, await startProvider());

  async start(instance: string, engines: Engines): Promise<void> {
    const verifier = createVerifier({
      ...{ issuer: this.provider.issuer, audience: 'countersign' },
      ...{ tenantClaim: 'tenant', rolesClaim: 'roles' },
    });
    await verifier.warm();
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const messaging = createMessaging({
      ...engines,
      ...eventPen('policy', Signer.fromPem(pem)),
      ...{ service: 'policy', instance, parkingKey: Buffer.alloc(32), log: silentLog, workers: [] },
      onFatal: (error) => {
        throw error;
      },
      subscriptions: policy({
        workflows: new Map([[this.loaded.workflow.name, this.loaded]]),
        verifier,
        ring: new KeyRing(),
        openKey: generateKeyPairSync('x25519').privateKey,
        store: { seal: () => Promise.reject(new Error('nothing here is to be sealed')) },
        freshAfterMs: 60_000,
        onUntrusted: () => {},
      }),
    });
    this.#running.push(messaging);
    await messaging.start();
  }

  /** One of alice's payments, on a partition that follows from its number. */
  record(token: string, at: number, amount: string) {
    const session = `s-${at % 7}`;
    const attributes = { ce_specversion: '1.0', ce_id: `race-${at}`, ce_source: '/shop', ce_session: session };
    return {
      key: `acme/${session}-${at % 13}`,
      value: JSON.stringify({
        ...{ workflow: this.loaded.workflow.name, session, tool: 'pay' },
        arguments: { caseId: `case_${at}`, amount, currency: 'EUR' },
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

/** What was approved and what denied for its limit, each action once, however often it was published. */
export function outcomes(records: RawRecord[]): { approved: number; exceeded: number } {
  const byAction = new Map<string, AnyEvent>();
  for (const record of records) {
    const { event } = decodeRecord(record);
    if ('actionId' in event.data) byAction.set(event.data.actionId, event);
  }
  const all = [...byAction.values()];
  const approved = all.filter(({ type }) => type === 'countersign.action.approved.v1').length;
  const exceeded = all.filter(({ data }) => 'code' in data && data.code === 'LIMIT_EXCEEDED').length;
  return { approved, exceeded };
}
