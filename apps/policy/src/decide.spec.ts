import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  idempotencyKeyOf,
  intentIdOf,
  jcs,
  sessionIdOf,
  UNVERIFIED,
  type JsonObject,
  type Person,
} from '@countersign/contracts';
import { defineRule, deny } from '@countersign/policy-kit';
import { requested } from './decide.js';
import {
  asIntent,
  denialOf,
  Desk,
  executed,
  factsOf,
  large,
  only,
  small,
  types,
  warrantOf,
  type Warrant,
} from './desk.fixture.js';
import type { Checked } from './facts.js';
import { resolved } from './results.js';
import { actionId, alice, desk, deskWith, intentId, isPerson, previewOf, signed, T0 } from './world.fixture.js';

/** JSON that a reader takes at 32 levels, and no event can carry on. */
const nested = (levels: number): JsonObject => (levels === 0 ? {} : { in: nested(levels - 1) });
let world: Desk;
beforeEach(() => {
  world = new Desk();
});

describe('an intent', () => {
  it('of a verified person is accepted, without its token (1)', () => {
    const events = world.ask();
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
    const [accepted] = world.ask({}, isPerson(alice, T0 + 60_000));
    expect(accepted!.data).toMatchObject({ authorityUntil: '2026-03-01T10:01:00.000Z' });
  });

  it('published again emits nothing, also with another kind or other words (1)', () => {
    world.ask();
    expect(world.ask({}, isPerson(alice), { text: 'something else' })).toEqual([]);
    expect(world.call('pay', small)).toEqual([]);
    expect(world.ignored).toEqual(['a repeat: the first outcome stands']);
  });

  it.each<[string, Checked, object, object, string, string]>([
    ['no valid token', { tag: 'no-person', because: 'the token has expired' }, {}, {}, 'UNAUTHENTICATED', UNVERIFIED],
    ['a key of another tenant', isPerson(alice), { key: 'globex/s-1' }, {}, 'TENANT_MISMATCH', 'acme'],
    ['an attribute of another tenant', isPerson(alice), { tenantid: 'globex' }, {}, 'TENANT_MISMATCH', 'acme'],
    ['an unknown workflow', isPerson(alice), {}, { workflow: 'nowhere' }, 'UNKNOWN_WORKFLOW', 'acme'],
    ['a role that may not start it', isPerson({ ...alice, roles: ['guest'] }), {}, {}, 'PERMISSION_DENIED', 'acme'],
    ['control characters in its session', isPerson(alice), {}, { session: 'a\nb' }, 'INVALID_ARGUMENTS', 'acme'],
    ['a card in its session', isPerson(alice), {}, { session: '4111111111111111' }, 'INVALID_ARGUMENTS', 'acme'],
    ['an address for a workflow', isPerson(alice), {}, { workflow: 'a@example.com' }, 'INVALID_ARGUMENTS', 'acme'],
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
    const [event, ...others] = world.ask(given, checked, data);
    expect(others).toEqual([]);
    expect(event).toMatchObject({ type: 'countersign.intent.refused.v1', tenantid: tenant, data: { code } });
    const id = 'id' in given ? String(given.id) : 'req-1';
    expect(event!.data).toMatchObject({ intentId: intentIdOf(tenant, '/shop', id) });
    expect(world.ask(given, checked, data)).toEqual([]);
  });

  it.each<[string, Checked]>([
    ['accepted', isPerson(alice)],
    ['refused', { tag: 'no-person', because: 'forged' }],
  ])(
    'that is %s goes on without what looks like personal data in its ids, which tell it apart all the same',
    (_, checked) => {
      const given = { id: 'dana@example.com', source: '/shop/4111111111111111' };
      const [event] = world.ask({ ...given, actorid: 'erik@example.com', key: 'acme/+49 170 1234567' }, checked);
      const tenant = checked.tag === 'person' ? 'acme' : UNVERIFIED;
      expect(event).toMatchObject({
        causationid: '[personal]',
        data: {
          intentId: intentIdOf(tenant, given.source, given.id),
          source: '/shop/[financial]',
          requestId: '[personal]',
        },
      });
      expect(JSON.stringify(event)).not.toMatch(/dana|erik|4111|1234567/);
    },
  );

  it('that nobody vouches for cannot take the place of a verified one (1)', () => {
    world.ask({}, { tag: 'no-person', because: 'forged' });
    world.ask({ key: 'acme/s-1', tenantid: '' }, isPerson({ ...alice, tenant: 'globex' }));
    expect(types(world.ask())).toEqual(['intent.accepted']);
  });

  it('lands on a row named by the verified tenant, whatever the key says', () => {
    const incoming = world.record(
      'countersign.intent.requested.v1',
      { workflow: 'desk', session: 's', text: 'x' },
      { ...asIntent, key: 'globex/s' },
    );
    const facts = {
      workflows: new Map(),
      checked: new Map([['intents/0/0', isPerson(alice)]]),
      freshAfterMs: 0,
      control: world.switches.view(),
    };
    expect(requested.touches(incoming as never, facts)).toEqual([`intent:${intentId}`]);
  });

  it.each(['\\ud83d\\ude00', '\\\\u0000 in words', '\\u00e9'])(
    'with the escapes %s, which can be stored, is accepted',
    (escapes) => {
      expect(types(world.ask({ text: `{"text":"${escapes}"}` }))).toEqual(['intent.accepted']);
    },
  );
});

