import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { actionHashOf, digest, eventIdOf, type CloudEvent, type Incoming, type Preview } from '@countersign/contracts';
import type { Effect, States } from '@countersign/messaging/stream';
import {
  approvedTouches,
  decideAnswer,
  decideApproved,
  decideDenied,
  decideEscalated,
  decideExpiry,
  placeOf,
  type Facts,
} from './decide.js';
import { actionKey, approvalIdOf, approvalKey, expiryWorkId, type Escalated, type Item } from './state.js';

const NOW = new Date('2026-03-01T10:00:00.000Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const genuine: Facts = { forged: new Map() };

const preview = (after: string): Preview => ({
  effect: { refundedBefore: '0.00', refundedAfter: after },
  basis: { order: 3 },
  digest: digest(after),
});
const alice = { sub: 'alice', tenant: 'acme', roles: ['support-agent'] };
const bob = { sub: 'bob', tenant: 'acme', roles: ['support-lead'] };
const carol = { sub: 'carol', tenant: 'acme', roles: ['support-lead'] };

const action = {
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
const attributes = { tenantid: 'acme', actorid: 'alice', session: 's-1', correlationid: 'int_1' };

function escalation(of: Preview = preview('900.00'), change: Partial<Escalated> = {}): Escalated {
  const blast = { amount: { amount: '900.00', currency: 'EUR' }, records: 1, reversible: false, affected: ['cus_001'] };
  const seen = { ...action, preview: of, provenance: {}, approverRoles: ['support-lead'], approvalsNeeded: 1, blast };
  return { ...seen, actionHash: actionHashOf(seen), expiresAt: later(3600).toISOString(), ...change };
}

let offset = 0n;
function incoming<T extends CloudEvent['type']>(type: T, data: unknown, id = `evt_${type}`) {
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
const escalated = (data = escalation(), id = 'evt_esc') => incoming('countersign.action.escalated.v1', data, id);
function askedAgain(of: Escalated, because: string, causationid: string) {
  const asks = escalated({ ...of, because }, `evt_again_${causationid}`);
  return { ...asks, event: { ...asks.event, causationid } };
}
const approved = (
  of: Escalated,
  approvers = [{ sub: 'bob', roles: ['support-lead'], reason: 'ok', at: NOW.toISOString() }],
) => incoming('countersign.action.approved.v1', { ...action, preview: of.preview, approvers, grant: 'commit' });
const denied = (code: string) =>
  incoming('countersign.action.denied.v1', { ...action, code, detail: 'because', nextStep: 'stop', final: true });

/** State rows that take what effects put, as the runtime does. */
class Rows implements States {
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
function opened(data = escalation()) {
  const rows = new Rows();
  rows.apply(decideEscalated(escalated(data), rows, genuine, NOW));
  return rows;
}
const answer = (of: Escalated, decision: 'approve' | 'reject' = 'approve') => ({
  decision,
  actionHash: of.actionHash,
  reason: 'seen the order',
  sealed: 'jwe',
});
const emitted = (effects: Effect[]) => effects.flatMap((effect) => (effect.do === 'emit' ? [effect.event] : []));

describe('an escalated action', () => {
  it('opens one item: its event, its row and the work that expires it', () => {
    const data = escalation();
    const approvalId = approvalIdOf(data);
    const openedEventId = eventIdOf('countersign.approval.opened.v1', approvalId);
    const bound = {
      approvalId,
      intentId: 'int_1',
      actionId: 'act_1',
      revision: 0,
      actionHash: data.actionHash,
      tenant: 'acme',
    };
    expect(decideEscalated(escalated(data), new Rows(), genuine, NOW)).toEqual([
      {
        do: 'put',
        key: approvalKey(approvalId),
        state: {
          approvalId,
          openedAt: NOW.toISOString(),
          escalated: data,
          envelope: attributes,
          openedEventId,
          traceparent: '00-a-b-01',
          decisions: [],
          round: 0,
          expiries: 0,
          progress: { tag: 'open' },
        },
      },
      { do: 'put', key: actionKey('act_1'), state: { current: approvalId } },
      {
        do: 'emit',
        event: {
          ...attributes,
          type: 'countersign.approval.opened.v1',
          id: openedEventId,
          time: NOW.toISOString(),
          subject: 'act_1',
          causationid: 'evt_esc',
          traceparent: '00-a-b-01',
          data: { ...bound, tool: 'issue_refund', openedAt: NOW.toISOString(), expiresAt: data.expiresAt },
        },
      },
      {
        do: 'work',
        work: {
          id: expiryWorkId(approvalId, 0),
          kind: 'expire',
          target: 'clock',
          tenant: 'acme',
          body: { approvalId },
          notBefore: later(3600),
        },
      },
    ]);
  });

  it('opens nothing when it comes again, on whatever offset', () => {
    expect(decideEscalated(escalated(), opened(), genuine, NOW)).toEqual([{ do: 'ignore', because: 'already opened' }]);
  });

  it("opens nothing when policy's signature does not stand", () => {
    const forged = escalated();
    const facts = { forged: new Map([[placeOf(forged), 'the signature does not match']]) };
    expect(decideEscalated(forged, new Rows(), facts, NOW)).toEqual([
      { do: 'ignore', because: "not policy's: the signature does not match" },
    ]);
  });

  it('supersedes the item of the same action with another effect, and cancels its expiry', () => {
    const first = escalation();
    const second = escalation(preview('950.00'));
    const rows = opened(first);
    const effects = rows.apply(decideEscalated(escalated(second, 'evt_2'), rows, genuine, later(1)));
    expect(rows.item(first).progress).toEqual({
      tag: 'superseded',
      at: later(1).toISOString(),
      by: approvalIdOf(second),
    });
    expect(rows.item(second).progress).toEqual({ tag: 'open' });
    expect(effects).toContainEqual({ do: 'cancel', workId: expiryWorkId(approvalIdOf(first), 0) });
  });
});

describe("a person's answer", () => {
  const of = escalation();
  const id = approvalIdOf(of);

  it('is recorded, with the sealed token, for policy to check', () => {
    const { effects, result } = decideAnswer(id, bob, answer(of), opened(of), later(5));
    const at = later(5).toISOString();
    expect(result).toMatchObject({ tag: 'recorded', item: { progress: { tag: 'decided', at } } });
    expect(emitted(effects)).toEqual([
      {
        ...attributes,
        type: 'countersign.approval.granted.v1',
        id: eventIdOf('countersign.approval.granted.v1', id, 0),
        time: at,
        subject: 'act_1',
        causationid: eventIdOf('countersign.approval.opened.v1', id),
        traceparent: '00-a-b-01',
        data: {
          approvalId: id,
          intentId: 'int_1',
          actionId: 'act_1',
          revision: 0,
          actionHash: of.actionHash,
          tenant: 'acme',
          approver: { sub: 'bob', roles: ['support-lead'] },
          reason: 'seen the order',
          decidedAt: at,
          tokenDigest: createHash('sha256').update('jwe').digest('base64url'),
        },
        authorization: 'Bearer jwe',
      },
    ]);
  });

  it('is a rejection when it says so', () => {
    const { effects } = decideAnswer(id, bob, answer(of, 'reject'), opened(of), later(5));
    expect(emitted(effects).map(({ type }) => type)).toEqual(['countersign.approval.rejected.v1']);
  });

  it.each([
    ['of another tenant', { ...bob, tenant: 'globex' }, answer(of), { tag: 'not-found' }],
    ['of the requester, even with the role', { ...alice, roles: ['support-lead'] }, answer(of), { tag: 'self' }],
    ['without the role', { ...bob, roles: ['sre'] }, answer(of), { tag: 'role', needed: ['support-lead'] }],
    ['on another hash', bob, { ...answer(of), actionHash: 'old' }, { tag: 'stale', current: id }],
  ])('does nothing %s', (_, person, given, result) => {
    expect(decideAnswer(id, person, given, opened(of), later(5))).toEqual({ effects: [], result });
  });

  it('to an unknown item is not found', () => {
    expect(decideAnswer('apr_x', bob, answer(of), opened(of), NOW).result).toEqual({ tag: 'not-found' });
  });

  it('wins once: the second person finds it decided', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of), rows, later(5)).effects);
    expect(decideAnswer(id, carol, answer(of, 'reject'), rows, later(6))).toEqual({
      effects: [],
      result: { tag: 'ended', progress: { tag: 'decided', at: later(5).toISOString() } },
    });
  });

  it('that policy could not take opens the item again, once, and says why; the next has an event id of its own', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of), rows, later(5)).effects);
    const asks = askedAgain(of, 'the token has expired', eventIdOf('countersign.approval.granted.v1', id, 0));
    rows.apply(decideEscalated(asks, rows, genuine, later(6)));
    const reopened = { at: later(6).toISOString(), because: 'the token has expired' };
    expect(rows.item(of)).toMatchObject({ progress: { tag: 'open' }, reopened, round: 1 });
    const { effects } = decideAnswer(id, bob, answer(of), rows, later(7));
    expect(emitted(effects).map((event) => event.id)).toEqual([eventIdOf('countersign.approval.granted.v1', id, 1)]);
    rows.apply(effects);
    expect(decideEscalated(asks, rows, genuine, later(8))).toEqual([{ do: 'ignore', because: 'already opened' }]);
    expect(rows.item(of).progress).toEqual({ tag: 'decided', at: later(7).toISOString() });
  });

  it('is not undone by policy asking again for something else, nor once the item has ended', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of), rows, later(5)).effects);
    expect(decideEscalated(askedAgain(of, 'x', 'evt_else'), rows, genuine, later(6))).toEqual([
      { do: 'ignore', because: 'already opened' },
    ]);
    rows.apply(decideApproved(approved(of), rows, genuine, later(7)));
    const late = askedAgain(of, 'x', eventIdOf('countersign.approval.granted.v1', id, 0));
    expect(decideEscalated(late, rows, genuine, later(8))).toEqual([{ do: 'ignore', because: 'already approved' }]);
  });

  it('comes too late at the instant it expires', () => {
    expect(decideAnswer(id, bob, answer(of), opened(of), later(3600)).result).toEqual({
      tag: 'ended',
      progress: { tag: 'open' },
    });
  });

  it('on a superseded item is stale, and says which item stands now', () => {
    const second = escalation(preview('950.00'));
    const rows = opened(of);
    rows.apply(decideEscalated(escalated(second, 'evt_2'), rows, genuine, later(1)));
    expect(decideAnswer(id, bob, answer(of), rows, later(2)).result).toEqual({
      tag: 'stale',
      current: approvalIdOf(second),
    });
  });

  it('approves nothing alone where several people are asked for; a second one makes it decided, a no at once', () => {
    const two = escalation(undefined, { approvalsNeeded: 2 });
    const rows = opened(two);
    const first = decideAnswer(id, bob, answer(two), rows, later(1));
    expect(first.result).toMatchObject({ tag: 'recorded', item: { progress: { tag: 'open' } } });
    rows.apply(first.effects);
    expect(decideAnswer(id, bob, answer(two), rows, later(2))).toEqual({ effects: [], result: { tag: 'said-before' } });
    expect(decideAnswer(id, carol, answer(two, 'reject'), rows, later(2)).result).toMatchObject({
      item: { progress: { tag: 'decided' } },
    });
    const second = decideAnswer(id, carol, answer(two), rows, later(3));
    expect(second.result).toMatchObject({ item: { progress: { tag: 'decided' }, decisions: [{}, {}] } });
    expect(emitted([...first.effects, ...second.effects]).map((event) => event.id)).toEqual(
      [0, 1].map((n) => eventIdOf('countersign.approval.granted.v1', id, n)),
    );
  });

  it('counts anew once policy could not take one of several', () => {
    const two = escalation(undefined, { approvalsNeeded: 2 });
    const rows = opened(two);
    for (const person of [bob, carol]) rows.apply(decideAnswer(id, person, answer(two), rows, later(1)).effects);
    const asks = askedAgain(two, 'no such role', eventIdOf('countersign.approval.granted.v1', id, 0));
    rows.apply(decideEscalated(asks, rows, genuine, later(2)));
    expect(decideAnswer(id, bob, answer(two), rows, later(3)).result).toMatchObject({
      tag: 'recorded',
      item: { progress: { tag: 'open' }, round: 2 },
    });
  });
});

