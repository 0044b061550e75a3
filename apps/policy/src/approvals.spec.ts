import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventIdOf, type Person } from '@countersign/contracts';
import { allow, defineRule, escalate } from '@countersign/policy-kit';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { z } from 'zod';
import { granted } from './approvals.js';
import { askedOf, denialOf, Desk, factsOf, large, small, types, warrantOf } from './desk.fixture.js';
import type { Checked } from './facts.js';
import {
  actionId,
  alice,
  bob,
  carol,
  desk,
  deskWith,
  intentId,
  previewOf,
  saidBy,
  signed,
  T0,
} from './world.fixture.js';
const allowing = defineRule({ name: 'all', title: 'All', decide: () => allow('any') });
const withInput = (more: z.ZodRawShape) => {
  const pay = desk.workflow.tools.find(({ name }) => name === 'pay')!;
  return { ...pay, version: '2.0.0', input: pay.input.extend(more) };
};
const nextTool = desk.workflow.tools.map((tool) => ({ ...tool, version: '2.0.0' }));
let world: Desk;
beforeEach(() => {
  world = new Desk();
});

describe('an escalation', () => {
  it('asks people on the computed effect', () => {
    expect(world.escalated()).toEqual({
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
      recordsRead: [],
      ...{ approverRoles: ['lead'], approvalsNeeded: 1, expiresAt: '2026-03-01T11:00:00.000Z' },
      blast: { amount: { amount: '200.00', currency: 'EUR' }, records: 1, reversible: false, affected: ['case_7'] },
      actionHash: expect.any(String),
      facts: factsOf({ caseId: 'model', amount: 'model', currency: 'model' }),
    });
  });

  it("ends in a commit of at most 60 s after a lead's yes (4)", () => {
    const commit = warrantOf(world.grants(world.escalated(), bob));
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
  ])('is not moved by a yes %s (1)', (_, data, checked, because) => {
    const asked = world.escalated();
    expect(world.grants(asked, bob, data, checked)).toEqual([]);
    expect(world.ignored).toEqual([because]);
    expect(types(world.grants(asked, bob))).toEqual(['action.approved']);
  });

  it.each<[string, Person, Checked, string]>([
    ['with an expired token', bob, { tag: 'no-approver', because: 'the token has expired' }, 'the token has expired'],
    ['of the requester', alice, saidBy({ ...alice, roles: ['lead'] }), 'SELF_APPROVAL: the approver asked for it'],
    ['of another tenant', bob, saidBy({ ...bob, tenant: 'globex' }), 'the approver is of another tenant'],
    ['without the role', bob, saidBy({ ...bob, roles: ['clerk'] }), 'the approver has none of the roles'],
    ['of somebody else than it names', bob, saidBy(carol), 'the token is of somebody else than the approver named'],
  ])('is asked again after a yes %s, once for each, and commits nothing (2)', (_, by, checked, because) => {
    const asked = world.escalated();
    const yes = world.record('countersign.approval.granted.v1', world.word(asked, by), { id: 'evt_yes' });
    const events = world.when(granted, yes, checked);
    expect(events).toMatchObject([
      { id: eventIdOf('countersign.action.escalated.v1', 'evt_yes'), causationid: 'evt_yes', subject: actionId },
    ]);
    expect(askedOf(events)).toEqual({ ...asked, because });
    expect([world.when(granted, yes, checked), world.ignored]).toEqual([[], ['answered before']]);
    expect(types(world.grants(asked, bob))).toEqual(['action.approved']);
  });

  it('ends when a yes was appended after the expiry: whoever gave it is answered', () => {
    const asked = world.escalated();
    const late = world.grants(asked, bob, {}, saidBy(bob), T0 + 3_600_001);
    expect(denialOf(late)).toMatchObject({ code: 'APPROVAL_EXPIRED', final: true });
  });

  it('that needs two people waits for the second, who must be another', () => {
    const asked = world.escalated({ ...small, amount: '600.00' });
    expect(asked.approvalsNeeded).toBe(2);
    expect(world.grants(asked, bob)).toEqual([]);
    expect([world.grants(asked, bob), world.ignored]).toEqual([[], ['bob said so before']]);
    expect(warrantOf(world.grants(asked, carol)).approvers.map(({ sub }) => sub)).toEqual(['bob', 'carol']);
  });

  it('is decided by the rules as they are then: a role that no longer suffices does not (1)', () => {
    const asked = world.escalated();
    world.desk = deskWith({
      rules: [defineRule({ name: 'boss', title: 'The boss decides', decide: () => escalate('large', ['boss']) })],
    });
    expect(denialOf(world.grants(asked, bob)).code).toBe('PREVIEW_CHANGED');
  });

  const nextRules = [
    defineRule({ name: 'chief', title: 'A chief decides', decide: () => escalate('any', ['chief', 'lead'], 2) }),
  ];
  it.each([
    ['a tool', deskWith({ tools: nextTool })],
    ['rules', deskWith({ rules: nextRules }, 'pv-2')],
    ['rules that would ask nobody', deskWith({ rules: [allowing] }, 'pv-2')],
  ])('under %s that changed since is evaluated anew, as another item on a fresh effect (1)', (_, changed) => {
    const asked = world.escalated();
    world.desk = changed;
    const fresh = warrantOf(world.grants(asked, bob));
    expect(fresh).toMatchObject({ grant: 'preview', approvers: [], toolVersion: changed.workflow.tools[0]!.version });
    const anew = askedOf(world.preview(fresh, { balance: '5' }));
    expect(anew).toMatchObject({ policyVersion: changed.policyVersion, toolVersion: fresh.toolVersion });
    expect(anew.actionHash).not.toBe(asked.actionHash);
    expect([world.grants(asked, carol), world.ignored]).toEqual([
      [],
      ['it is about another effect than the one people are asked about'],
    ]);
    const first = world.grants(anew, bob);
    const commit = warrantOf(anew.approvalsNeeded === 2 ? world.grants(anew, carol) : first);
    expect(commit).toMatchObject({ grant: 'commit', policyVersion: changed.policyVersion });
  });

  it.each<[string, LoadedWorkflow, string]>([
    ['is not there any more', deskWith({ tools: desk.workflow.tools.slice(0, 1) }), 'UNKNOWN_TOOL'],
    ['takes other arguments now', deskWith({ tools: [withInput({ iban: z.string() })] }), 'INVALID_ARGUMENTS'],
  ])('of a tool that %s is denied', (_, changed, code) => {
    const asked = world.escalated();
    world.desk = changed;
    expect(denialOf(world.grants(asked, bob)).code).toBe(code);
  });

  it('keeps no yes that was said under other rules, though it waits for the effect (1)', () => {
    world.freshAfterMs = 0;
    const asked = world.escalated();
    world.now += 1;
    const looking = warrantOf(world.grants(asked, bob));
    expect(looking.grant).toBe('preview');
    world.desk = deskWith({}, 'pv-2');
    const people = ['alice', 'bob'].map((sub) => ({
      ...{ sub, roles: [...alice.roles, ...bob.roles], active: true, system: 'desk', at: new Date(T0).toISOString() },
    }));
    expect(types(world.preview(looking, { balance: '5' }, { people }))).toEqual(['action.escalated']);
  });

  it('carries no yes over into what is asked under other rules: it takes as many people as these say (1)', () => {
    const asked = world.escalated({ ...large, amount: '600.00' });
    world.grants(asked, bob);
    const commit = warrantOf(world.grants(asked, carol));
    world.desk = deskWith({}, 'pv-2');
    const anew = askedOf(world.return(commit, 'WARRANT_EXPIRED'));
    expect(world.grants(anew, carol)).toEqual([]);
    expect(warrantOf(world.grants(anew, bob)).approvers.map(({ sub }) => sub)).toEqual(['carol', 'bob']);
  });

  it('of a workflow that is not loaded is an error that parks the record, to be redriven', () => {
    const asked = world.escalated();
    world.desk = { ...desk, workflow: { ...desk.workflow, name: 'other' } };
    expect(() => world.grants(asked, bob)).toThrow('the workflow desk is not loaded any more');
  });

  it('ends with a no, which is final', () => {
    const asked = world.escalated();
    const reject = () => world.rejects(asked, bob);
    expect(denialOf(reject())).toMatchObject({
      code: 'APPROVAL_REJECTED',
      final: true,
      detail: 'bob rejected it: looks right',
    });
    expect(reject()).toEqual([]);
    expect(world.grants(asked, carol)).toEqual([]);
  });

  it('ends when nobody decided in time, and not before', () => {
    const asked = world.escalated();
    const expire = (at: number, checked: Checked = signed) => world.expires(asked, at, checked);
    expect([expire(T0 + 1_800_000), world.ignored]).toEqual([[], ['people still have time']]);
    expect(expire(T0 + 3_600_000, { tag: 'not-trusted', because: 'forged' })).toEqual([]);
    expect(denialOf(expire(T0 + 3_600_000))).toMatchObject({
      code: 'APPROVAL_EXPIRED',
      final: true,
    });
  });
});

