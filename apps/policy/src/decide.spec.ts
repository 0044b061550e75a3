import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  eventIdOf,
  actionIdOf,
  idempotencyKeyOf,
  intentIdOf,
  jcs,
  sessionIdOf,
  UNVERIFIED,
  type AnyEvent,
  type EventData,
  type EventType,
  type JsonObject,
  type Person,
} from '@countersign/contracts';
import {
  decideEnd,
  decideExpired,
  decideGranted,
  decidePreviewed,
  decideProposed,
  decideRead,
  decideRejected,
  decideRequested,
  decideReturned,
  requestedTouches,
} from './decide.js';
import type { Checked } from './facts.js';
import { defineRule, deny, escalate } from '@countersign/policy-kit';
import {
  actionId,
  alice,
  bob,
  carol,
  desk,
  deskWith,
  intentId,
  isPerson,
  previewOf,
  saidBy,
  signed,
  T0,
  World,
} from './world.fixture.js';

let world: World;
beforeEach(() => {
  world = new World();
});

const types = (events: AnyEvent[]) => events.map(({ type }) => type.replace(/^countersign\.|\.v1$/g, ''));
function only<T extends EventType>(events: AnyEvent[], type: T) {
  expect(events.map((event) => event.type)).toEqual([type]);
  return events[0]!.data as EventData<T>;
}

const asIntent = { id: 'req-1', source: '/shop' };
const ask = (given = {}, checked: Checked = isPerson(alice), data = {}) =>
  world.when(
    decideRequested,
    world.record(
      'countersign.intent.requested.v1',
      { workflow: 'desk', session: 's-1', text: 'pay 18 € of case_7', ...data },
      { ...asIntent, ...given },
    ),
    checked,
  );
const call = (tool: string, args: JsonObject, data = {}, checked: Checked = isPerson(alice), given = {}) =>
  world.when(
    decideRequested,
    world.record(
      'countersign.action.requested.v1',
      { workflow: 'desk', session: 's-1', tool, arguments: args, ...data },
      { ...asIntent, ...given },
    ),
    checked,
  );
