import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explain } from './explain.js';
import { mainAction, SHAPES, Story } from './shapes.fixture.js';

const shapes = Object.entries(SHAPES);

describe('an explanation', () => {
  it.each(shapes)('of %s is whole', (_, shape) => {
    const { actionId, trace } = shape();
    const explanation = explain(actionId, trace)!;
    expect(explanation.missing).toEqual([]);
    for (const part of [
      explanation.did,
      explanation.read,
      explanation.why,
      explanation.approvedBy,
      explanation.outcome,
    ]) {
      expect(part).not.toMatch(/not known|not stored/i);
    }
  });

  it.each(shapes)('of %s names what is missing when any one piece of its evidence is gone', (_, shape) => {
    const { actionId, trace } = shape();
    for (const { eventId, type } of explain(actionId, trace)!.evidence) {
      const without = explain(
        actionId,
        trace.filter(({ event }) => event.id !== eventId),
      )!;
      expect({ type, named: without.missing.some(({ oneOf }) => oneOf.includes(type)) }).toEqual({ type, named: true });
      expect(without.evidence.map((evidence) => evidence.eventId)).not.toContain(eventId);
    }
  });

  it('names something whenever anything is gone, and says nothing of an action that was done by what is gone', () => {
    const subsets = fc.constantFrom(...shapes).chain(([, shape]) => {
      const { actionId, trace } = shape();
      return fc.record({ actionId: fc.constant(actionId), whole: fc.constant(trace), kept: fc.subarray(trace) });
    });
    fc.assert(
      fc.property(subsets, ({ actionId, whole, kept }) => {
        const cited = new Set(explain(actionId, whole)!.evidence.map(({ eventId }) => eventId));
        const explanation = explain(actionId, kept);
        if (!explanation || whole.filter(({ event }) => cited.has(event.id)).every((stored) => kept.includes(stored)))
          return;
        expect(explanation.missing.length).toBeGreaterThan(0);
        const ids = new Set(kept.map(({ event }) => event.id));
        expect(explanation.evidence.every(({ eventId }) => ids.has(eventId))).toBe(true);
        if (!kept.some(({ event }) => event.type === 'countersign.action.committed.v1'))
          expect(explanation.did).not.toMatch(/^Committed .* once/);
        if (!kept.some(({ event }) => event.type === 'countersign.action.approved.v1'))
          expect(explanation.approvedBy).not.toMatch(/support-lead\) at/);
      }),
      { seed: 7, numRuns: 400 },
    );
  });

  it('cites its events in the order they were appended', () => {
    const { actionId, trace } = SHAPES['approved by a person']!();
    const { evidence } = explain(actionId, trace)!;
    expect(evidence.map(({ type }) => type.split('.').slice(1, 3).join('.'))).toEqual([
      'intent.requested',
      'intent.accepted',
      'action.read',
      'model.called',
      'action.proposed',
      'action.approved',
      'action.previewed',
      'action.escalated',
      'approval.opened',
      'approval.granted',
      'action.approved',
      'action.committed',
      'reply.sent',
    ]);
  });

  it('reads as sentences', () => {
    const { actionId, trace } = SHAPES['approved by a person']!();
    expect(explain(actionId, trace)).toMatchObject({
      did: 'Committed issue_refund {"orderId":"ord_1002","amount":"900.00","currency":"EUR"} once, changing helpdesk order ord_1002 (now version 4).',
      read: 'helpdesk order ord_1002 (version 3).',
      why: expect.stringContaining(
        'alice (support-agent) of acme asked "refund 900 EUR on ord_1002"; the model proposed it in turn 1',
      ),
      approvedBy: 'bob (support-lead) at 2026-01-01T09:00:01.300Z: "seen".',
      outcome: 'committed at 2026-01-01T09:00:01.400Z. The user was told: "Done."',
    });
  });

  it('of an action that waits for a person says so', () => {
    const { actionId, trace } = new Story().intent().propose().escalate('h1').unfinished();
    const explanation = explain(actionId, trace)!;
    expect(explanation.approvedBy).toBe('Nobody yet: it waits for a person, or what was decided is not stored.');
    expect(explanation.missing.map(({ says }) => says)).toEqual(["a person's decision, or the end of the time for it"]);
  });

  it('of an approval that policy ignored is not taken for an approval', () => {
    const { actionId, trace } = new Story().intent().propose().escalate('h1').person('granted', 'h1').unfinished();
    expect(explain(actionId, trace)!.approvedBy).toMatch(/^Not known: bob approved it/);
  });

  it('does not take a later repeat of the request for the one that was accepted', () => {
    const { actionId, trace } = SHAPES['a commit by rule at once']!();
    const [request, ...others] = trace;
    const repeat = { ...request!, at: '2026-01-01T10:00:00.000Z', offset: '99' };
    expect(explain(actionId, [...others, repeat])!.missing).toMatchObject([
      { oneOf: ['countersign.intent.requested.v1'] },
    ]);
  });

  it('is undefined for an action nothing speaks of', () => {
    expect(explain('act_other', SHAPES['a dry run']!().trace)).toBeUndefined();
    expect(explain(mainAction, [])).toBeUndefined();
  });
});