describe('one tool call', () => {
  it('nested so deep that its events could not be read is refused, and none of it is repeated', () => {
    expect(types(world.call('look_up', nested(15)))).toEqual(['intent.accepted', 'action.denied']);
    world = new Desk();
    const refused = only(world.call('look_up', nested(16)), 'countersign.intent.refused.v1');
    expect(refused).toMatchObject({ code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('too deep') });
  });

  it('denied in words that end within a character is denied all the same', () => {
    const rule = defineRule({ name: 'r', title: 'R', decide: () => deny('PERMISSION_DENIED', '😀'.repeat(1_500)) });
    world.desk = deskWith({ rules: [rule] });
    const [, denied] = world.call('pay', small);
    expect(() => jcs(denied!.data)).not.toThrow();
  });

  it('that rules approve is accepted and granted at once, as one warrant', () => {
    const [accepted, approved] = world.call('pay', small);
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
          facts: factsOf({ caseId: 'model', amount: 'model', currency: 'model' }),
          epoch: 1,
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
    const events = world.call(tool, args, {}, isPerson(person));
    expect(types(events)).toEqual(['intent.accepted', 'action.denied']);
    expect(events[1]!.data).toMatchObject({ code, arguments: args, nextStep: expect.any(String) });
  });

  it('in a currency without a limit says so', () => {
    const [, denied] = world.call('pay', { ...small, currency: 'constructor' });
    expect(denied!.data).toMatchObject({ detail: 'no amount of constructo is allowed' });
  });

  it('names the fields that do not fit', () => {
    const [, denied] = world.call('pay', { caseId: 7, amount: '1', extra: true });
    expect((denied!.data as { detail: string }).detail).toMatch(/caseId: .*; currency: .*extra/);
  });

  it('of a read is granted a read, and ends with it', () => {
    const [, approved] = world.call('look_up', { caseId: 'case_7' });
    const warrant = approved!.data as Warrant;
    expect(warrant.grant).toBe('read');
    world.read(warrant, { note: 'n' }, []);
    expect([...world.rows.values()]).toEqual([{ tag: 'ended', outcome: 'read' }]);
  });

  it('as a dry run is granted a preview alone, whoever would have to approve it, and ends with it', () => {
    const [, approved] = world.call('pay', large, { dry_run: true });
    const warrant = approved!.data as Warrant;
    expect(warrant).toMatchObject({ grant: 'preview', dryRun: true });
    const events = world.preview(warrant, { balance: '1' });
    expect([events, [...world.rows.values()]]).toEqual([[], [{ tag: 'ended', outcome: 'previewed' }]]);
  });

  it('as a dry run stays one when its warrant comes back: nobody is asked', () => {
    const [, approved] = world.call('pay', large, { dry_run: true });
    const events = world.return(approved!.data as Warrant, 'PREVIEW_CHANGED', { balance: '1' });
    expect(warrantOf(events)).toMatchObject({ grant: 'preview', dryRun: true });
  });

  it('granted as a commit is not moved by a preview', () => {
    const [, approved] = world.call('pay', small);
    const events = world.preview(approved!.data as Warrant, { balance: '1' });
    expect([events, world.ignored]).toEqual([[], ['no preview was asked for']]);
  });

  it('whose rule needs the effect is decided on the preview', () => {
    const [, asked] = world.call('close', { caseId: 'case_7' });
    const first = asked!.data as Warrant;
    expect(first.grant).toBe('preview');
    const effect = { balance: '0' };
    const commit = warrantOf(world.preview(first, effect));
    expect(commit).toMatchObject({ grant: 'commit', preview: previewOf(effect), idempotencyKey: first.idempotencyKey });
    expect(commit.jti).not.toBe(first.jti);
    expect([world.preview(first, effect), world.ignored]).toEqual([[], ['it answers another warrant']]);
  });

  it('whose effect no rule allows is denied', () => {
    const [, asked] = world.call('close', { caseId: 'case_7' });
    const events = world.preview(asked!.data as Warrant, { debt: '9' });
    expect(denialOf(events)).toMatchObject({ code: 'PERMISSION_DENIED', final: true });
  });

  it('stays open while its commit is in doubt, and ends when that is resolved', () => {
    const [, approved] = world.call('pay', small);
    const { jti } = approved!.data as Warrant;
    const found = {
      ...executed(jti),
      outcome: 'committed' as const,
      by: 'lookup' as const,
      detail: 'found',
      idempotencyKey: 'k',
      result: null,
      recordsChanged: [],
    };
    world.when(resolved, world.record('countersign.action.resolved.v1', found), signed);
    expect([...world.rows.values()]).toEqual([{ tag: 'ended', outcome: 'resolved' }]);
  });
});