const propose = (
  tool: string,
  args: JsonObject,
  place: { turn?: number; index?: number } = {},
  data = {},
  given = {},
) => {
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
  return world.when(
    decideProposed,
    world.record('countersign.action.proposed.v1', { ...proposal, ...data }, given),
    signed,
  );
};
const executed = (jti: string, given = {}) => ({
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
/** JSON that a reader takes at 32 levels, and no event can carry on. */
const nested = (levels: number): JsonObject => (levels === 0 ? {} : { in: nested(levels - 1) });
const warrantOf = (events: AnyEvent[]) => only(events, 'countersign.action.approved.v1');
const small = { caseId: 'case_7', amount: '18.00', currency: 'EUR' };
const large = { ...small, amount: '200.00' };

/** An action that waits for a person, and what they are asked. */
function escalated(args: JsonObject = large, effect: JsonObject = { balance: '5' }) {
  const [, approved] = call('pay', args);
  const { jti } = approved!.data as EventData<'countersign.action.approved.v1'>;
  const events = world.when(
    decidePreviewed,
    world.record('countersign.action.previewed.v1', {
      ...executed(jti, { grant: 'preview' }),
      preview: previewOf(effect),
    }),
    signed,
  );
  return only(events, 'countersign.action.escalated.v1');
}
type Asked = EventData<'countersign.action.escalated.v1'>;
const bound = ({ actionHash }: Asked, given = {}) => ({
  approvalId: approvalOf(actionHash),
  intentId,
  actionId,
  revision: 0,
  actionHash,
  tenant: 'acme',
  ...given,
});
let approvalIds: Map<string, string>;
beforeEach(() => void (approvalIds = new Map()));
function approvalOf(hash: string): string {
  const row = world.rows.get(`intent:${intentId}`) as { action?: { escalation?: { approvalId: string } } };
  const open = row.action?.escalation?.approvalId;
  if (open && !approvalIds.has(hash)) approvalIds.set(hash, open);
  return approvalIds.get(hash)!;
}
const word = (asked: Asked, by: Person, given = {}) => ({
  ...bound(asked),
  ...{
    approver: { sub: by.sub, roles: by.roles },
    reason: 'looks right',
    decidedAt: new Date(T0).toISOString(),
    tokenDigest: 'x',
  },
  ...given,
});
const grants = (asked: Asked, by: Person, given = {}, checked: Checked = saidBy(by), at = world.now) =>
  world.when(decideGranted, world.record('countersign.approval.granted.v1', word(asked, by, given), { at }), checked);

describe('an intent', () => {
  it('of a verified person is accepted, without its token (1)', () => {
    const events = ask();
    expect(events).toEqual([
      {
        type: 'countersign.intent.accepted.v1',
        id: expect.stringMatching(/^evt_/),
        ...{
          subject: intentId,
          tenantid: 'acme',
          actorid: 'alice',
          session: 's-1',
          correlationid: intentId,
          causationid: 'req-1',
        },
        time: '2026-03-01T10:00:00.000Z',
        data: {
          ...{
            intentId,
            source: '/shop',
            requestId: 'req-1',
            kind: 'intent',
            workflow: 'desk',
            workflowVersion: '2.0.0',
            session: 's-1',
          },
          sessionId: sessionIdOf('acme', 'alice', 'desk', 's-1'),
          actor: alice,
          authorityUntil: '2026-03-01T10:15:00.000Z',
          text: 'pay 18 € of case_7',
        },
      },
    ]);
  });

  it('has authority no longer than its token', () => {
    const [accepted] = ask({}, isPerson(alice, T0 + 60_000));
    expect(accepted!.data).toMatchObject({ authorityUntil: '2026-03-01T10:01:00.000Z' });
  });

  it('published again emits nothing, also with another kind or other words (1)', () => {
    ask();
    expect(ask({}, isPerson(alice), { text: 'something else' })).toEqual([]);
    expect(call('pay', small)).toEqual([]);
    expect(world.ignored).toEqual(['a repeat: the first outcome stands']);
  });

  it.each<[string, Checked, object, object, string, string]>([
    ['no valid token', { tag: 'no-person', because: 'the token has expired' }, {}, {}, 'UNAUTHENTICATED', UNVERIFIED],
    ['a key of another tenant', isPerson(alice), { key: 'globex/s-1' }, {}, 'TENANT_MISMATCH', 'acme'],
    ['an attribute of another tenant', isPerson(alice), { tenantid: 'globex' }, {}, 'TENANT_MISMATCH', 'acme'],
    ['an unknown workflow', isPerson(alice), {}, { workflow: 'nowhere' }, 'UNKNOWN_WORKFLOW', 'acme'],
    ['a role that may not start it', isPerson({ ...alice, roles: ['guest'] }), {}, {}, 'PERMISSION_DENIED', 'acme'],
    ['control characters in its session', isPerson(alice), {}, { session: 'a\nb' }, 'INVALID_ARGUMENTS', 'acme'],
    ['an id that is too long', isPerson(alice), { id: 'x'.repeat(201) }, {}, 'INVALID_ARGUMENTS', 'acme'],
    [
      'a character that cannot be stored',
      isPerson(alice),
      { text: '{"text":"\\u0000"}' },
      {},
      'INVALID_ARGUMENTS',
      'acme',
    ],
    [
      'half a character',
      isPerson(alice),
      { text: '{"text":"\\ud83d\\ud83d\\ude00"}' },
      {},
      'INVALID_ARGUMENTS',
      'acme',
    ],
    ['too much text', isPerson(alice), { text: 'x'.repeat(300_000) }, {}, 'INVALID_ARGUMENTS', 'acme'],
  ])('with %s is refused', (_, checked, given, data, code, tenant) => {
    const [event, ...others] = ask(given, checked, data);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ type: 'countersign.intent.refused.v1', tenantid: tenant, data: { code } });
    const id = 'id' in given ? String(given.id) : 'req-1';
    expect(event!.data).toMatchObject({ intentId: intentIdOf(tenant, '/shop', id) });
    expect(ask(given, checked, data)).toEqual([]);
  });

  it('that nobody vouches for cannot take the place of a verified one (1)', () => {
    ask({}, { tag: 'no-person', because: 'forged' });
    ask({ key: 'acme/s-1', tenantid: '' }, isPerson({ ...alice, tenant: 'globex' }));
    expect(types(ask())).toEqual(['intent.accepted']);
  });

  it('lands on a row named by the verified tenant, whatever the key says', () => {
    const incoming = world.record(
      'countersign.intent.requested.v1',
      { workflow: 'desk', session: 's', text: 'x' },
      { ...asIntent, key: 'globex/s' },
    );
    const facts = { workflows: new Map(), checked: new Map([['intents/0/0', isPerson(alice)]]) };
    expect(requestedTouches(incoming as never, facts)).toEqual([`intent:${intentId}`]);
  });

  it.each(['\\ud83d\\ude00', '\\\\u0000 in words', '\\u00e9'])(
    'with the escapes %s, which can be stored, is accepted',
    (escapes) => {
      expect(types(ask({ text: `{"text":"${escapes}"}` }))).toEqual(['intent.accepted']);
    },
  );
});