describe("policy's countersignature", () => {
  const of = escalation();

  it('on the very action that was shown makes the item approved', () => {
    const rows = opened(of);
    rows.apply(decideApproved(approved(of), rows, genuine, later(9)));
    expect(rows.item(of).progress).toEqual({ tag: 'approved', at: later(9).toISOString() });
  });

  it('on another effect leaves it as it is', () => {
    const rows = opened(of);
    expect(decideApproved(approved(escalation(preview('950.00'))), rows, genuine, NOW)).toEqual([
      { do: 'ignore', because: 'of no item' },
    ]);
  });

  it('counts only when it is signed', () => {
    const forged = approved(of);
    const facts = { forged: new Map([[placeOf(forged), 'no']]) };
    expect(decideApproved(forged, opened(of), facts, NOW)).toEqual([{ do: 'ignore', because: "not policy's: no" }]);
    const no = denied('APPROVAL_REJECTED');
    expect(decideDenied(no, opened(of), { forged: new Map([[placeOf(no), 'no']]) }, NOW)).toEqual([
      { do: 'ignore', because: "not policy's: no" },
    ]);
  });

  it('by rule touches no row', () => {
    expect(approvedTouches(approved(of, []))).toEqual([]);
  });

  it('denying makes it denied, or expired if that is why', () => {
    const rejected = opened(of);
    rejected.apply(decideDenied(denied('APPROVAL_REJECTED'), rejected, genuine, NOW));
    expect(rejected.item(of).progress).toEqual({
      tag: 'denied',
      at: NOW.toISOString(),
      code: 'APPROVAL_REJECTED',
      detail: 'because',
    });
    const late = opened(of);
    late.apply(decideDenied(denied('APPROVAL_EXPIRED'), late, genuine, NOW));
    expect(late.item(of).progress).toEqual({ tag: 'expired', at: NOW.toISOString(), confirmed: true });
  });
});

