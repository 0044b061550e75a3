import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { classified, eventIdOf, type JsonObject } from '@countersign/contracts';
import { z } from 'zod';
import { decideAnswer, decideLease, type Verdict } from './answer.js';
import { decideApproved, decideEscalated } from './decide.js';
import {
  alice,
  answer,
  approved,
  askedAgain,
  attributes,
  bob,
  carol,
  control,
  emitted,
  escalated,
  escalation,
  genuine,
  known,
  later,
  NOW,
  opened,
  preview,
  refund,
  Rows,
} from './given.spec-support.js';
import { approvalIdOf, type Escalated } from './state.js';

describe("a person's answer", () => {
  const of = escalation();
  const id = approvalIdOf(of);

  it('is recorded, with the sealed token, for policy to check', () => {
    const { effects, result } = decideAnswer(id, bob, answer(of), known(), opened(of), later(5));
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
    const { effects } = decideAnswer(id, bob, answer(of, 'reject'), known(), opened(of), later(5));
    expect(emitted(effects).map(({ type }) => type)).toEqual(['countersign.approval.rejected.v1']);
  });

  it.each([
    ['of another tenant', { ...bob, tenant: 'globex' }, answer(of), { tag: 'not-found' }],
    [
      'of the requester, even with the role',
      { ...alice, roles: ['support-lead'] },
      answer(of),
      { tag: 'self', because: 'you asked for this action yourself' },
    ],
    ['without the role', { ...bob, roles: ['sre'] }, answer(of), { tag: 'role', needed: ['support-lead'] }],
    ['on another hash', bob, { ...answer(of), actionHash: 'old' }, { tag: 'stale', current: id }],
  ])('does nothing %s', (_, person, given, result) => {
    expect(decideAnswer(id, person, given, known(), opened(of), later(5))).toEqual({ effects: [], result });
  });

  it('to an unknown item is not found', () => {
    expect(decideAnswer('apr_x', bob, answer(of), known(), opened(of), NOW).result).toEqual({ tag: 'not-found' });
  });

  it('wins once: the second person finds it decided', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of), known(), rows, later(5)).effects);
    expect(decideAnswer(id, carol, answer(of, 'reject'), known(), rows, later(6))).toEqual({
      effects: [],
      result: { tag: 'ended', progress: { tag: 'decided', at: later(5).toISOString() } },
    });
  });

  it('that policy could not take opens the item again, once, and says why; the next has an event id of its own', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of), known(), rows, later(5)).effects);
    const asks = askedAgain(of, 'the token has expired', eventIdOf('countersign.approval.granted.v1', id, 0));
    rows.apply(decideEscalated(asks, rows, genuine, later(6)));
    const reopened = { at: later(6).toISOString(), because: 'the token has expired' };
    expect(rows.item(of)).toMatchObject({ progress: { tag: 'open' }, reopened, round: 1 });
    const { effects } = decideAnswer(id, bob, answer(of), known(), rows, later(7));
    expect(emitted(effects).map((event) => event.id)).toEqual([eventIdOf('countersign.approval.granted.v1', id, 1)]);
    rows.apply(effects);
    expect(decideEscalated(asks, rows, genuine, later(8))).toEqual([{ do: 'ignore', because: 'already opened' }]);
    expect(rows.item(of).progress).toEqual({ tag: 'decided', at: later(7).toISOString() });
  });

  it('is not undone by policy asking again for something else, nor once the item has ended', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of), known(), rows, later(5)).effects);
    expect(decideEscalated(askedAgain(of, 'x', 'evt_else'), rows, genuine, later(6))).toEqual([
      { do: 'ignore', because: 'already opened' },
    ]);
    rows.apply(decideApproved(approved(of), rows, genuine, later(7)));
    const late = askedAgain(of, 'x', eventIdOf('countersign.approval.granted.v1', id, 0));
    expect(decideEscalated(late, rows, genuine, later(8))).toEqual([{ do: 'ignore', because: 'already approved' }]);
  });

  it('comes too late at the instant it expires', () => {
    expect(decideAnswer(id, bob, answer(of), known(), opened(of), later(3600)).result).toEqual({
      tag: 'ended',
      progress: { tag: 'open' },
    });
  });

  it('on a superseded item is stale, and says which item stands now', () => {
    const second = escalation(preview('950.00'));
    const rows = opened(of);
    rows.apply(decideEscalated(escalated(second, 'evt_2'), rows, genuine, later(1)));
    expect(decideAnswer(id, bob, answer(of), known(), rows, later(2)).result).toEqual({
      tag: 'stale',
      current: approvalIdOf(second),
    });
  });

  it('approves nothing alone where several people are asked for; a second one makes it decided, a no at once', () => {
    const two = escalation(undefined, { approvalsNeeded: 2 });
    const rows = opened(two);
    const first = decideAnswer(id, bob, answer(two), known(), rows, later(1));
    expect(first.result).toMatchObject({ tag: 'recorded', item: { progress: { tag: 'open' } } });
    rows.apply(first.effects);
    expect(decideAnswer(id, bob, answer(two), known(), rows, later(2))).toEqual({
      effects: [],
      result: { tag: 'said-before' },
    });
    expect(decideAnswer(id, carol, answer(two, 'reject'), known(), rows, later(2)).result).toMatchObject({
      item: { progress: { tag: 'decided' } },
    });
    const second = decideAnswer(id, carol, answer(two), known(), rows, later(3));
    expect(second.result).toMatchObject({ item: { progress: { tag: 'decided' }, decisions: [{}, {}] } });
    expect(emitted([...first.effects, ...second.effects]).map((event) => event.id)).toEqual(
      [0, 1].map((n) => eventIdOf('countersign.approval.granted.v1', id, n)),
    );
  });

  it('counts anew once policy could not take one of several', () => {
    const two = escalation(undefined, { approvalsNeeded: 2 });
    const rows = opened(two);
    for (const person of [bob, carol])
      rows.apply(decideAnswer(id, person, answer(two), known(), rows, later(1)).effects);
    const asks = askedAgain(two, 'no such role', eventIdOf('countersign.approval.granted.v1', id, 0));
    rows.apply(decideEscalated(asks, rows, genuine, later(2)));
    expect(decideAnswer(id, bob, answer(two), known(), rows, later(3)).result).toMatchObject({
      tag: 'recorded',
      item: { progress: { tag: 'open' }, round: 2 },
    });
  });
});