describe('one tool call', () => {
  it('nested so deep that its events could not be read is refused, and none of it is repeated', () => {
    expect(types(call('look_up', nested(15)))).toEqual(['intent.accepted', 'action.denied']);
    world = new World();
    const refused = only(call('look_up', nested(16)), 'countersign.intent.refused.v1');
    expect(refused).toMatchObject({ code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('too deep') });
  });

  it('denied in words that end within a character is denied all the same', () => {
    const rule = defineRule({ name: 'r', title: 'R', decide: () => deny('PERMISSION_DENIED', '😀'.repeat(1_500)) });
    world.desk = deskWith({ rules: [rule] });
    const [, denied] = call('pay', small);
    expect(() => jcs(denied!.data)).not.toThrow();
  });

  it('that rules approve is accepted and granted at once, as one warrant', () => {
    const [accepted, approved] = call('pay', small);
    expect(accepted!.data).toMatchObject({
      kind: 'action',
      action: { actionId, tool: 'pay', arguments: small, dryRun: false },
    });
    expect(approved).toEqual({
      type: 'countersign.action.approved.v1',
      id: expect.stringMatching(/^evt_/),
      ...{
        subject: actionId,
        tenantid: 'acme',
        actorid: 'alice',
        session: 's-1',
        correlationid: intentId,
        causationid: 'req-1',
      },
      time: '2026-03-01T10:00:00.000Z',
      data: {
        ...{
          intentId,
          actionId,
          revision: 0,
          tenant: 'acme',
          actor: alice,
          workflow: 'desk',
          workflowVersion: '2.0.0',
          session: 's-1',
        },
        ...{
          tool: 'pay',
          toolVersion: '1.0.0',
          grant: 'commit',
          arguments: small,
          dryRun: false,
          approvers: [],
          facts: {},
          epoch: 0,
        },
        rules: [{ rule: 'small', outcome: 'allow', reason: 'small' }],
        ...{ policyVersion: 'pv-1', fingerprint: 'fp-1', decidedAt: '2026-03-01T10:00:00.000Z' },
        idempotencyKey: idempotencyKeyOf('acme', actionId, 0),
        jti: expect.stringMatching(/^jti_/),
        ...{ nbf: T0 / 1000 - 5, exp: T0 / 1000 + 900 },
      },
    });
  });

  it.each<[string, string, JsonObject, Person, string]>([
    ['an unknown tool', 'steal', {}, alice, 'UNKNOWN_TOOL'],
    ['arguments that do not fit', 'pay', { caseId: 7 }, alice, 'INVALID_ARGUMENTS'],
    ['a role the tool does not take', 'pay', small, { ...alice, roles: ['auditor'] }, 'PERMISSION_DENIED'],
    ['an amount over the limit', 'pay', { ...small, amount: '1000.01' }, alice, 'LIMIT_EXCEEDED'],
    ['a currency without a limit', 'pay', { ...small, currency: 'JPY' }, alice, 'LIMIT_EXCEEDED'],
    ['a currency named like a method', 'pay', { ...small, currency: 'constructor' }, alice, 'LIMIT_EXCEEDED'],
    ['a negative amount beyond the limit', 'pay', { ...small, amount: '-1000.01' }, alice, 'LIMIT_EXCEEDED'],
    ['more records than allowed', 'pay', { ...small, caseId: 'all' }, alice, 'LIMIT_EXCEEDED'],
    ['an amount that is no number', 'pay', { ...small, amount: '1e3' }, alice, 'INVALID_ARGUMENTS'],
  ])('with %s is accepted and denied (3)', (_, tool, args, person, code) => {
    const events = call(tool, args, {}, isPerson(person));
    expect(types(events)).toEqual(['intent.accepted', 'action.denied']);
    expect(events[1]!.data).toMatchObject({ code, arguments: args, nextStep: expect.any(String) });
  });

  it('in a currency without a limit says so', () => {
    const [, denied] = call('pay', { ...small, currency: 'constructor' });
    expect(denied!.data).toMatchObject({ detail: 'no amount of constructo is allowed' });
  });

  it('names the fields that do not fit', () => {
    const [, denied] = call('pay', { caseId: 7, amount: '1', extra: true });
    expect((denied!.data as { detail: string }).detail).toMatch(/caseId: .*; currency: .*extra/);
  });

  it('of a read is granted a read, and ends with it', () => {
    const [, approved] = call('look_up', { caseId: 'case_7' });
    const { jti, grant } = approved!.data as EventData<'countersign.action.approved.v1'>;
    expect(grant).toBe('read');
    world.when(
      decideRead,
      world.record('countersign.action.read.v1', { ...executed(jti), result: { note: 'n' } }),
      signed,
    );
    expect([...world.rows.values()]).toEqual([{ tag: 'ended', outcome: 'read' }]);
  });

  it('as a dry run is granted a preview alone, whoever would have to approve it, and ends with it', () => {
    const [, approved] = call('pay', large, { dry_run: true });
    const { jti, grant, dryRun } = approved!.data as EventData<'countersign.action.approved.v1'>;
    expect({ grant, dryRun }).toEqual({ grant: 'preview', dryRun: true });
    const events = world.when(
      decidePreviewed,
      world.record('countersign.action.previewed.v1', { ...executed(jti), preview: previewOf({ balance: '1' }) }),
      signed,
    );
    expect([events, [...world.rows.values()]]).toEqual([[], [{ tag: 'ended', outcome: 'previewed' }]]);
  });

  it('as a dry run stays one when its warrant comes back: nobody is asked', () => {
    const [, approved] = call('pay', large, { dry_run: true });
    const { jti } = approved!.data as EventData<'countersign.action.approved.v1'>;
    const returned = {
      ...executed(jti),
      code: 'PREVIEW_CHANGED' as const,
      detail: 'd',
      nextStep: 'n',
      preview: previewOf({ balance: '1' }),
    };
    const events = world.when(decideReturned, world.record('countersign.action.returned.v1', returned), signed);
    expect(warrantOf(events)).toMatchObject({ grant: 'preview', dryRun: true });
  });

  it('granted as a commit is not moved by a preview', () => {
    const [, approved] = call('pay', small);
    const { jti } = approved!.data as EventData<'countersign.action.approved.v1'>;
    const preview = previewOf({ balance: '1' });
    const events = world.when(
      decidePreviewed,
      world.record('countersign.action.previewed.v1', { ...executed(jti), preview }),
      signed,
    );
    expect([events, world.ignored]).toEqual([[], ['no preview was asked for']]);
  });

  it('whose rule needs the effect is decided on the preview', () => {
    const [, asked] = call('close', { caseId: 'case_7' });
    const first = asked!.data as EventData<'countersign.action.approved.v1'>;
    expect(first.grant).toBe('preview');
    const preview = previewOf({ balance: '0' });
    const result = (jti: string) => world.record('countersign.action.previewed.v1', { ...executed(jti), preview });
    const commit = warrantOf(world.when(decidePreviewed, result(first.jti), signed));
    expect(commit).toMatchObject({ grant: 'commit', preview, idempotencyKey: first.idempotencyKey });
    expect(commit.jti).not.toBe(first.jti);
    expect([world.when(decidePreviewed, result(first.jti), signed), world.ignored]).toEqual([
      [],
      ['it answers another warrant'],
    ]);
  });

  it('whose effect no rule allows is denied', () => {
    const [, asked] = call('close', { caseId: 'case_7' });
    const { jti } = asked!.data as EventData<'countersign.action.approved.v1'>;
    const events = world.when(
      decidePreviewed,
      world.record('countersign.action.previewed.v1', { ...executed(jti), preview: previewOf({ debt: '9' }) }),
      signed,
    );
    expect(only(events, 'countersign.action.denied.v1')).toMatchObject({ code: 'PERMISSION_DENIED', final: true });
  });

  it('stays open while its commit is in doubt, and ends when that is resolved', () => {
    const [, approved] = call('pay', small);
    const { jti } = approved!.data as EventData<'countersign.action.approved.v1'>;
    const resolved = {
      ...executed(jti),
      outcome: 'committed' as const,
      by: 'lookup' as const,
      detail: 'found',
      idempotencyKey: 'k',
      result: null,
      recordsChanged: [],
    };
    world.when(decideEnd('resolved'), world.record('countersign.action.resolved.v1', resolved), signed);
    expect([...world.rows.values()]).toEqual([{ tag: 'ended', outcome: 'resolved' }]);
  });
});

