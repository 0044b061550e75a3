import { beforeEach, describe, expect, it } from '@jest/globals';
import { approvalIdOf, classified, idempotencyKeyOf, type JsonObject } from '@countersign/contracts';
import { defineRule, deny, escalate } from '@countersign/policy-kit';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { z } from 'zod';
import { askedOf, denialOf, Desk, factsOf, large, small, types, warrantOf, type Asked } from './desk.fixture.js';
import { edited } from './edits.js';
import { actionId, alice, bob, carol, desk, deskWith, previewOf, saidBy, T0 } from './world.fixture.js';

let world: Desk;
let asked: Asked;
beforeEach(() => {
  world = new Desk();
  asked = world.escalated();
});
const narrower = { ...large, amount: '180.00' };
const other = { ...large, caseId: 'case_8' };

describe('an edit', () => {
  it('is a new revision: the rules decide again, on a fresh effect, and then a person (1)', () => {
    const fresh = warrantOf(world.edits(asked, bob, narrower));
    expect(fresh).toMatchObject({ grant: 'preview', revision: 1, arguments: narrower, approvers: [] });
    expect(fresh.preview).toBeUndefined();
    const anew = askedOf(world.preview(fresh, { balance: '4' }));
    expect(anew).toMatchObject({ revision: 1, arguments: narrower, preview: previewOf({ balance: '4' }) });
    expect(anew.actionHash).not.toBe(asked.actionHash);
    expect(warrantOf(world.grants(anew, carol))).toMatchObject({
      ...{ grant: 'commit', revision: 1, arguments: narrower },
      idempotencyKey: idempotencyKeyOf('acme', actionId, 1),
    });
  });

  it('keeps what was proposed, what became of it by whom, and what takes effect (4)', () => {
    const first = world.edited(asked, bob, narrower);
    const second = world.edited(first, carol, other, { balance: '3' });
    const edit = { roles: ['lead'], reason: 'looks right', at: new Date(T0).toISOString() };
    const edits = [
      { ...edit, by: 'bob', arguments: large, narrowing: true },
      { ...edit, by: 'carol', arguments: narrower, narrowing: false },
    ];
    expect(second).toMatchObject({ revision: 2, arguments: other, edits });
    expect(warrantOf(world.grants(second, bob)).edits).toEqual(edits);
  });

  it('says of each value that is not as proposed that it is the approver’s', () => {
    expect(world.edited(asked, bob, narrower).provenance).toEqual(
      factsOf({ caseId: 'model', amount: 'approver', currency: 'model' }).provenance,
    );
  });

  it('to what the rules approve by themselves is decided by a person all the same (1)', () => {
    expect(world.edited(asked, bob, small)).toMatchObject({ approverRoles: ['lead'], approvalsNeeded: 1 });
  });

  it('needs as many people as were asked before, at the least', () => {
    world = new Desk();
    const two = world.edited(world.escalated({ ...large, amount: '600.00' }), bob, large);
    expect(two).toMatchObject({ arguments: large, approvalsNeeded: 2 });
    const more = new Desk();
    world = more;
    expect(world.edited(world.escalated(), bob, { ...large, amount: '600.00' })).toMatchObject({ approvalsNeeded: 2 });
  });

  it('that took away may be approved by who made it; any other needs another person', () => {
    expect(types(world.grants(world.edited(asked, bob, narrower), bob))).toEqual(['action.approved']);
    world = new Desk();
    const wider = world.edited(world.escalated(), bob, other);
    expect(askedOf(world.grants(wider, bob)).because).toMatch(/^SELF_APPROVAL: bob changed it/);
    expect(types(world.grants(wider, carol))).toEqual(['action.approved']);
  });

  it('that took away does not undo one that did more', () => {
    const wider = world.edited(asked, bob, { ...large, amount: '300.00' });
    const back = world.edited(wider, bob, large, { balance: '3' });
    expect(askedOf(world.grants(back, bob)).because).toMatch(/^SELF_APPROVAL/);
  });

  it('of a tool that says of none, or fails to say, that it takes away needs another person', () => {
    const tools = (narrows?: () => boolean) =>
      desk.workflow.tools.map(({ narrows: _, ...tool }) => ({ ...tool, ...(narrows ? { narrows } : {}) }));
    const failing = () => {
      throw new Error('no idea');
    };
    for (const loaded of [deskWith({ tools: tools() }), deskWith({ tools: tools(failing) })]) {
      world = new Desk();
      world.desk = loaded;
      const anew = world.edited(world.escalated(), bob, narrower);
      expect(askedOf(world.grants(anew, bob)).because).toMatch(/^SELF_APPROVAL/);
    }
  });

  it('leaves no word of the old effect standing: an approval of it serves no other', () => {
    const fresh = warrantOf(world.edits(asked, bob, narrower));
    expect([world.grants(asked, carol), world.ignored]).toEqual([[], ['nobody is being asked']]);
    world.preview(fresh, { balance: '5' });
    expect(world.grants(asked, carol)).toEqual([]);
    expect(world.rejects(asked, carol)).toEqual([]);
  });

  it('keeps nothing of the first of two who said yes before', () => {
    world = new Desk();
    const two = world.escalated({ ...large, amount: '600.00' });
    world.grants(two, bob);
    const anew = world.edited(two, carol, { ...large, amount: '590.00' });
    expect(world.grants(anew, carol)).toEqual([]);
    expect(warrantOf(world.grants(anew, bob)).approvers.map(({ sub }) => sub)).toEqual(['carol', 'bob']);
  });

  it.each([
    [
      'without a valid token',
      { tag: 'no-approver', because: 'the token has expired' } as const,
      'the token has expired',
    ],
    ['of the requester', saidBy({ ...alice, roles: ['lead'] }), 'SELF_APPROVAL: the approver asked for it'],
    ['of another tenant', saidBy({ ...bob, tenant: 'globex' }), 'the approver is of another tenant'],
    ['without the role', saidBy({ ...bob, roles: ['clerk'] }), 'the approver has none of the roles'],
  ])('%s changes nothing', (_, checked, because) => {
    const by = because.startsWith('SELF') ? alice : bob;
    expect(askedOf(world.edits(asked, by, narrower, checked))).toEqual({ ...asked, because });
  });

  it.each<[string, JsonObject, RegExp]>([
    ['to what it was', large, /^INVALID_ARGUMENTS: nothing was changed/],
    ['that makes a number of a text: an edited argument keeps its type', { ...large, amount: 180 }, /amount: .*string/],
    ['that leaves out a field', { caseId: 'case_7', currency: 'EUR' }, /^INVALID_ARGUMENTS: amount/],
    ['with a field the tool does not have', { ...large, to: 'me' }, /to/],
    ['with a token nobody showed', { ...large, caseId: `tok_${'a'.repeat(32)}` }, /not a value this session has read/],
    ['over a limit', { ...large, amount: '1000.01' }, /^LIMIT_EXCEEDED/],
  ])('%s is not taken: the item stays as it was, and says why (3)', (_, args, because) => {
    expect(askedOf(world.edits(asked, bob, args))).toEqual({ ...asked, because: expect.stringMatching(because) });
    expect(warrantOf(world.grants(asked, carol)).arguments).toEqual(large);
  });

  it('that a rule denies is not taken (3)', () => {
    world.desk = deskWith({
      rules: [
        defineRule({
          ...{ name: 'not-eight', title: 'Not case 8' },
          decide: ({ arguments: { caseId } }) =>
            caseId === 'case_8' ? deny('RECORD_RESTRICTED', 'case 8') : escalate('any', ['lead']),
        }),
      ],
    });
    expect(askedOf(world.edits(asked, bob, other)).because).toBe('RECORD_RESTRICTED: Not case 8: case 8');
  });

  it('after which no role would satisfy both is not taken (3)', () => {
    world.desk = deskWith({ rules: [defineRule({ name: 'boss', title: 'B', decide: () => escalate('x', ['boss']) })] });
    expect(askedOf(world.edits(asked, bob, narrower)).because).toMatch(/^PERMISSION_DENIED: it needs one of boss/);
  });

  it('while a kill switch is on is not taken', () => {
    world.switches.trip();
    expect(askedOf(world.edits(asked, bob, narrower)).because).toMatch(/^KILLED/);
  });

  it('after tool and rules have changed is decided on by those there are now (1)', () => {
    const tools = desk.workflow.tools.map((tool) => ({ ...tool, version: '2.0.0' }));
    world.desk = deskWith({ tools }, 'pv-2');
    expect(world.edited(asked, bob, narrower)).toMatchObject({
      toolVersion: '2.0.0',
      policyVersion: 'pv-2',
      revision: 1,
    });
    world = new Desk();
    asked = world.escalated();
    world.desk = deskWith({ tools: tools.slice(0, 1) });
    expect(denialOf(world.edits(asked, bob, narrower)).code).toBe('UNKNOWN_TOOL');
  });

  it('is taken ten times', () => {
    let current = asked;
    for (let at = 1; at <= 10; at++)
      current = world.edited(current, bob, { ...large, amount: `${190 - at}.00` }, { balance: String(at) });
    expect(askedOf(world.edits(current, bob, small)).because).toMatch(/it was edited 10 times/);
  });

  it('too long to be kept beside every decision is not taken (3)', () => {
    world = new Desk();
    world.desk = long;
    const many = world.escalated({ ...large, note: 'x'.repeat(40_000) });
    const second = world.edited(many, bob, { ...large, note: 'y'.repeat(40_000) });
    expect(askedOf(world.edits(second, bob, { ...large, note: 'z' })).because).toMatch(/too long/);
  });

  it.each(['\u0000', '\ud83d'])('with %j, which nothing can store, is not taken (3)', (character) => {
    const text = JSON.stringify({ arguments: { caseId: character } });
    expect(askedOf(world.edits(asked, bob, { ...large, caseId: character }, saidBy(bob), { text })).because).toMatch(
      /^INVALID_ARGUMENTS/,
    );
  });

  it('is decided on what is there now: that a record it was planned on has changed since ends nothing (1)', () => {
    world = new Desk();
    world.ask();
    const at = new Date(T0).toISOString();
    const seen = [{ system: 'desk', type: 'case', id: 'case_7', version: '3', at }];
    world.read(warrantOf(world.propose('look_up', { caseId: 'case_7' })), { note: 'x' }, seen);
    const first = warrantOf(world.propose('pay', large, { turn: 1 }));
    expect(first.context).toEqual(seen);
    const planned = askedOf(world.preview(first, { balance: '5' }));
    const { revision, actionHash } = planned;
    const given = { actionId: planned.actionId, approvalId: approvalIdOf(planned.actionId, revision, actionHash) };
    const data = { ...world.word(planned, bob, given), arguments: narrower };
    const fresh = world.when(edited, world.record('countersign.approval.edited.v1', data), saidBy(bob));
    expect(warrantOf(fresh)).toMatchObject({ grant: 'preview', revision: 1 });
    expect(warrantOf(fresh).context).toBeUndefined();
  });

  it('at the stage draft-only leads to a draft, at read-only to nothing', () => {
    world.switches.stage('draft-only');
    expect(warrantOf(world.edits(asked, bob, narrower))).toMatchObject({ grant: 'draft', revision: 1, approvers: [] });
    world = new Desk();
    asked = world.escalated();
    world.switches.stage('read-only');
    expect(askedOf(world.edits(asked, bob, narrower)).because).toMatch(/^STAGE_FORBIDS/);
  });

  it('stopped while its effect is computed ends the action, edits and all', () => {
    const fresh = warrantOf(world.edits(asked, bob, narrower));
    world.switches.trip();
    expect(denialOf(world.preview(fresh, { balance: '4' }))).toMatchObject({ code: 'KILLED', edits: [{ by: 'bob' }] });
  });
});