describe('while a kill switch stops the call', () => {
  it('no yes counts, a no does, and the item stays open until it is re-armed (3)', () => {
    const asked = world.escalated();
    world.switches.trip();
    const again = askedOf(world.grants(asked, bob));
    expect(again).toEqual({
      ...asked,
      facts: expect.anything(),
      because: expect.stringMatching(/^KILLED: kill.tool.pay/),
    });
    world.switches.rearm();
    expect(warrantOf(world.grants(asked, bob))).toMatchObject({ grant: 'commit', epoch: 3 });

    world = new Desk();
    const other = world.escalated();
    world.switches.trip('kill/*');
    expect(denialOf(world.rejects(other, bob)).code).toBe('APPROVAL_REJECTED');
  });

  it('no word on what has changed since counts either: it is asked again, under what it was asked under (3)', () => {
    const asked = world.escalated();
    world.switches.trip();
    world.desk = deskWith({ tools: nextTool, rules: [allowing] }, 'pv-2');
    const asSeen = { policyVersion: 'pv-1', toolVersion: '1.0.0', actionHash: asked.actionHash };
    for (const again of [world.grants(asked, bob), world.edits(asked, bob, small)])
      expect(askedOf(again)).toMatchObject({ ...asSeen, because: expect.stringMatching(/^KILLED.*re-armed/) });
    world.switches.rearm();
    expect(warrantOf(world.grants(asked, carol)).grant).toBe('preview');
  });

  it('a yes that waits for the effect to be looked at once more does not count: people are asked again (3)', () => {
    world.freshAfterMs = 0;
    const asked = world.escalated();
    world.now += 1;
    const looking = warrantOf(world.grants(asked, bob));
    world.switches.trip();
    const again = world.preview(looking, { balance: '5' }, { people: [] });
    expect(askedOf(again)).toMatchObject({ actionHash: asked.actionHash, because: expect.stringMatching(/^KILLED/) });
    world.switches.rearm();
    expect(warrantOf(world.grants(asked, carol)).approvers.map(({ sub }) => sub)).toEqual(['carol']);
  });

  it('what was said before people were asked again says nothing anew, however often it is delivered (1)', () => {
    world.freshAfterMs = 0;
    const asked = world.escalated();
    world.now += 1;
    const word = world.record('countersign.approval.granted.v1', world.word(asked, bob));
    const deliver = () => world.when(granted, { ...word, record: { ...word.record, offset: 99n } }, saidBy(bob));
    const looking = warrantOf(deliver());
    world.switches.trip();
    world.preview(looking, { balance: '5' }, { people: [] });
    world.switches.rearm();
    expect([deliver(), world.ignored]).toEqual([[], ['answered before']]);
    expect(warrantOf(world.grants(asked, bob)).grant).toBe('preview');
  });

  it('nobody is too late, and afterwards by as much later as it took (3)', () => {
    const minute = 60_000;
    const asked = world.escalated(); // for an hour
    world.switches.trip('kill/tenant/acme', T0 + 50 * minute);
    expect([world.expires(asked, T0 + 80 * minute), world.ignored]).toEqual([[], ['people still have time']]);
    world.switches.rearm('kill/tenant/acme', T0 + 90 * minute);
    expect([world.expires(asked, T0 + 99 * minute), world.ignored]).toEqual([[], ['people still have time']]);
    world.now = T0 + 99 * minute;
    expect(types(world.grants(asked, bob, {}, saidBy(bob), T0 + 99 * minute))).toEqual(['action.approved']);
  });

  it('and after it, it does end: at the later time', () => {
    const minute = 60_000;
    const asked = world.escalated();
    world.switches.trip('kill/*', T0 + 50 * minute).rearm('kill/*', T0 + 90 * minute);
    expect(denialOf(world.grants(asked, bob, {}, saidBy(bob), T0 + 101 * minute))).toMatchObject({
      ...{ code: 'APPROVAL_EXPIRED', detail: 'nobody decided until 2026-03-01T11:40:00.000Z' },
    });
  });
});