describe('a result', () => {
  it.each<[string, object, Checked, object, string]>([
    ['that executor did not sign', {}, { tag: 'not-trusted', because: 'forged' }, {}, "not executor's: forged"],
    ['for another warrant', { jti: 'jti_x' }, signed, {}, 'it answers another warrant'],
    ['for another action', { actionId: 'act_x' }, signed, {}, 'of no open action'],
    ['filed under another tenant', {}, signed, { tenantid: 'globex' }, 'filed under another tenant'],
  ])('%s moves nothing (5)', (_, data, checked, given, because) => {
    const [, approved] = call('pay', large);
    const { jti } = approved!.data as EventData<'countersign.action.approved.v1'>;
    const before = structuredClone([...world.rows]);
    const preview = previewOf({ balance: '1' });
    expect(
      world.when(
        decidePreviewed,
        world.record('countersign.action.previewed.v1', { ...executed(jti), preview, ...data }, given),
        checked,
      ),
    ).toEqual([]);
    expect([world.ignored, [...world.rows]]).toEqual([[because], before]);
  });
});

describe('a proposal', () => {
  it('nested too deep to be wrapped again is denied without its arguments', () => {
    ask();
    expect(only(propose('look_up', nested(30)), 'countersign.action.denied.v1')).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      arguments: {},
    });
  });

  it('is granted on its own row, with where its arguments come from', () => {
    ask();
    const read = warrantOf(propose('look_up', { caseId: 'case_7' }));
    const recordsRead = [{ system: 'desk', type: 'case', id: 'case_7', version: '3', at: '2026-03-01T09:59:00.000Z' }];
    const result = { ...executed(read.jti), result: { note: 'x', owed: { currency: 'EUR' } }, recordsRead };
    world.when(decideRead, world.record('countersign.action.read.v1', result), signed);
    const warrant = warrantOf(propose('pay', small, { turn: 1 }));
    expect(warrant.facts['provenance']).toEqual({
      caseId: { origin: 'record', ...recordsRead[0], field: 'id' },
      amount: { origin: 'user' },
      currency: { origin: 'record', ...recordsRead[0], field: 'owed.currency' },
    });
  });

  it.each<[string, object, object, string]>([
    ['of an unknown intent', { intentId: 'int_x' }, {}, 'of no intent that may propose'],
    ['of another tenant', {}, { tenantid: 'globex' }, 'of another tenant, session or workflow than its intent'],
    ['of another session', {}, { session: 's-2' }, 'of another tenant, session or workflow than its intent'],
    ['of another workflow', { workflow: 'other' }, {}, 'of another tenant, session or workflow than its intent'],
    ['with an id of its own making', { actionId: 'act_x' }, {}, 'its id does not follow from its place'],
  ])('%s is ignored (2)', (_, data, given, because) => {
    ask();
    expect([propose('pay', small, {}, data, given), world.ignored]).toEqual([[], [because]]);
  });

  it('of an intent of one tool call is ignored: only its user asks for that', () => {
    call('pay', small);
    expect([propose('pay', small, { turn: 1 }), world.ignored]).toEqual([[], ['of no intent that may propose']]);
  });

  it('is decided once', () => {
    ask();
    propose('pay', small);
    expect([propose('pay', small), world.ignored]).toEqual([[], ['decided before']]);
  });

  it('after the authority ended is denied, by the time the broker appended it', () => {
    ask();
    const late = propose('pay', small, {}, {}, { at: T0 + 15 * 60_000 + 1 });
    expect(only(late, 'countersign.action.denied.v1')).toMatchObject({ code: 'INTENT_ENDED', final: true });
    expect(types(propose('pay', small, { turn: 1 }, {}, { at: T0 + 15 * 60_000 }))).toEqual(['action.approved']);
  });

  it('beyond the 32nd is denied', () => {
    ask();
    for (let index = 0; index < 32; index++)
      expect(types(propose('look_up', { caseId: 'c' }, { index }))).toEqual(['action.approved']);
    expect(only(propose('look_up', { caseId: 'c' }, { index: 32 }), 'countersign.action.denied.v1').code).toBe(
      'LIMIT_EXCEEDED',
    );
  });

  it('that cannot be stored is denied', () => {
    ask();
    const events = propose('look_up', { caseId: '\u0000' }, {}, {}, { text: '"\\u0000"' });
    expect(only(events, 'countersign.action.denied.v1')).toMatchObject({ code: 'INVALID_ARGUMENTS', arguments: {} });
  });
});

