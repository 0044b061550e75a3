import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, MemberSeen, Person } from '@countersign/contracts';
import { askedOf, denialOf, Desk, executed, large, small, warrantOf, type Warrant } from './desk.fixture.js';
import type { Checked } from './facts.js';
import { previewed } from './results.js';
import { bob, carol, desk, deskWith, previewOf, signed, T0 } from './world.fixture.js';
let world: Desk;
beforeEach(() => {
  world = new Desk();
});

describe('a result', () => {
  it.each<[string, object, Checked, object, string]>([
    ['that executor did not sign', {}, { tag: 'not-trusted', because: 'forged' }, {}, "not executor's: forged"],
    ['for another warrant', { jti: 'jti_x' }, signed, {}, 'it answers another warrant'],
    ['for another action', { actionId: 'act_x' }, signed, {}, 'of no open action'],
    ['filed under another tenant', {}, signed, { tenantid: 'globex' }, 'filed under another tenant'],
  ])('%s moves nothing (1)', (_, data, checked, given, because) => {
    const [, approved] = world.call('pay', large);
    const { jti } = approved!.data as Warrant;
    const before = structuredClone([...world.rows]);
    const preview = previewOf({ balance: '1' });
    expect(
      world.when(
        previewed,
        world.record('countersign.action.previewed.v1', { ...executed(jti), preview, ...data }, given),
        checked,
      ),
    ).toEqual([]);
    expect([world.ignored, [...world.rows]]).toEqual([[because], before]);
  });
});

describe('a warrant that came back unsent', () => {
  it('expired, is issued anew for the same key and approvers, three times at most (2)', () => {
    let warrant = warrantOf(world.grants(world.escalated(), bob));
    for (let times = 0; times < 3; times++) {
      const next = warrantOf(world.return(warrant, 'WARRANT_EXPIRED'));
      expect({ ...next, jti: warrant.jti }).toEqual(warrant);
      expect(next.jti).not.toBe(warrant.jti);
      warrant = next;
    }
    expect(denialOf(world.return(warrant, 'WARRANT_EXPIRED'))).toMatchObject({
      code: 'WARRANT_EXPIRED',
      final: false,
    });
  });

  it('with another effect is asked about anew: the yes before is void', () => {
    const asked = world.escalated();
    const warrant = warrantOf(world.grants(asked, bob));
    const anew = askedOf(world.return(warrant, 'PREVIEW_CHANGED', { balance: '4' }));
    expect(anew).toMatchObject({ preview: previewOf({ balance: '4' }) });
    expect(anew.actionHash).not.toBe(asked.actionHash);
    expect([world.grants(asked, carol), world.ignored]).toEqual([
      [],
      ['it is about another effect than the one people are asked about'],
    ]);
    expect(warrantOf(world.grants(anew, carol)).approvers.map(({ sub }) => sub)).toEqual(['carol']);
  });

  it('whose effect changes back and forth is denied, since its item is closed', () => {
    const warrant = warrantOf(world.grants(world.escalated(), bob));
    const anew = askedOf(world.return(warrant, 'PREVIEW_CHANGED', { balance: '4' }));
    const second = warrantOf(world.grants(anew, carol));
    expect(denialOf(world.return(second, 'PREVIEW_CHANGED', { balance: '5' })).code).toBe('PREVIEW_CHANGED');
  });

  it('with another effect that rules allow is granted on it', () => {
    const [, asked] = world.call('close', { caseId: 'case_7' });
    const first = warrantOf(world.preview(asked!.data as Warrant, { balance: '0' }));
    expect(warrantOf(world.return(first, 'PREVIEW_CHANGED', { balance: '1' }))).toMatchObject({
      grant: 'commit',
      preview: previewOf({ balance: '1' }),
    });
  });

  it('because its context went stale is denied, for the planner to read again', () => {
    const [, approved] = world.call('pay', small);
    expect(denialOf(world.return(approved!.data as Warrant, 'STALE_CONTEXT'))).toMatchObject({
      code: 'STALE_CONTEXT',
      final: false,
    });
  });
});

const record = { system: 'desk', type: 'case', id: 'case_7', version: '3', at: '2026-03-01T09:59:00.000Z' };
/** Alice's intent, which has read case_7. */
function afterReading(recordsRead = [record]) {
  world.ask();
  world.read(warrantOf(world.propose('look_up', { caseId: 'case_7' })), { note: 'x', owed: '18.00' }, recordsRead);
}