describe('an edit', () => {
  const of = escalation();
  const id = approvalIdOf(of);
  const args = (change: JsonObject): JsonObject => ({ ...of.arguments, ...change });
  const edit = (change: JsonObject, person = bob, on = of) =>
    decideAnswer(
      approvalIdOf(on),
      person,
      answer(on, 'edit', { ...on.arguments, ...change }),
      known(),
      opened(on),
      later(5),
    );

  it('is decided at once, however many people were asked for, and goes to policy with all arguments', () => {
    const two = escalation(undefined, { approvalsNeeded: 2 });
    const { effects, result } = edit({ amount: '500.00' }, bob, two);
    expect(result).toMatchObject({
      tag: 'recorded',
      item: { progress: { tag: 'decided' }, decisions: [{ decision: 'edit' }] },
    });
    expect(emitted(effects)).toMatchObject([
      {
        type: 'countersign.approval.edited.v1',
        id: eventIdOf('countersign.approval.edited.v1', approvalIdOf(two), 0),
        data: {
          actionHash: two.actionHash,
          reason: 'seen the order',
          arguments: args({ amount: '500.00' }),
          approver: { sub: 'bob' },
        },
        authorization: 'Bearer jwe',
      },
    ]);
  });

  it('named after the bug: an edited argument keeps its type', () => {
    const { effects } = edit({ times: 2 });
    expect(emitted(effects)[0]).toMatchObject({ data: { arguments: { amount: '900.00', times: 2 } } });
    expect(edit({ times: '2' }).result).toMatchObject({ tag: 'unfit', fields: [{ path: 'times' }] });
    expect(edit({ amount: 500 }).result).toMatchObject({ tag: 'unfit', fields: [{ path: 'amount' }] });
  });

  it.each<[string, JsonObject, string]>([
    ['changes nothing', {}, '(arguments)'],
    ['names what the tool does not take', { more: 'x' }, '(arguments)'],
    ['holds half a character', { reason: '\ud83d' }, '(arguments)'],
    ['types a personal value in', { to: 'Dana' }, 'to'],
    ['types one in where words stand', { reason: 'to dana@example.com' }, 'reason'],
    ['brings a token that the item does not show', { to: `tok_${'a'.repeat(32)}` }, 'to'],
    ['hides one in words', { reason: `for tok_${'a'.repeat(32)}` }, 'reason'],
  ])('that %s is refused by its field, and changes nothing', (_, change, path) => {
    expect(edit(change)).toEqual({
      effects: [],
      result: { tag: 'unfit', fields: [expect.objectContaining({ path })] },
    });
  });

  it('may keep and move a token that the item shows', () => {
    const token = `tok_${'b'.repeat(32)}`;
    const shown = escalation(undefined, { arguments: args({ to: token }) });
    expect(edit({ amount: '1.00' }, bob, shown).result.tag).toBe('recorded');
    expect(edit({ reason: `to ${token}` }, bob, shown).result.tag).toBe('recorded');
  });

  it('changes what lies deeper by the classes of what it changes there', () => {
    const line = { sku: 'a-1', note: `tok_${'b'.repeat(32)}` };
    const lines = z.array(
      z.strictObject({ sku: classified('internal', z.string()), note: classified('personal', z.string()) }),
    );
    const contractOf = () => ({ ...refund, input: refund.input.extend({ lines }) });
    const deep = escalation(undefined, { arguments: args({ lines: [line] }) });
    const say = (change: object) =>
      decideAnswer(
        approvalIdOf(deep),
        bob,
        answer(deep, 'edit', args({ lines: [{ ...line, ...change }] })),
        { ...known(), contractOf },
        opened(deep),
        later(5),
      ).result;
    expect(say({ sku: 'a-2' }).tag).toBe('recorded');
    expect(say({ note: 'Dana' })).toMatchObject({
      tag: 'unfit',
      fields: [{ path: 'lines', message: expect.stringContaining('personal') }],
    });
  });

  it('of a tool nobody has loaded cannot be judged', () => {
    const other = escalation(undefined, { tool: 'fly' });
    expect(edit({ amount: '1.00' }, bob, other).result).toEqual({ tag: 'unknown-tool', tool: 'fly' });
  });

  it('that policy could not take opens the item again', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of, 'edit', args({ amount: '1.00' })), known(), rows, later(5)).effects);
    const asks = askedAgain(of, 'the token has expired', eventIdOf('countersign.approval.edited.v1', id, 0));
    rows.apply(decideEscalated(asks, rows, genuine, later(6)));
    expect(rows.item(of)).toMatchObject({ progress: { tag: 'open' }, round: 1 });
  });

  describe('of which a new item came', () => {
    const edited = (narrowing: boolean, by = 'bob') =>
      escalation(preview('500.00'), {
        revision: 1,
        arguments: args({ amount: '500.00' }),
        edits: [
          { by, roles: ['support-lead'], reason: 'less', at: NOW.toISOString(), arguments: of.arguments, narrowing },
        ],
      });
    const say = (person: typeof bob, item: Escalated, decision: 'approve' | 'reject') =>
      decideAnswer(approvalIdOf(item), person, answer(item, decision), known(), opened(item), later(9)).result;

    it('is approved by another person, or by who only took away', () => {
      expect(say(bob, edited(false), 'approve')).toMatchObject({ tag: 'self' });
      expect(say(carol, edited(false), 'approve').tag).toBe('recorded');
      expect(say(bob, edited(true), 'approve').tag).toBe('recorded');
    });

    it('is approved by nobody who ever changed it to more, and may be rejected by them', () => {
      const first = edited(false).edits![0]!;
      const twice = escalation(preview('400.00'), {
        ...edited(false),
        revision: 2,
        edits: [first, { ...first, narrowing: true }],
      });
      expect(say(bob, twice, 'approve').tag).toBe('self');
      expect(say(bob, twice, 'reject').tag).toBe('recorded');
    });
  });

  it('leaves the item before it void, and answers who decides on that one with where to look', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of, 'edit', args({ amount: '1.00' })), known(), rows, later(5)).effects);
    const previewing = approved(of, [], { grant: 'preview', revision: 1, edits: [{}] });
    rows.apply(decideApproved(previewing, rows, genuine, later(6)));
    expect(decideAnswer(id, carol, answer(of), known(), rows, later(7)).result).toEqual({
      tag: 'stale',
      current: undefined,
    });
    const next = escalation(preview('1.00'), { revision: 1, arguments: args({ amount: '1.00' }) });
    rows.apply(decideEscalated(escalated(next, 'evt_2'), rows, genuine, later(8)));
    expect(decideAnswer(id, carol, answer(of), known(), rows, later(9)).result).toEqual({
      tag: 'stale',
      current: approvalIdOf(next),
    });
  });
});