describe('an escalation', () => {
  it('asks people on the computed effect', () => {
    expect(escalated()).toEqual({
      ...{
        intentId,
        actionId,
        revision: 0,
        tenant: 'acme',
        actor: alice,
        workflow: 'desk',
        workflowVersion: '2.0.0',
        session: 's-1',
      },
      ...{
        tool: 'pay',
        toolVersion: '1.0.0',
        arguments: large,
        policyVersion: 'pv-1',
        decidedAt: '2026-03-01T10:00:00.000Z',
      },
      rules: [{ rule: 'small', outcome: 'escalate', reason: 'large' }],
      provenance: { caseId: { origin: 'model' }, amount: { origin: 'model' }, currency: { origin: 'model' } },
      preview: previewOf({ balance: '5' }),
      ...{ approverRoles: ['lead'], approvalsNeeded: 1, expiresAt: '2026-03-01T11:00:00.000Z' },
      blast: { amount: { amount: '200.00', currency: 'EUR' }, records: 1, reversible: false, affected: ['case_7'] },
      actionHash: expect.any(String),
    });
  });

  it("ends in a commit of at most 60 s after a lead's yes (4)", () => {
    const commit = warrantOf(grants(escalated(), bob));
    expect(commit).toMatchObject({ grant: 'commit', preview: previewOf({ balance: '5' }), exp: T0 / 1000 + 60 });
    expect(commit.approvers).toEqual([
      { sub: 'bob', roles: ['lead'], reason: 'looks right', at: '2026-03-01T10:00:00.000Z' },
    ]);
  });

  const otherEffect = 'it is about another effect than the one people are asked about';
  it.each<[string, object, Checked, string]>([
    ['not signed by approval', {}, { tag: 'not-trusted', because: 'forged' }, "not approval's: forged"],
    ['for another effect', { actionHash: 'other' }, saidBy(bob), otherEffect],
    ['for another item', { approvalId: 'apr_x' }, saidBy(bob), otherEffect],
    ['for another revision', { revision: 1 }, saidBy(bob), otherEffect],
    ['naming another tenant', { tenant: 'globex' }, saidBy(bob), 'it names another tenant'],
  ])('is not moved by a yes %s (4)', (_, data, checked, because) => {
    const asked = escalated();
    expect(grants(asked, bob, data, checked)).toEqual([]);
    expect(world.ignored).toEqual([because]);
    expect(types(grants(asked, bob))).toEqual(['action.approved']);
  });

  it.each<[string, Person, Checked, string]>([
    ['with an expired token', bob, { tag: 'no-approver', because: 'the token has expired' }, 'the token has expired'],
    ['of the requester', alice, saidBy({ ...alice, roles: ['lead'] }), 'SELF_APPROVAL: the approver asked for it'],
    ['of another tenant', bob, saidBy({ ...bob, tenant: 'globex' }), 'the approver is of another tenant'],
    ['without the role', bob, saidBy({ ...bob, roles: ['clerk'] }), 'the approver has none of the roles'],
    ['of somebody else than it names', bob, saidBy(carol), 'the token is of somebody else than the approver named'],
  ])('is asked again after a yes %s, once for each, and commits nothing (4)', (_, by, checked, because) => {
    const asked = escalated();
    const yes = world.record('countersign.approval.granted.v1', word(asked, by), { id: 'evt_yes' });
    const events = world.when(decideGranted, yes, checked);
    expect(events).toMatchObject([
      { id: eventIdOf('countersign.action.escalated.v1', 'evt_yes'), causationid: 'evt_yes', subject: actionId },
    ]);
    expect(only(events, 'countersign.action.escalated.v1')).toEqual({ ...asked, because });
    expect([world.when(decideGranted, yes, checked), world.ignored]).toEqual([[], ['answered before']]);
    expect(types(grants(asked, bob))).toEqual(['action.approved']);
  });

  it('ends when a yes was appended after the expiry: whoever gave it is answered', () => {
    const asked = escalated();
    const late = grants(asked, bob, {}, saidBy(bob), T0 + 3_600_001);
    expect(only(late, 'countersign.action.denied.v1')).toMatchObject({ code: 'APPROVAL_EXPIRED', final: true });
  });

  it('that needs two people waits for the second, who must be another', () => {
    const asked = escalated({ ...small, amount: '600.00' });
    expect(asked.approvalsNeeded).toBe(2);
    expect(grants(asked, bob)).toEqual([]);
    expect([grants(asked, bob), world.ignored]).toEqual([[], ['bob said so before']]);
    expect(warrantOf(grants(asked, carol)).approvers.map(({ sub }) => sub)).toEqual(['bob', 'carol']);
  });

  it('is decided by the rules as they are then: a role that no longer suffices does not (3)', () => {
    const asked = escalated();
    world.desk = deskWith({
      rules: [defineRule({ name: 'boss', title: 'The boss decides', decide: () => escalate('large', ['boss']) })],
    });
    expect(only(grants(asked, bob), 'countersign.action.denied.v1').code).toBe('PREVIEW_CHANGED');
  });

  it('of a tool that was replaced since is denied: nobody looked at the new one', () => {
    const asked = escalated();
    world.desk = deskWith({ tools: desk.workflow.tools.map((tool) => ({ ...tool, version: '2.0.0' })) });
    expect(only(grants(asked, bob), 'countersign.action.denied.v1').code).toBe('UNKNOWN_TOOL');
  });

  it('of a workflow that is not loaded is an error that parks the record, to be redriven', () => {
    const asked = escalated();
    world.desk = { ...desk, workflow: { ...desk.workflow, name: 'other' } };
    expect(() => grants(asked, bob)).toThrow('the workflow desk is not loaded any more');
  });

  it('ends with a no, which is final', () => {
    const asked = escalated();
    const reject = () =>
      world.when(decideRejected, world.record('countersign.approval.rejected.v1', word(asked, bob)), saidBy(bob));
    expect(only(reject(), 'countersign.action.denied.v1')).toMatchObject({
      code: 'APPROVAL_REJECTED',
      final: true,
      detail: 'bob rejected it: looks right',
    });
    expect(reject()).toEqual([]);
    expect(grants(asked, carol)).toEqual([]);
  });

  it('ends when nobody decided in time, and not before', () => {
    const asked = escalated();
    const expire = (at: number, checked: Checked = signed) =>
      world.when(
        decideExpired,
        world.record(
          'countersign.approval.expired.v1',
          { ...bound(asked), expiredAt: new Date(at).toISOString() },
          { at },
        ),
        checked,
      );
    expect([expire(T0 + 1_800_000), world.ignored]).toEqual([[], ['people still have time']]);
    expect(expire(T0 + 3_600_000, { tag: 'not-trusted', because: 'forged' })).toEqual([]);
    expect(only(expire(T0 + 3_600_000), 'countersign.action.denied.v1')).toMatchObject({
      code: 'APPROVAL_EXPIRED',
      final: true,
    });
  });
});