describe('what went wrong elsewhere does not here', () => {
  it('a declined tool never executes, whoever says yes afterwards', () => {
    const asked = world.escalated();
    world.rejects(asked, bob);
    expect([...world.grants(asked, carol), ...world.edits(asked, carol, small)]).toEqual([]);
  });

  it('an approval for one call never serves another: not the same again, nor one with other arguments', () => {
    const asked = world.escalated();
    world.grants(asked, bob);
    const row = world.rows.get(`intent:${intentId}`) as { action: object };
    const other = { ...row.action, tag: 'granted', arguments: { ...large, amount: '201.00' } };
    world.rows.set(`intent:${intentId}`, { ...row, action: other });
    const jti = (other as unknown as { jti: string }).jti;
    expect(types(world.return({ jti, actionId }, 'WARRANT_EXPIRED'))).toEqual(['action.escalated']);
  });

  it.each<[string, Checked]>([
    ['unsigned', { tag: 'not-trusted', because: 'it carries no signature' }],
    ['signed by another service', { tag: 'not-trusted', because: 'signed by planner, not by approval' }],
    ['with a token of nobody', { tag: 'no-approver', because: 'the sealed token cannot be opened' }],
    ['signed alone, without a token', signed],
  ])("a client can't forge an approval: %s grants nothing", (_, checked) => {
    const asked = world.escalated();
    expect(types(world.grants(asked, bob, {}, checked)).filter((type) => type === 'action.approved')).toEqual([]);
    expect(types(world.edits(asked, bob, small, checked)).filter((type) => type === 'action.approved')).toEqual([]);
  });
});