describe('a claim', () => {
  const of = escalation();
  const id = approvalIdOf(of);
  const claim = (rows: Rows, person: typeof bob, at: number, seconds = 600): Verdict => {
    const { effects, result } = decideLease(id, person, { do: 'claim', seconds }, known(), rows, later(at));
    rows.apply(effects);
    return result;
  };
  const release = (rows: Rows, person: typeof bob, at: number) => {
    const { effects, result } = decideLease(id, person, { do: 'release' }, known(), rows, later(at));
    rows.apply(effects);
    return result.tag;
  };
  const delegate = (rows: Rows, person: typeof bob, to: string, at: number) => {
    const lease = { do: 'delegate', to, reason: 'knows her', seconds: 600 } as const;
    const { effects, result } = decideLease(id, person, lease, known(), rows, later(at));
    rows.apply(effects);
    return result;
  };

  it('keeps others from deciding and claiming until it ends, and its holder may make it longer', () => {
    const rows = opened(of);
    claim(rows, bob, 0, 60);
    claim(rows, bob, 30, 60);
    const held = { by: 'bob', until: later(90).toISOString() };
    expect(rows.item(of).claim).toEqual(held);
    for (const decision of ['approve', 'reject'] as const)
      expect(decideAnswer(id, carol, answer(of, decision), known(), rows, later(89))).toEqual({
        effects: [],
        result: { tag: 'claimed', claim: held },
      });
    expect(claim(rows, carol, 89)).toEqual({ tag: 'claimed', claim: held });
    expect(delegate(rows, carol, 'carol', 89).tag).toBe('claimed');
    expect(release(rows, carol, 89)).toBe('claimed');
    expect(decideAnswer(id, carol, answer(of), known(), rows, later(90)).result.tag).toBe('recorded');
  });

  it('ends with the decision of its holder, or when they give it back', () => {
    const two = escalation(undefined, { approvalsNeeded: 2 });
    const rows = opened(two);
    claim(rows, bob, 0);
    rows.apply(decideAnswer(id, bob, answer(two), known(), rows, later(1)).effects);
    expect(rows.item(two)).not.toHaveProperty('claim');
    expect(claim(rows, bob, 2)).toEqual({ tag: 'said-before' });
    claim(rows, carol, 2);
    expect(release(rows, carol, 3)).toBe('recorded');
    expect(rows.item(two)).not.toHaveProperty('claim');
  });

  it('handed to somebody else is theirs, with who did and why; not to who asked for the action', () => {
    const rows = opened(of);
    expect(delegate(rows, bob, 'alice', 0)).toEqual({ tag: 'self', because: 'alice asked for this action' });
    claim(rows, bob, 0);
    const lease = { do: 'delegate', to: 'carol', reason: 'knows her', seconds: 600 } as const;
    const { effects } = decideLease(id, bob, lease, known(), rows, later(1));
    rows.apply(effects);
    expect(effects.flatMap((effect) => (effect.do === 'emit' ? [effect.event] : []))).toMatchObject([
      {
        type: 'countersign.approval.delegated.v1',
        data: { by: { sub: 'bob' }, to: 'carol', reason: 'knows her', until: later(601).toISOString() },
      },
    ]);
    const held = { by: 'carol', until: later(601).toISOString(), delegatedBy: 'bob', reason: 'knows her' };
    expect(rows.item(of).claim).toEqual(held);
    expect(decideAnswer(id, bob, answer(of), known(), rows, later(2)).result).toEqual({ tag: 'claimed', claim: held });
    claim(rows, carol, 100);
    expect(rows.item(of).claim).toEqual({ ...held, until: later(700).toISOString() });
    expect(release(rows, bob, 101)).toBe('recorded');
  });

  it('gives nobody a right: whom it was handed to decides only with a role of their own', () => {
    const rows = opened(of);
    delegate(rows, bob, 'sam', 0);
    const sam = { sub: 'sam', tenant: 'acme', roles: ['sre'] };
    expect(decideAnswer(id, sam, answer(of), known(), rows, later(1)).result.tag).toBe('role');
  });

  it.each<[string, typeof bob, string]>([
    ['another tenant', { ...bob, tenant: 'globex' }, 'not-found'],
    ['who asked for it', { ...alice, roles: ['support-lead'] }, 'self'],
    ['who has no role', { ...bob, roles: ['sre'] }, 'role'],
  ])('is not for %s', (_, person, tag) => {
    expect(claim(opened(of), person, 0).tag).toBe(tag);
    expect(release(opened(of), person, 0)).toBe(tag);
  });

  it('is for nobody once the item has ended', () => {
    const rows = opened(of);
    expect(claim(rows, bob, 3600).tag).toBe('ended');
    rows.apply(decideApproved(approved(of), rows, genuine, later(1)));
    expect(claim(rows, bob, 2).tag).toBe('ended');
  });
});