describe('a warrant that came back unsent', () => {
  const returned = (
    jti: string,
    code: 'WARRANT_EXPIRED' | 'PREVIEW_CHANGED' | 'STALE_CONTEXT',
    effect?: JsonObject,
  ) => {
    const data = {
      ...executed(jti),
      code,
      detail: 'd',
      nextStep: 'n',
      ...(effect ? { preview: previewOf(effect) } : {}),
    };
    return world.when(decideReturned, world.record('countersign.action.returned.v1', data), signed);
  };

  it('expired, is issued anew for the same key and approvers, three times at most (6)', () => {
    let warrant = warrantOf(grants(escalated(), bob));
    for (let times = 0; times < 3; times++) {
      const next = warrantOf(returned(warrant.jti, 'WARRANT_EXPIRED'));
      expect({ ...next, jti: warrant.jti }).toEqual(warrant);
      expect(next.jti).not.toBe(warrant.jti);
      warrant = next;
    }
    expect(only(returned(warrant.jti, 'WARRANT_EXPIRED'), 'countersign.action.denied.v1')).toMatchObject({
      code: 'WARRANT_EXPIRED',
      final: false,
    });
  });

  it('with another effect is asked about anew: the yes before is void', () => {
    const asked = escalated();
    const warrant = warrantOf(grants(asked, bob));
    const anew = only(returned(warrant.jti, 'PREVIEW_CHANGED', { balance: '4' }), 'countersign.action.escalated.v1');
    expect(anew).toMatchObject({ preview: previewOf({ balance: '4' }) });
    expect(anew.actionHash).not.toBe(asked.actionHash);
    expect([grants(asked, carol), world.ignored]).toEqual([
      [],
      ['it is about another effect than the one people are asked about'],
    ]);
    expect(warrantOf(grants(anew, carol)).approvers.map(({ sub }) => sub)).toEqual(['carol']);
  });

  it('whose effect changes back and forth is denied, since its item is closed', () => {
    const warrant = warrantOf(grants(escalated(), bob));
    const anew = only(returned(warrant.jti, 'PREVIEW_CHANGED', { balance: '4' }), 'countersign.action.escalated.v1');
    const second = warrantOf(grants(anew, carol));
    expect(only(returned(second.jti, 'PREVIEW_CHANGED', { balance: '5' }), 'countersign.action.denied.v1').code).toBe(
      'PREVIEW_CHANGED',
    );
  });

  it('with another effect that rules allow is granted on it', () => {
    const [, asked] = call('close', { caseId: 'case_7' });
    const { jti } = asked!.data as EventData<'countersign.action.approved.v1'>;
    const first = warrantOf(
      world.when(
        decidePreviewed,
        world.record('countersign.action.previewed.v1', { ...executed(jti), preview: previewOf({ balance: '0' }) }),
        signed,
      ),
    );
    expect(warrantOf(returned(first.jti, 'PREVIEW_CHANGED', { balance: '1' }))).toMatchObject({
      grant: 'commit',
      preview: previewOf({ balance: '1' }),
    });
  });

  it('because its context went stale is denied, for the planner to read again', () => {
    const [, approved] = call('pay', small);
    const { jti } = approved!.data as EventData<'countersign.action.approved.v1'>;
    expect(only(returned(jti, 'STALE_CONTEXT'), 'countersign.action.denied.v1')).toMatchObject({
      code: 'STALE_CONTEXT',
      final: false,
    });
  });
});
