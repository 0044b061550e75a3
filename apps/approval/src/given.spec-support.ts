import { actionHashOf, classified, digest, type CloudEvent, type Incoming, type Preview } from '@countersign/contracts';
import { applyControl, ControlView, type ControlRow } from '@countersign/control';
import type { Effect, States } from '@countersign/messaging/stream';
import { defineToolContract } from '@countersign/tool-sdk';
import { z } from 'zod';
import type { Answer, Known } from './answer.js';
import { decideEscalated, type Facts } from './decide.js';
import { approvalIdOf, approvalKey, type Escalated, type Item } from './state.js';

export const NOW = new Date('2026-03-01T10:00:00.000Z');
export const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
export const genuine: Facts = { forged: new Map(), webhooks: false };

export const preview = (after: string): Preview => ({
  effect: { refundedBefore: '0.00', refundedAfter: after },
  basis: { order: 3 },
  digest: digest(after),
});
export const alice = { sub: 'alice', tenant: 'acme', roles: ['support-agent'] };
export const bob = { sub: 'bob', tenant: 'acme', roles: ['support-lead'] };
export const carol = { sub: 'carol', tenant: 'acme', roles: ['support-lead'] };

export const action = {
  intentId: 'int_1',
  actionId: 'act_1',
  revision: 0,
  tenant: 'acme',
  actor: alice,
  workflow: 'support-desk',
  workflowVersion: '1.0.0',
  session: 's-1',
  tool: 'issue_refund',
  toolVersion: '1.0.0',
  arguments: { orderId: 'ord_1002', amount: '900.00', currency: 'EUR', reason: 'late' },
  rules: [{ rule: 'large-refund', outcome: 'escalate' as const, reason: 'over 50' }],
  policyVersion: 'p1',
  decidedAt: NOW.toISOString(),
};
export const attributes = { tenantid: 'acme', actorid: 'alice', session: 's-1', correlationid: 'int_1' };

export function escalation(of: Preview = preview('900.00'), change: Partial<Escalated> = {}): Escalated {
  const blast = { amount: { amount: '900.00', currency: 'EUR' }, records: 1, reversible: false, affected: ['cus_001'] };
  const asked = { provenance: {}, approverRoles: ['support-lead'], approvalsNeeded: 1, blast };
  const seen = { ...action, ...asked, preview: of, expiresAt: later(3600).toISOString(), ...change };
  return { ...seen, actionHash: actionHashOf(seen) };
}

let offset = 0n;
export function incoming<T extends CloudEvent['type']>(type: T, data: unknown, id = `evt_${type}`) {
  const event = {
    ...attributes,
    id,
    source: '/services/policy',
    type,
    time: NOW.toISOString(),
    subject: 'act_1',
    causationid: 'evt_0',
    data,
  };
  const record = {
    topic: 'decisions',
    partition: 0,
    offset: offset++,
    timestamp: NOW.getTime(),
    key: null,
    value: null,
    headers: {},
  };
  return {
    record,
    key: 'acme/s-1',
    event,
    text: '',
    headers: { traceparent: '00-a-b-01' },
    signature: 'x',
  } as unknown as Incoming & {
    event: CloudEvent<T>;
  };
}
export const escalated = (data = escalation(), id = 'evt_esc') => incoming('countersign.action.escalated.v1', data, id);
export function askedAgain(of: Escalated, because: string, causationid: string) {
  const asks = escalated({ ...of, because }, `evt_again_${causationid}`);
  return { ...asks, event: { ...asks.event, causationid } };
}
export const approved = (
  of: Escalated,
  approvers = [{ sub: 'bob', roles: ['support-lead'], reason: 'ok', at: NOW.toISOString() }],
  change: object = {},
) =>
  incoming('countersign.action.approved.v1', { ...action, preview: of.preview, approvers, grant: 'commit', ...change });
export const denied = (code: string) =>
  incoming('countersign.action.denied.v1', { ...action, code, detail: 'because', nextStep: 'stop', final: true });

/** State rows that take what effects put, as the runtime does. */
export class Rows implements States {
  readonly rows = new Map<string, object>();
  get<S>(key: string): S | undefined {
    return this.rows.get(key) as S | undefined;
  }
  apply(effects: Effect[]): Effect[] {
    for (const effect of effects) if (effect.do === 'put') this.rows.set(effect.key, effect.state);
    return effects;
  }
  item(of: Escalated): Item {
    return this.get<Item>(approvalKey(approvalIdOf(of)))!;
  }
}
export function opened(data = escalation()) {
  const rows = new Rows();
  rows.apply(decideEscalated(escalated(data), rows, genuine, NOW));
  return rows;
}
/** Switches as one is told of them, in their order, a minute apart from `NOW` on. */
export function control(...scopes: [scope: string, value: object][]): ControlView {
  const rows = new Map<string, ControlRow>();
  scopes.forEach(([scope, value], index) => {
    const at = later(60 * index).toISOString();
    rows.set(scope, applyControl(rows.get(scope), { scope, value, epoch: index + 1, at })!);
  });
  return new ControlView(rows.values());
}

export const emitted = (effects: Effect[]) => effects.flatMap((effect) => (effect.do === 'emit' ? [effect.event] : []));

const word = classified('internal', z.string());
export const refund = defineToolContract({
  ...{
    name: 'issue_refund',
    version: '1.0.0',
    description: 'Of a spec.',
    effect: 'write',
    class: 'A',
    reversible: false,
  },
  target: 'desk',
  input: z.strictObject({
    ...{
      orderId: word,
      amount: classified('internal', z.string().regex(/^\d+\.\d{2}$/)),
      currency: word,
      reason: word,
    },
    to: classified('personal', z.string()).optional(),
    times: classified('internal', z.int()).optional(),
  }),
  output: z.object({ id: word }),
  permissions: { roles: ['support-agent'] },
});
/** What is known beside an item, with these switches on. */
export const known = (view = control()): Known => ({
  control: view,
  contractOf: (workflow, tool) => (workflow === 'support-desk' && tool === refund.name ? refund : undefined),
});

export const answer = (
  of: Escalated,
  decision: Answer['decision'] = 'approve',
  args?: Answer['arguments'],
): Answer => ({
  ...{ decision, actionHash: of.actionHash, reason: 'seen the order', sealed: 'jwe' },
  ...(args ? { arguments: args } : {}),
});