const pay = desk.workflow.tools.find(({ name }) => name === 'pay')!;
const text = classified('internal', z.string().max(100_000).optional());
const long: LoadedWorkflow = deskWith({ tools: [{ ...pay, input: pay.input.extend({ note: text }) }] });

describe('a hidden value', () => {
  const tok = (digit: string) => `tok_${digit.repeat(32)}`;
  const hidden = deskWith({
    tools: [{ ...pay, input: pay.input.extend({ iban: classified('financial', z.string().max(300)) }) }],
  });
  const said = (args: JsonObject, tokens: string[]) => ({ ...saidBy(bob), said: { arguments: args, tokens } });
  beforeEach(() => {
    world = new Desk();
    world.desk = hidden;
    const given = { ...large, iban: tok('1') };
    const person = { tag: 'person' as const, person: alice, expiresAt: T0 + 3_600_000 };
    const [, approved] = world.call('pay', given, {}, { ...person, said: { arguments: given, tokens: [tok('1')] } });
    asked = askedOf(
      world.preview({ jti: (approved!.data as { jti: string }).jti, actionId } as never, { balance: '5' }),
    );
  });

  it('stays what it was, by its token', () => {
    expect(world.edited(asked, bob, { ...narrower, iban: tok('1') })).toMatchObject({ arguments: { iban: tok('1') } });
  });

  it('is not brought in bare: everybody would see it (2)', () => {
    expect(askedOf(world.edits(asked, bob, { ...large, iban: 'DE89 3704' })).because).toMatch(/named by its token/);
  });

  it('is brought in by what the approver said, once that is sealed (2)', () => {
    const args = { ...large, iban: tok('2') };
    expect(askedOf(world.edits(asked, bob, args)).because).toMatch(/not a value this session has read/);
    const fresh = warrantOf(world.edits(asked, bob, { ...large, iban: 'DE89…' }, said(args, [tok('2')])));
    expect(fresh).toMatchObject({ arguments: args, opens: [tok('2')] });
  });
});
