import { generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';
import {
  actionIdOf,
  classified,
  decodeRecord,
  deriveId,
  eventIdOf,
  idempotencyKeyOf,
  intentIdOf,
  type CloudEvent,
  type Incoming,
  type Stage,
} from '@countersign/contracts';
import type { ControlRow } from '@countersign/control';
import type { WorkRow } from '@countersign/messaging';
import { KeyRing, Signer, signedEncoder } from '@countersign/signing';
import {
  defineTool,
  defineToolContract,
  type LookupOutcome,
  type TargetClient,
  type Tool,
  type ToolContract,
} from '@countersign/tool-sdk';
import { GRANT, type About, type Warrant } from './state.js';
import { WarrantBook } from './warrant-book.js';

export const NOW = new Date('2026-03-01T10:00:00.000Z');
const seconds = NOW.getTime() / 1000;
const TYPE = 'countersign.action.approved.v1';

/** A warrant for a refund, valid around NOW. */
export function givenWarrant(change: Partial<Warrant> = {}): Warrant {
  const intentId = intentIdOf('acme', '/products/shop', 'r-1');
  const actionId = change.actionId ?? actionIdOf(intentId, 0, 0);
  return {
    intentId,
    actionId,
    revision: 0,
    tenant: 'acme',
    actor: { sub: 'alice', tenant: 'acme', roles: ['support-agent'] },
    workflow: 'support-desk',
    workflowVersion: '1.0.0',
    session: 's-1',
    tool: 'issue_refund',
    toolVersion: '1.0.0',
    rules: [],
    policyVersion: 'p-1',
    decidedAt: NOW.toISOString(),
    grant: 'commit',
    arguments: { orderId: 'ord_1001', amount: '18.00', currency: 'EUR', reason: 'Late.' },
    dryRun: false,
    idempotencyKey: idempotencyKeyOf('acme', actionId, 0),
    approvers: [],
    facts: {},
    epoch: 0,
    fingerprint: 'f-1',
    jti: deriveId('jti', actionId, 0, 1),
    nbf: seconds - 5,
    exp: seconds + 60,
    ...change,
  };
}

export const givenStage = (stage: Stage, epoch = 0): ControlRow => ({
  kind: 'stage',
  scope: 'stage/workflow/support-desk',
  stage,
  epoch,
  at: NOW.toISOString(),
});

/** What is released of it: by default the fingerprint of `givenWarrant`. */
export const givenRelease = (fingerprint = 'f-1', epoch = 0, previous?: string): ControlRow => ({
  kind: 'release',
  scope: 'release/workflow/support-desk',
  fingerprint,
  ...(previous === undefined ? {} : { previous }),
  history: [],
  epoch,
  at: NOW.toISOString(),
});

/** A switch that is on since a record, or was till another. */
export const givenKill = (scope: string, trippedEpoch: number, rearmedEpoch?: number): ControlRow => ({
  kind: 'kill',
  scope,
  killed: rearmedEpoch === undefined,
  epoch: rearmedEpoch ?? trippedEpoch,
  trippedEpoch,
  at: NOW.toISOString(),
  pauses: [],
});

const policyKeys = generateKeyPairSync('ed25519');
export const policyKey = policyKeys.publicKey;
const approvalKeys = generateKeyPairSync('ed25519');
const pem = (key: typeof policyKeys.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();
export const pens = {
  policy: new Signer(policyKeys.privateKey),
  approval: new Signer(approvalKeys.privateKey),
  stranger: new Signer(generateKeyPairSync('ed25519').privateKey),
};
export const givenRing = () =>
  new KeyRing().add('policy', pem(policyKeys.publicKey)).add('approval', pem(approvalKeys.publicKey));
export const givenBook = () => new WarrantBook(givenRing());

export type Approved = Incoming & { event: CloudEvent<typeof TYPE> };

/** A warrant as the record it comes in. */
export function givenRecord(warrant: Warrant, pen: Signer = pens.policy, offset = 7n): Approved {
  const out = signedEncoder(
    'policy',
    pen,
  )({
    type: TYPE,
    id: eventIdOf(TYPE, warrant.jti),
    time: warrant.decidedAt,
    subject: warrant.actionId,
    tenantid: warrant.tenant,
    actorid: warrant.actor.sub,
    session: warrant.session,
    correlationid: warrant.intentId,
    causationid: 'evt_cause',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: warrant,
  });
  return decodeRecord({
    topic: 'decisions',
    partition: 0,
    offset,
    timestamp: NOW.getTime(),
    key: Buffer.from(out.key),
    value: Buffer.from(out.value),
    headers: out.headers,
  }) as Approved;
}

export function givenRow(warrant: Warrant, change: Partial<WorkRow> = {}): WorkRow {
  const opened = givenBook().fromRecord(givenRecord(warrant));
  if (!opened.ok) throw new Error(opened.because);
  return {
    id: warrant.jti,
    kind: GRANT,
    target: 'helpdesk',
    tenant: warrant.tenant,
    body: { warrant: opened.packed },
    fence: 1,
    attempts: 1,
    status: 'QUEUED',
    createdAt: NOW,
    ...change,
  };
}

export const aboutOf = (warrant: Warrant): About => ({
  intentId: warrant.intentId,
  actionId: warrant.actionId,
  revision: warrant.revision,
  tenant: warrant.tenant,
  actor: warrant.actor.sub,
  session: warrant.session,
  tool: warrant.tool,
  toolVersion: warrant.toolVersion,
  jti: warrant.jti,
  grant: warrant.grant,
  idempotencyKey: warrant.idempotencyKey,
  cause: eventIdOf(TYPE, warrant.jti),
});

const field = classified('internal', z.string());
const input = z.strictObject({ orderId: field, amount: field, currency: field, reason: field });

/** A tool that passes what it is given on to its target, and gives back what the target says. */
export function givenTool(name: string, change: Partial<ToolContract> = {}): Tool {
  const contract = defineToolContract({
    name,
    version: '1.0.0',
    description: 'Of a test.',
    effect: 'write',
    class: 'A',
    keyLifetimeMs: 24 * 3_600_000,
    reversible: true,
    target: 'helpdesk',
    input,
    output: z.object({ refundId: field }),
    permissions: { roles: ['support-agent'] },
    ...change,
  } as ToolContract);
  const path = `/${name}`;
  const none = { recordsRead: [], recordsChanged: [] };
  const result = (body: unknown) => body as { refundId: string };
  if (contract.effect === 'read') {
    return defineTool({
      contract,
      read: async ({ target }) => ({ ...none, result: result((await target.request({ method: 'GET', path })).body) }),
    });
  }
  return defineTool({
    contract,
    preview: () => Promise.resolve({ effect: { amount: '18.00' }, basis: { orderVersion: 2 }, recordsRead: [] }),
    commit: async ({ target, basis }, args) => {
      const { body } = await target.request({
        method: 'POST',
        path,
        body: { ...args, ...basis } as Record<string, string>,
      });
      return { ...none, result: result(body) };
    },
    ...(contract.class === 'D' ? {} : { lookup: lookedUp }),
  });

  async function lookedUp({ target }: { target: TargetClient }): Promise<LookupOutcome> {
    const { status, body } = await target.request({ method: 'GET', path: '/lookup' });
    return status === 404 ? { found: 'nothing' } : { found: 'committed', outcome: { ...none, result: result(body) } };
  }
}
