import { expect } from '@jest/globals';
import {
  actionIdOf,
  type AnyEvent,
  type EventData,
  type EventType,
  type JsonObject,
  type MemberSeen,
  type Person,
  type RecordRead,
} from '@countersign/contracts';
import { expired, granted, rejected } from './approvals.js';
import { proposed, replied, requested } from './decide.js';
import { edited } from './edits.js';
import type { Checked } from './facts.js';
import { previewed, read, returned } from './results.js';
import { actionId, alice, intentId, isPerson, previewOf, saidBy, signed, T0, World } from './world.fixture.js';

export const types = (events: AnyEvent[]) => events.map(({ type }) => type.replace(/^countersign\.|\.v1$/g, ''));
export function only<T extends EventType>(events: AnyEvent[], type: T) {
  expect(events.map((event) => event.type)).toEqual([type]);
  return events[0]!.data as EventData<T>;
}
export type Warrant = EventData<'countersign.action.approved.v1'>;
export type Asked = EventData<'countersign.action.escalated.v1'>;
export const warrantOf = (events: AnyEvent[]) => only(events, 'countersign.action.approved.v1');
export const askedOf = (events: AnyEvent[]) => only(events, 'countersign.action.escalated.v1');
export const denialOf = (events: AnyEvent[]) => only(events, 'countersign.action.denied.v1');

/** What stands in a decision of the desk, so that it can be made once more. */
export const factsOf = (origins: Record<string, 'model' | 'user' | 'approver'>) => ({
  provenance: Object.fromEntries(Object.entries(origins).map(([path, origin]) => [path, { origin }])),
  ...{ proposedBy: 'caller', history: {}, stage: 'scoped', switches: [], now: new Date(T0).toISOString() },
});

export const asIntent = { id: 'req-1', source: '/shop' };
export const small = { caseId: 'case_7', amount: '18.00', currency: 'EUR' };
export const large = { ...small, amount: '200.00' };

/** What an executor says of any warrant. */
export const executed = (jti: string, given = {}) => ({
  ...{
    intentId,
    actionId,
    revision: 0,
    tenant: 'acme',
    tool: 'pay',
    toolVersion: '1.0.0',
    jti,
    grant: 'commit' as const,
    attempts: 1,
  },
  endedAt: new Date(T0).toISOString(),
  recordsRead: [],
  ...given,
});

type Code = EventData<'countersign.action.returned.v1'>['code'];
/** What came back beside the effect. */
interface Seen {
  people?: MemberSeen[];
  recordsRead?: RecordRead[];
  actionId?: string;
}

/** A desk with everybody who writes to it: products, planner, executor and approval. */
export class Desk extends World {
  ask(given = {}, checked: Checked = isPerson(alice), data = {}): AnyEvent[] {
    const asked = { workflow: 'desk', session: 's-1', text: 'pay 18 € of case_7', ...data };
    return this.when(
      requested,
      this.record('countersign.intent.requested.v1', asked, { ...asIntent, ...given }),
      checked,
    );
  }

  call(tool: string, args: JsonObject, data = {}, checked: Checked = isPerson(alice), given = {}): AnyEvent[] {
    const asked = { workflow: 'desk', session: 's-1', tool, arguments: args, ...data };
    return this.when(
      requested,
      this.record('countersign.action.requested.v1', asked, { ...asIntent, ...given }),
      checked,
    );
  }

  propose(
    tool: string,
    args: JsonObject,
    place: { turn?: number; index?: number } = {},
    data = {},
    given = {},
    checked: Checked = signed,
  ): AnyEvent[] {
    const { turn = 0, index = 0 } = place;
    const proposal = {
      intentId,
      actionId: actionIdOf(intentId, turn, index),
      turn,
      index,
      workflow: 'desk',
      tool,
      arguments: args,
      dryRun: false,
      callId: 'c',
    };
    return this.when(proposed, this.record('countersign.action.proposed.v1', { ...proposal, ...data }, given), checked);
  }

