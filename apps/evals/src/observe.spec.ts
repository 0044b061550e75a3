import { describe, expect, it } from '@jest/globals';
import type { OutRecord } from '@countersign/contracts';
import { observe } from './observe.js';

const action = { actionId: 'act_1', tool: 'pay', actor: { sub: 'alice', roles: ['clerk'] }, rules: [] };
const event = (type: string, data: object): OutRecord => ({
  ...{ topic: 'results', key: 'k', value: JSON.stringify({ ...action, ...data }) },
  headers: { ce_type: `countersign.${type}.v1` },
});
const approved = (grant: string, dryRun = false) => event('action.approved', { grant, dryRun });
const outcomesOf = (...records: OutRecord[]) => observe(records).outcomes.map(({ ends }) => ends);

describe('how an action ended', () => {
  it('a preview on the way to a commit is no end', () => {
    const way = [approved('preview'), event('action.previewed', {}), approved('commit')];
    expect(outcomesOf(...way)).toEqual(['waiting']);
    expect(outcomesOf(...way, event('action.committed', { done: { holds: false } }))).toEqual(['committed']);
    expect(observe([...way, event('action.committed', { done: { holds: false } })]).outcomes[0]!.done).toBe(false);
  });

  it('a preview that is all that was asked for is one', () => {
    expect(outcomesOf(approved('preview', true), event('action.previewed', {}))).toEqual(['previewed']);
  });

  it('what waits for a person waits, and what went back to policy too', () => {
    expect(outcomesOf(event('action.escalated', { approverRoles: ['lead'], approvalsNeeded: 1 }))).toEqual(['waiting']);
    expect(outcomesOf(approved('commit'), event('action.returned', { code: 'STALE_CONTEXT' }))).toEqual(['waiting']);
  });

  it.each(['denied', 'failed', 'blocked', 'in-doubt'])('%s, with its code', (ends) => {
    const [outcome] = observe([event(`action.${ends}`, { code: 'KILLED', detail: 'why' })]).outcomes;
    expect(outcome).toEqual({ actionId: 'act_1', tool: 'pay', ends, code: 'KILLED', detail: 'why' });
  });

  it('in doubt until it is resolved', () => {
    expect(outcomesOf(event('action.in-doubt', { code: 'IN_DOUBT' }), event('action.resolved', {}))).toEqual([
      'resolved',
    ]);
  });
});

describe('what was seen', () => {
  it('of decisions is all of them, each with what belongs to it', () => {
    const asked = { approverRoles: ['lead'], approvalsNeeded: 2 };
    const seen = observe([
      approved('read'),
      event('action.escalated', asked),
      event('action.denied', { code: 'KILLED' }),
    ]);
    expect(
      seen.decisions.map(({ outcome, grant, roles, approvals, code }) => [outcome, grant, roles, approvals, code]),
    ).toEqual([
      ['approved', 'read', undefined, undefined, undefined],
      ['escalated', undefined, ['lead'], 2, undefined],
      ['denied', undefined, undefined, undefined, 'KILLED'],
    ]);
  });

  it('of the model is what it cost, and what it was refused', () => {
    const usage = { prompt: 10, completion: 2 };
    const refused = [{ callId: 'c', code: 'UNKNOWN_TOOL', detail: 'no such tool', nextStep: 'x' }];
    const { modelCalls, refusedCalls } = observe([event('model.called', { usage, durationMs: 7, refused })]);
    expect(modelCalls).toEqual([{ promptTokens: 10, completionTokens: 2, ms: 7 }]);
    expect(refusedCalls).toEqual([{ code: 'UNKNOWN_TOOL', detail: 'no such tool' }]);
  });

  it('is nothing of what other versions wrote', () => {
    expect(observe([event('action.teleported', {})]).outcomes).toEqual([]);
  });
});