describe('while a switch is on', () => {
  const of = escalation();
  const id = approvalIdOf(of);
  const scopes = ['kill/*', 'kill/tenant/acme', 'kill/workflow/support-desk', 'kill/tool/issue_refund'];
  const killed = { killed: true, by: 'sam', reason: 'INC-42' };

  it.each(scopes)('%s: nobody says yes, changes or claims it, and a no is possible', (scope) => {
    const now = known(control([scope, killed]));
    const by = { scope, by: 'sam', reason: 'INC-42', at: NOW.toISOString() };
    const rows = opened(of);
    for (const said of [answer(of), answer(of, 'edit', { ...of.arguments, amount: '1.00' })])
      expect(decideAnswer(id, bob, said, now, rows, later(5))).toMatchObject({
        effects: [],
        result: { tag: 'killed', by },
      });
    expect(decideLease(id, bob, { do: 'claim', seconds: 60 }, now, rows, later(5)).result.tag).toBe('killed');
    expect(decideAnswer(id, bob, answer(of, 'reject'), now, rows, later(5)).result.tag).toBe('recorded');
  });

  it('named after the bug: a kill switch that stops nothing', () => {
    const others = [
      ['kill/tenant/globex', killed],
      ['kill/tool/create_ticket', killed],
    ] as [string, object][];
    expect(decideAnswer(id, bob, answer(of), known(control(...others)), opened(of), later(5)).result.tag).toBe(
      'recorded',
    );
    expect(
      decideAnswer(id, bob, answer(of), known(control(...others, ['kill/*', killed])), opened(of), later(5)).result.tag,
    ).toBe('killed');
  });

  it('its time stands still: after the re-arm there is as much left as before', () => {
    const paused = known(control(['kill/*', killed]));
    expect(decideAnswer(id, bob, answer(of, 'reject'), paused, opened(of), later(999_999)).result.tag).toBe('recorded');
    const rearmed = known(control(['kill/*', killed], ['kill/*', { killed: false }]));
    expect(decideAnswer(id, bob, answer(of), rearmed, opened(of), later(3659)).result.tag).toBe('recorded');
    expect(decideAnswer(id, bob, answer(of), rearmed, opened(of), later(3660)).result.tag).toBe('ended');
  });
});