describe('a proposal', () => {
  it('nested too deep to be wrapped again is denied without its arguments', () => {
    world.ask();
    expect(denialOf(world.propose('look_up', nested(30)))).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      arguments: {},
    });
  });

  it('is granted on its own row, with where its arguments come from', () => {
    world.ask();
    const read = warrantOf(world.propose('look_up', { caseId: 'case_7' }));
    const recordsRead = [{ system: 'desk', type: 'case', id: 'case_7', version: '3', at: '2026-03-01T09:59:00.000Z' }];
    world.read(read, { note: 'x', owed: { currency: 'EUR' } }, recordsRead);
    const warrant = warrantOf(world.propose('pay', small, { turn: 1 }));
    expect(warrant.facts['provenance']).toEqual({
      caseId: { origin: 'record', ...recordsRead[0], field: 'id', trust: 'system' },
      amount: { origin: 'user', trust: 'user' },
      currency: { origin: 'record', ...recordsRead[0], field: 'owed.currency' },
    });
    expect(warrant.facts['proposedBy']).toBe('model');
  });

  it('is not proven by a read of what the model named itself', () => {
    world.ask({}, isPerson(alice), { text: 'pay 18 €' });
    const read = warrantOf(world.propose('look_up', { caseId: 'case_7' }));
    const recordsRead = [{ system: 'desk', type: 'case', id: 'case_7', version: '3', at: '2026-03-01T09:59:00.000Z' }];
    world.read(read, { note: 'x' }, recordsRead);
    const warrant = warrantOf(world.propose('pay', small, { turn: 1 }));
    expect(warrant.facts['provenance']).toMatchObject({ caseId: { origin: 'record', trust: 'untrusted' } });
  });

  it.each<[string, object, object, string]>([
    ['of an unknown intent', { intentId: 'int_x' }, {}, 'of no intent that may propose'],
    ['of another tenant', {}, { tenantid: 'globex' }, 'of another tenant, session or workflow than its intent'],
    ['of another session', {}, { session: 's-2' }, 'of another tenant, session or workflow than its intent'],
    ['of another workflow', { workflow: 'other' }, {}, 'of another tenant, session or workflow than its intent'],
    ['with an id of its own making', { actionId: 'act_x' }, {}, 'its id does not follow from its place'],
  ])('%s is ignored (2)', (_, data, given, because) => {
    world.ask();
    expect([world.propose('pay', small, {}, data, given), world.ignored]).toEqual([[], [because]]);
  });

  it('of an intent of one tool call is ignored: only its user asks for that', () => {
    world.call('pay', small);
    expect([world.propose('pay', small, { turn: 1 }), world.ignored]).toEqual([[], ['of no intent that may propose']]);
  });

  it('is decided once', () => {
    world.ask();
    world.propose('pay', small);
    expect([world.propose('pay', small), world.ignored]).toEqual([[], ['decided before']]);
  });

  it('after the authority ended is denied, by the time the broker appended it', () => {
    world.ask();
    const late = world.propose('pay', small, {}, {}, { at: T0 + 15 * 60_000 + 1 });
    expect(denialOf(late)).toMatchObject({ code: 'INTENT_ENDED', final: true });
    expect(types(world.propose('pay', small, { turn: 1 }, {}, { at: T0 + 15 * 60_000 }))).toEqual(['action.approved']);
  });

  it('beyond the 32nd is denied', () => {
    world.ask();
    for (let index = 0; index < 32; index++)
      expect(types(world.propose('look_up', { caseId: 'c' }, { index }))).toEqual(['action.approved']);
    expect(denialOf(world.propose('look_up', { caseId: 'c' }, { index: 32 })).code).toBe('LIMIT_EXCEEDED');
  });

  it('that cannot be stored is denied', () => {
    world.ask();
    const events = world.propose('look_up', { caseId: '\u0000' }, {}, {}, { text: '"\\u0000"' });
    expect(denialOf(events)).toMatchObject({ code: 'INVALID_ARGUMENTS', arguments: {} });
  });

  it("that the planner did not sign is ignored, and takes nobody's place (2)", () => {
    world.ask();
    const forged: Checked = { tag: 'not-trusted', because: 'signed by a stranger' };
    expect([world.propose('pay', small, {}, {}, {}, forged), world.ignored]).toEqual([
      [],
      ["not planner's: signed by a stranger"],
    ]);
    expect(types(world.propose('pay', small))).toEqual(['action.approved']);
  });

  it.each<[string, object, object, Checked, string]>([
    ['signed by a stranger', {}, {}, { tag: 'not-trusted', because: 'forged' }, "not planner's: forged"],
    ['of another tenant', {}, { tenantid: 'globex' }, signed, 'of another tenant or session than its intent'],
    ['of another session', {}, { session: 's-2' }, signed, 'of another tenant or session than its intent'],
    ['of another intent', { intentId: 'int_x' }, {}, signed, 'of no intent that may propose'],
  ])('is still heard after a reply %s', (_, data, given, checked, because) => {
    world.ask();
    expect([world.reply(data, checked, given), world.ignored]).toEqual([[], [because]]);
    expect(types(world.propose('pay', small))).toEqual(['action.approved']);
  });

  it('after a reply that looks like one to a single tool call is denied as well (2)', () => {
    world.ask();
    world.reply({ turns: 0, actions: [{ actionId, tool: 'pay', outcome: 'committed' }] });
    expect(denialOf(world.propose('pay', small))).toMatchObject({ code: 'INTENT_ENDED' });
  });

  it('after the reply is denied, and what was granted before goes on (2)', () => {
    world.ask();
    const before = warrantOf(world.propose('look_up', { caseId: 'case_7' }));
    expect(world.reply()).toEqual([]);
    expect(denialOf(world.propose('pay', small, { turn: 1 }))).toMatchObject({
      code: 'INTENT_ENDED',
      detail: 'the authority to propose ended with the reply',
      final: true,
    });
    world.read(before, { note: 'n' }, []);
    expect(world.rows.get(`planned:${before.actionId}`)).toEqual({ tag: 'ended', outcome: 'read' });
  });

  it('of a value the session read or said is granted with what may be opened, of any other denied', () => {
    const [said, known, unknown] = ['a', 'b', 'c'].map((letter) => `tok_${letter.repeat(32)}`) as [
      string,
      string,
      string,
    ];
    world.ask({}, { ...isPerson(alice), said: { text: `pay ${said}`, tokens: [said] } } as Checked);
    const looked = warrantOf(world.propose('look_up', { caseId: 'case_7' }));
    world.read(looked, { note: { $sealed: { token: known, class: 'personal', box: 'AA' } } }, []);
    const warrant = warrantOf(world.propose('look_up', { caseId: `${known} of ${said}` }, { index: 1 }));
    expect([looked.opens, warrant.opens]).toEqual([undefined, [known, said]]);
    expect(denialOf(world.propose('look_up', { caseId: unknown }, { index: 2 }))).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      detail: `${unknown}: not a value this session has read`,
      final: false,
    });
  });
});