describe('a warrant of an intent that has read', () => {
  it('names what it rests on, at the version that was read', () => {
    afterReading();
    expect(warrantOf(world.propose('pay', small, { turn: 1 })).context).toEqual([record]);
    expect(warrantOf(world.propose('close', { caseId: 'case_7' }, { turn: 2 }))).toMatchObject({
      grant: 'preview',
      context: [record],
    });
  });

  it('names nothing where it rests on nothing, or only reads; a tool call never does', () => {
    afterReading();
    const none = [
      warrantOf(world.propose('pay', { ...small, caseId: 'case_8', amount: '1.00' }, { turn: 1 })),
      warrantOf(world.propose('look_up', { caseId: 'case_7' }, { turn: 2 })),
    ];
    expect(none.map((warrant) => 'context' in warrant)).toEqual([false, false]);
    world = new Desk();
    expect(world.call('pay', small)[1]!.data).not.toHaveProperty('context');
  });

  it('after a person decided on the effect rests on that effect', () => {
    afterReading();
    const first = warrantOf(world.propose('pay', large, { turn: 1 }));
    expect(first).toMatchObject({ grant: 'preview', context: [record] });
    const asked = askedOf(world.preview(first, { balance: '5' }, { recordsRead: [record] }));
    expect(asked.recordsRead).toEqual([record]);
    const row = world.rows.get(`planned:${first.actionId}`) as { escalation: { approvalId: string } };
    const yes = { actionId: first.actionId, approvalId: row.escalation.approvalId };
    expect(warrantOf(world.grants(asked, bob, yes))).not.toHaveProperty('context');
  });

  it('on more records than can be looked at again is denied', () => {
    const many = (of: number) => Array.from({ length: 64 }, (_, at) => ({ ...record, id: `c${of}-${at}` }));
    afterReading(many(1));
    const again = warrantOf(world.propose('look_up', { caseId: 'x' }, { turn: 1 }));
    world.read(again, { note: 'late', owed: 'EUR' }, many(2));
    expect(denialOf(world.propose('pay', small, { turn: 2 }))).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});

describe('a warrant on stale context', () => {
  const stale = (turn: number, tool = 'pay', args: JsonObject = small) =>
    world.return(warrantOf(world.propose(tool, args, { turn })), 'STALE_CONTEXT');
  const named = (roles: string[]) => {
    const approvals = { amount: { when: 'over 900', over: '900', roles } };
    const tools = desk.workflow.tools.map((tool) =>
      tool.name === 'pay' ? { ...tool, permissions: { ...tool.permissions, approvals } } : tool,
    );
    return deskWith({ tools });
  };

  it('is planned anew twice for a tool and a record; then a person decides on its effect (2)', () => {
    world.desk = named(['lead']);
    afterReading();
    for (const turn of [1, 2]) expect(denialOf(stale(turn))).toMatchObject({ code: 'STALE_CONTEXT', final: false });
    const preview = warrantOf(stale(3));
    expect(preview).toMatchObject({ grant: 'preview' });
    expect(preview).not.toHaveProperty('context');
    expect(askedOf(world.preview(preview, { balance: '5' }))).toMatchObject({ approverRoles: ['lead'] });
  });

  it('of another record, or by another tool, has its own count (2)', () => {
    afterReading();
    for (const turn of [1, 2]) stale(turn);
    expect(denialOf(stale(3, 'pay', { ...small, caseId: 'case_8' }))).toMatchObject({ final: false });
    expect(denialOf(stale(4, 'close', { caseId: 'case_7' }))).toMatchObject({ final: false });
  });

  it('is denied for good where nobody is named who could decide (2)', () => {
    world.desk = deskWith({ maxReplans: 1 });
    afterReading();
    stale(1);
    expect(denialOf(stale(2))).toMatchObject({
      code: 'STALE_CONTEXT',
      final: true,
      detail: 'pay was planned 2 times on records that had changed: d; and nobody is named who could decide on pay',
    });
  });
});

describe('an approval that took three hours', () => {
  const at = new Date(T0).toISOString();
  const now = (sub: string, roles: string[], active = true): MemberSeen => ({ sub, roles, active, system: 'desk', at });
  const everybody = [now('alice', ['clerk']), now('bob', ['lead']), now('carol', ['lead'])];
  const patient = (): typeof desk => deskWith({ approval: { expiresInMs: 4 * 3_600_000 } });

  /** People say yes after three hours; answers the warrant that follows. */
  function late(amount: string, ...people: Person[]): Warrant {
    world.desk = patient();
    const asked = world.escalated({ ...small, amount });
    world.now += 3 * 3_600_000;
    let events: ReturnType<Desk['grants']> = [];
    for (const person of people) events = world.grants(asked, person);
    return warrantOf(events);
  }

  it('is followed by a new look at the effect and at everybody, and only then by a commit of 60 s (3)', () => {
    const look = late('200.00', bob);
    expect(look).toMatchObject({ grant: 'preview', people: ['alice', 'bob'] });
    const commit = warrantOf(world.preview(look, { balance: '5' }, { people: everybody }));
    expect(commit).toMatchObject({ grant: 'commit', exp: world.now / 1000 + 60, preview: previewOf({ balance: '5' }) });
    expect(commit).not.toHaveProperty('people');
    expect(commit.idempotencyKey).toBe(look.idempotencyKey);
  });

  it('within the limit is not: the effect was just looked at', () => {
    const asked = world.escalated();
    world.now += 60_000;
    expect(warrantOf(world.grants(asked, bob))).toMatchObject({ grant: 'commit' });
    world = new Desk();
    world.freshAfterMs = 0;
    const other = world.escalated();
    world.now += 1;
    expect(warrantOf(world.grants(other, bob))).toMatchObject({ grant: 'preview' });
  });

  it.each<[string, MemberSeen[] | undefined, RegExp]>([
    ['the actor lost the role', [now('alice', ['guest']), now('bob', ['lead'])], /^alice may not any more: desk needs/],
    ['the actor left', [now('alice', ['clerk'], false), now('bob', ['lead'])], /^alice may not any more/],
    ['the directory does not know the actor', [now('bob', ['lead'])], /^alice may not any more/],
    ['there is no directory', undefined, /nobody can say who still has which role/],
  ])('is refused when %s (3)', (_, people, detail) => {
    const look = late('200.00', bob);
    expect(denialOf(world.preview(look, { balance: '5' }, people ? { people } : {}))).toMatchObject({
      code: 'PERMISSION_DENIED',
      final: true,
      detail: expect.stringMatching(detail),
    });
  });

  it.each<[string, MemberSeen[]]>([
    ['lost the role', [now('alice', ['clerk']), now('bob', ['clerk'])]],
    ['left', [now('alice', ['clerk']), now('bob', ['lead'], false)]],
    ['is not known any more', [now('alice', ['clerk'])]],
    ['has another, which his token did not have', [now('alice', ['clerk']), now('bob', ['boss'])]],
  ])('by somebody who %s is refused (3)', (_, people) => {
    expect(denialOf(world.preview(late('200.00', bob), { balance: '5' }, { people }))).toMatchObject({
      code: 'PERMISSION_DENIED',
      detail: 'bob, who approved it, has none of the roles lead any more',
      final: true,
    });
  });

  it('by two of whom one lost the role is refused, by two who have it committed (3)', () => {
    const people = [now('alice', ['clerk']), now('carol', ['lead'])];
    expect(denialOf(world.preview(late('600.00', bob, carol), { balance: '5' }, { people }))).toMatchObject({
      detail: expect.stringMatching(/^bob, who approved it/),
    });
    world = new Desk();
    expect(warrantOf(world.preview(late('600.00', bob, carol), { balance: '5' }, { people: everybody }))).toMatchObject(
      { grant: 'commit' },
    );
  });

  it('on an effect that has changed meanwhile is void: people are asked about the new one (3)', () => {
    const asked = askedOf(world.preview(late('200.00', bob), { balance: '4' }, { people: everybody }));
    expect(asked.preview).toEqual(previewOf({ balance: '4' }));
    expect(warrantOf(world.grants(asked, bob))).toMatchObject({ grant: 'commit' });
  });

  it('of an actor who left is refused, whether the effect has changed or not (3)', () => {
    const gone = [now('alice', [], false), now('bob', ['lead'])];
    for (const balance of ['4', '5']) {
      world = new Desk();
      expect(denialOf(world.preview(late('200.00', bob), { balance }, { people: gone }))).toMatchObject({
        code: 'PERMISSION_DENIED',
        detail: expect.stringMatching(/^alice may not any more/),
      });
    }
  });

  it('is looked at again when its warrant expired unsent (2, 3)', () => {
    const commit = warrantOf(world.preview(late('200.00', bob), { balance: '5' }, { people: everybody }));
    world.now += 61_000;
    expect(warrantOf(world.return(commit, 'WARRANT_EXPIRED'))).toMatchObject({
      grant: 'preview',
      people: ['alice', 'bob'],
    });
  });
});
