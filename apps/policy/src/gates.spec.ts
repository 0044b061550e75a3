import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Stage } from '@countersign/contracts';
import { allow, defineRule, escalate } from '@countersign/policy-kit';
import { denialOf, Desk, executed, large, small, types, warrantOf, type Warrant } from './desk.fixture.js';
import { undone } from './results.js';
import { alice, bob, deskWith, intentId, isPerson, signed, Switchboard } from './world.fixture.js';

const caseOnly = { caseId: 'case_7' } as never;
let world: Desk;
beforeEach(() => {
  world = new Desk();
});
const granted = (args = small, data = {}, tool = 'pay') => {
  const [, decided] = world.call(tool, args, data);
  return decided!.data as Warrant;
};
const codeOf = (args = small, data = {}, tool = 'pay') => (granted(args, data, tool) as { code?: string }).code;

describe('what is not released', () => {
  const as = (fingerprints: string[], ...call: Parameters<typeof granted>) => {
    world = new Desk();
    for (const fingerprint of fingerprints) world.switches.release(fingerprint);
    return granted(...call);
  };

  it('only reads and runs dry (3)', () => {
    const withdrawn = ['fp-2', 'fp-3'];
    const refused = { code: 'NOT_RELEASED', final: false, facts: { stage: 'scoped', released: false } };
    expect(as(withdrawn)).toMatchObject({ ...refused, nextStep: expect.stringContaining('publish a release') });
    expect(as(withdrawn, large)).toMatchObject(refused);
    expect(as(withdrawn, caseOnly, {}, 'close')).toMatchObject(refused);
    expect(as(withdrawn, small, { dry_run: true }).grant).toBe('preview');
    expect(as(withdrawn, caseOnly, {}, 'look_up').grant).toBe('read');
  });

  it('is what is neither the fingerprint released last nor the one before it', () => {
    expect(as(['fp-2']).grant).toBe('commit');
    expect(as(['fp-2', 'fp-3'])).toMatchObject({ code: 'NOT_RELEASED' });
    expect(as(['fp-2', 'fp-3', 'fp-1']).grant).toBe('commit');
  });

  it('is not granted its commit by people either (3)', () => {
    const asked = world.escalated();
    world.switches.release('fp-2').release('fp-3');
    expect(denialOf(world.grants(asked, bob)).code).toBe('NOT_RELEASED');
  });
});

describe('a kill switch', () => {
  it.each(['kill/*', 'kill/tenant/acme', 'kill/workflow/desk', 'kill/tool/pay'])('%s stops its calls (1)', (scope) => {
    world.switches.trip(scope);
    const [accepted, denied] = world.call('pay', small);
    expect(accepted!.type).toBe('countersign.intent.accepted.v1');
    expect(denied!.data).toMatchObject({ code: 'KILLED', final: false, detail: `${scope} is on` });
    expect(denied!.data).toMatchObject({ facts: { stage: 'scoped', switches: [scope] } });
  });

  it.each(['kill/tenant/globex', 'kill/workflow/other', 'kill/tool/close'])('%s stops no other', (scope) => {
    world.switches.trip(scope);
    expect(granted().grant).toBe('commit');
  });

  it('of another tenant, workflow or tool stands in no decision', () => {
    world.switches
      .trip('kill/tenant/globex')
      .trip('kill/workflow/other')
      .trip('kill/tool/wire')
      .trip('kill/tool/close');
    expect(granted().facts).toMatchObject({ switches: ['kill/tool/close'] });
  });

  it('stops reads, dry runs and proposals too (1)', () => {
    world.switches.trip('kill/*');
    expect(codeOf({ caseId: 'case_7' } as never, {}, 'look_up')).toBe('KILLED');
    world = new Desk();
    world.switches.trip('kill/*');
    expect(codeOf(small, { dry_run: true })).toBe('KILLED');
    world = new Desk();
    world.ask();
    world.switches.trip('kill/*');
    expect(denialOf(world.propose('pay', small)).code).toBe('KILLED');
  });

  it('lets a call that is none be told so', () => {
    world.switches.trip('kill/*');
    expect(codeOf({} as never)).toBe('INVALID_ARGUMENTS');
  });

  it('stops what was on its way: the preview it waited for, and the warrant that came back', () => {
    const preview = granted(large);
    world.switches.trip();
    expect(denialOf(world.preview(preview, { balance: '5' })).code).toBe('KILLED');
    world = new Desk();
    const commit = granted();
    world.switches.trip();
    expect(denialOf(world.return(commit, 'WARRANT_EXPIRED')).code).toBe('KILLED');
  });

  it('ends what the executor blocked', () => {
    const commit = granted();
    const { recordsRead: _, ...said } = executed(commit.jti);
    const blocked = { ...said, code: 'KILLED' as const, detail: 'd', nextStep: 'n' };
    expect(world.when(undone('blocked'), world.record('countersign.action.blocked.v1', blocked), signed)).toEqual([]);
    expect(world.rows.get(`intent:${intentId}`)).toEqual({ tag: 'ended', outcome: 'blocked' });
  });

  it('is not remembered by what is asked for after the re-arm: its warrant has a later epoch', () => {
    world.switches.trip().rearm();
    expect(granted()).toMatchObject({ grant: 'commit', epoch: 3 });
  });
});