  reply(data = {}, checked: Checked = signed, given = {}): AnyEvent[] {
    const said = { intentId, tenant: 'acme', text: 'Done.', outcome: 'answered' as const, fromModel: true, turns: 1 };
    const reply = { ...said, actions: [], ...data };
    return this.when(replied, this.record('countersign.reply.sent.v1', reply, given), checked);
  }

  read({ jti, actionId }: Warrant, result: JsonObject, recordsRead: RecordRead[]): AnyEvent[] {
    const data = { ...executed(jti, { actionId }), result, recordsRead };
    return this.when(read, this.record('countersign.action.read.v1', data), signed);
  }

  preview({ jti, actionId }: Warrant, effect: JsonObject, seen: Seen = {}): AnyEvent[] {
    const data = { ...executed(jti, { grant: 'preview', actionId }), preview: previewOf(effect), ...seen };
    return this.when(previewed, this.record('countersign.action.previewed.v1', data), signed);
  }

  return({ jti, actionId }: Pick<Warrant, 'jti' | 'actionId'>, code: Code, effect?: JsonObject): AnyEvent[] {
    const preview = effect ? { preview: previewOf(effect) } : {};
    const data = { ...executed(jti, { actionId }), code, detail: 'd', nextStep: 'n', ...preview };
    return this.when(returned, this.record('countersign.action.returned.v1', data), signed);
  }

  /** An action that waits for a person, and what they are asked. */
  escalated(args: JsonObject = large, effect: JsonObject = { balance: '5' }): Asked {
    const [, approved] = this.call('pay', args);
    return askedOf(this.preview(approved!.data as Warrant, effect));
  }

  /** What a person's word is about. */
  bound({ actionHash, revision }: Asked, given = {}) {
    const approvalId = this.#approvalOf(actionHash);
    return { approvalId, intentId, actionId, revision, actionHash, tenant: 'acme', ...given };
  }

  word(asked: Asked, by: Person, given = {}) {
    const said = { approver: { sub: by.sub, roles: by.roles }, reason: 'looks right', tokenDigest: 'x' };
    return { ...this.bound(asked), ...said, decidedAt: new Date(T0).toISOString(), ...given };
  }

  grants(asked: Asked, by: Person, given = {}, checked: Checked = saidBy(by), at = this.now): AnyEvent[] {
    const record = this.record('countersign.approval.granted.v1', this.word(asked, by, given), { at });
    return this.when(granted, record, checked);
  }

  rejects(asked: Asked, by: Person): AnyEvent[] {
    return this.when(rejected, this.record('countersign.approval.rejected.v1', this.word(asked, by)), saidBy(by));
  }

  edits(asked: Asked, by: Person, args: JsonObject, checked: Checked = saidBy(by), given = {}): AnyEvent[] {
    const data = { ...this.word(asked, by), arguments: args };
    return this.when(edited, this.record('countersign.approval.edited.v1', data, given), checked);
  }

  /** What people are asked once the effect of an edit is there. */
  edited(asked: Asked, by: Person, args: JsonObject, effect: JsonObject = { balance: '4' }): Asked {
    return askedOf(this.preview(warrantOf(this.edits(asked, by, args)), effect));
  }

  expires(asked: Asked, at: number, checked: Checked = signed): AnyEvent[] {
    const data = { ...this.bound(asked), expiredAt: new Date(at).toISOString() };
    return this.when(expired, this.record('countersign.approval.expired.v1', data, { at }), checked);
  }

  readonly #approvals = new Map<string, string>();
  #approvalOf(hash: string): string {
    const row = this.rows.get(`intent:${intentId}`) as { action?: { escalation?: { approvalId: string } } };
    const open = row.action?.escalation?.approvalId;
    if (open && !this.#approvals.has(hash)) this.#approvals.set(hash, open);
    return this.#approvals.get(hash)!;
  }
}
