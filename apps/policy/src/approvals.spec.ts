import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventIdOf, type Person } from '@countersign/contracts';
import { defineRule, escalate } from '@countersign/policy-kit';
import { granted } from './approvals.js';
import { askedOf, denialOf, Desk, large, small, types, warrantOf } from './desk.fixture.js';
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

  it('of a tool that was replaced since is denied: nobody looked at the new one', () => {
    const asked = world.escalated();
    world.desk = deskWith({ tools: desk.workflow.tools.map((tool) => ({ ...tool, version: '2.0.0' })) });
    expect(denialOf(world.grants(asked, bob)).code).toBe('UNKNOWN_TOOL');
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