describe('a stage', () => {
  const grants = (stage: Stage, args: typeof small, data = {}, tool = 'pay') => {
    world = new Desk();
    world.switches.stage(stage);
    const { grant, code } = granted(args, data, tool) as { grant?: string; code?: string };
    return grant ?? code;
  };

  it.each<[Stage, string, string, string, string, string]>([
    ['read-only', 'STAGE_FORBIDS', 'STAGE_FORBIDS', 'STAGE_FORBIDS', 'preview', 'read'],
    ['draft-only', 'draft', 'draft', 'preview', 'preview', 'read'],
    ['scoped', 'commit', 'preview', 'preview', 'preview', 'read'],
  ])('%s: small %s, large %s, by its effect %s, dry run %s, read %s (2)', (stage, ...expected) => {
    expect([
      grants(stage, small),
      grants(stage, large),
      grants(stage, caseOnly, {}, 'close'),
      grants(stage, small, { dry_run: true }),
      grants(stage, caseOnly, {}, 'look_up'),
    ]).toEqual(expected);
  });

  it('is read-only where nobody set one (2)', () => {
    world.switches = new Switchboard();
    const [, denied] = world.call('pay', small);
    expect(denied!.data).toMatchObject({
      ...{ code: 'STAGE_FORBIDS', final: false, detail: 'desk is at the stage read-only for acme' },
      facts: { stage: 'read-only', released: true, switches: [] },
    });
  });

  it('of the tenant goes before the one of the workflow', () => {
    world.switches.stage('draft-only', 'stage/workflow/desk/tenant/acme');
    expect(granted().grant).toBe('draft');
    world = new Desk();
    world.switches.stage('draft-only', 'stage/workflow/desk/tenant/globex');
    expect(granted().grant).toBe('commit');
  });

  it('draft-only makes a draft of what a rule decides by its effect, once it is there; a refusal stays one', () => {
    world.switches.stage('draft-only');
    const preview = granted(caseOnly, {}, 'close');
    expect(warrantOf(world.preview(preview, { balance: '0' })).grant).toBe('draft');
    world = new Desk();
    world.switches.stage('draft-only');
    expect(denialOf(world.preview(granted(caseOnly, {}, 'close'), { debt: '1' })).code).toBe('PERMISSION_DENIED');
  });

  it('lowered while people are asked lets their yes do no more than it allows', () => {
    const asked = world.escalated();
    world.switches.stage('draft-only');
    expect(warrantOf(world.grants(asked, bob)).grant).toBe('draft');
    world = new Desk();
    const other = world.escalated();
    world.switches.stage('read-only');
    expect(denialOf(world.grants(other, bob)).code).toBe('STAGE_FORBIDS');
  });

  it('lowered while a warrant is out decides what becomes of it when it comes back', () => {
    const commit = granted();
    world.switches.stage('read-only');
    expect(denialOf(world.return(commit, 'WARRANT_EXPIRED')).code).toBe('STAGE_FORBIDS');
  });

  it('and the switches are told to rules that need them, and stand in the decision', () => {
    const careful = defineRule({
      ...{ name: 'careful', title: 'Careful', needs: ['stage', 'switches'] },
      decide: ({ stage, switches }) =>
        stage === 'scoped' && switches?.length === 0 ? allow('calm') : escalate('not calm', ['lead']),
    });
    world.desk = deskWith({ rules: [careful] });
    expect(granted()).toMatchObject({ grant: 'commit', facts: { stage: 'scoped', switches: [] } });
    world = new Desk();
    world.desk = deskWith({ rules: [careful] });
    world.switches.trip('kill/tool/close');
    expect(granted()).toMatchObject({ grant: 'preview', facts: { switches: ['kill/tool/close'] } });
  });
});

it('unsure is never yes: a rule whose stage is not known, a role nobody has, a yes of nobody', () => {
  expect(codeOf(small, {}, 'unheard_of')).toBe('UNKNOWN_TOOL');
  world = new Desk();
  const asked = world.escalated();
  expect(types(world.grants(asked, alice, {}, { tag: 'no-approver', because: 'unknown' }))).toEqual([
    'action.escalated',
  ]);
  world = new Desk();
  const [, denied] = world.call('pay', small, {}, isPerson({ ...alice, roles: ['auditor'] }));
  expect(denied!.data).toMatchObject({ code: 'PERMISSION_DENIED' });
});