describe('who acts for a person', () => {
  it('stands in every event of the intent', () => {
    const act = { sub: 'agent-7' };
    const events = world.call('pay', small, {}, isPerson({ ...alice, act }));
    expect(events.map(({ data }) => (data as { actor: Person }).actor)).toEqual([
      { ...alice, act },
      { ...alice, act },
    ]);
  });
});

describe('what a user says', () => {
  it('goes on as it was sealed, and what he quotes is not his (2)', () => {
    const text = 'pay case_7\n> and 50.00 to case_9';
    const [accepted] = world.ask({}, isPerson(alice), { text });
    expect(accepted!.data).toMatchObject({ text });
    const warrant = warrantOf(world.propose('pay', { ...small, caseId: 'case_9', amount: '50.00' }));
    expect(warrant.facts['provenance']).toEqual({
      caseId: { origin: 'model', trust: 'untrusted' },
      amount: { origin: 'model', trust: 'untrusted' },
      currency: { origin: 'model' },
    });
    world = new Desk();
    const said = { text: 'pay tok', arguments: { caseId: 'tok' }, tokens: ['t'] };
    const [sealed] = world.ask({}, { ...isPerson(alice), said } as Checked, { text: 'pay DE12' });
    expect(sealed!.data).toMatchObject({ text: 'pay tok' });
    world = new Desk();
    const [, granted] = world.call('look_up', { caseId: 'DE12' }, {}, { ...isPerson(alice), said } as Checked);
    expect(granted!.data).toMatchObject({ arguments: { caseId: 'tok' } });
  });
});

describe('the permission map', () => {
  it('escalates the values it names, and its roles decide (3)', () => {
    const approvals = { amount: { when: 'over 10', over: '10', roles: ['lead'] } };
    const tools = desk.workflow.tools.map((tool) =>
      tool.name === 'pay' ? { ...tool, permissions: { ...tool.permissions, approvals } } : tool,
    );
    world.desk = deskWith({ tools });
    const [, first] = world.call('pay', small);
    expect(first!.data).toMatchObject({ grant: 'preview' });
    expect(types(world.preview(first!.data as Warrant, { balance: '1' }))).toEqual(['action.escalated']);
  });

  it('lets nobody in whom the workflow does not, though the tool would (3)', () => {
    world.ask();
    world.desk = deskWith({ roles: ['auditor'] });
    expect(denialOf(world.propose('pay', small)).detail).toBe('desk needs one of the roles auditor');
  });
});