describe('the expiry', () => {
  const of = escalation();
  const id = approvalIdOf(of);

  it('ends what is open, and what policy never countersigned', () => {
    const open = opened(of);
    const decided = opened(of);
    decided.apply(decideAnswer(id, bob, answer(of), decided, NOW).effects);
    for (const rows of [open, decided]) {
      const effects = rows.apply(decideExpiry(id, rows, later(3600)));
      expect(rows.item(of).progress).toEqual({ tag: 'expired', at: later(3600).toISOString() });
      expect(emitted(effects)).toMatchObject([
        {
          type: 'countersign.approval.expired.v1',
          id: eventIdOf('countersign.approval.expired.v1', id, 0),
          data: { approvalId: id },
        },
      ]);
    }
  });

  it('is announced again, under another id and later each time, until policy has denied the action', () => {
    const rows = opened(of);
    const ids: (string | undefined)[] = [];
    const waits: number[] = [];
    let due = 3600;
    for (let times = 0; times < 3; times++) {
      const effects = rows.apply(decideExpiry(id, rows, later(due)));
      const again = effects.flatMap((effect) => (effect.do === 'work' ? [effect.work] : []))[0]!;
      expect(again.id).toBe(expiryWorkId(id, times + 1));
      waits.push((again.notBefore!.getTime() - later(due).getTime()) / 1000);
      ids.push(emitted(effects)[0]?.id);
      due += waits.at(-1)!;
    }
    expect(waits).toEqual([5, 10, 20]);
    expect(new Set(ids).size).toBe(3);
    expect(rows.item(of).progress).toEqual({ tag: 'expired', at: later(3600).toISOString() });
    const effects = rows.apply(decideDenied(denied('APPROVAL_EXPIRED'), rows, genuine, later(due)));
    expect(effects).toContainEqual({ do: 'cancel', workId: expiryWorkId(id, 3) });
    expect(decideExpiry(id, rows, later(due))).toEqual([{ do: 'ignore', because: 'ended before' }]);
    expect(rows.item(of).progress).toEqual({ tag: 'expired', at: later(3600).toISOString(), confirmed: true });
  });

  it('changes nothing once it is approved', () => {
    const rows = opened(of);
    rows.apply(decideApproved(approved(of), rows, genuine, NOW));
    expect(decideExpiry(id, rows, later(3600))).toEqual([{ do: 'ignore', because: 'ended before' }]);
  });
});
