import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explain } from './explain.js';
import { mainAction, SHAPES, Story, type Shape } from './shapes.fixture.js';

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

  const told = (shape: Shape) => {
    const { evidence, ...explanation } = explain(shape.actionId, shape.trace)!;
    return { ...explanation, said: evidence.map(({ says }) => says).join('\n') };
  };

  it('says through whom a person acted, as the token names them, the first first', () => {
    const act = { sub: 'agent-7', act: { sub: 'chat-app' } };
    const { why, said } = told(
      new Story().by(act).intent().propose().grant({ grant: 'commit', jti: 'j' }).committed('j').reply('committed'),
    );
    expect(why).toContain('alice (support-agent) of acme through chat-app, then agent-7 asked "refund');
    expect(said).toContain('policy verified alice (support-agent) of acme through chat-app, then agent-7 and accepted');
  });

  it('says whether done holds, as read from the system of record after the commit', () => {
    const commit = (holds: boolean) =>
      told(new Story().intent().propose().grant({ grant: 'commit', jti: 'j' }).committed('j', holds).reply('committed'))
        .did;
    const from = 'as read from helpdesk order ord_1002 (version 4) after the commit.';
    expect(commit(true)).toContain(`Done, which means "the order shows the refund", holds, ${from}`);
    expect(commit(false)).toContain(
      `Done, which means "the order shows the refund", DOES NOT HOLD (no refund of 900.00 stands there), ${from}`,
    );
  });

  it('says for auditors why nothing was found, where the event tells it', () => {
    const failed = (auditCode?: 'TENANT_MISMATCH') =>
      told(
        new Story()
          .intent()
          .propose()
          .grant({ grant: 'commit', jti: 'j' })
          .failed('j', 'NOT_FOUND', auditCode)
          .reply('failed'),
      );
    expect(failed('TENANT_MISMATCH').outcome).toMatch(/^failed \(NOT_FOUND\), for auditors TENANT_MISMATCH, at /);
    expect(JSON.stringify(failed())).not.toContain('auditors');
  });

  it('says what a commit rests on, and whose roles were looked up again', () => {
    const record = { system: 'helpdesk', type: 'order', id: 'ord_9', version: '8', at: '2026-01-01T09:00:00.000Z' };
    const member = { sub: 'bob', roles: [], active: true, system: 'helpdesk', at: record.at };
    const { said } = told(
      new Story()
        .intent()
        .propose()
        .grant({ grant: 'preview', jti: 'p', people: ['alice', 'bob'] })
        .previewed('p', 'pre_1', [member])
        .grant({ grant: 'commit', jti: 'j', preview: 'pre_1', context: [record] })
        .committed('j')
        .reply('committed'),
    );
    expect(said).toContain('to look up whether alice and bob still may');
    expect(said).toContain('bob is without a role by helpdesk');
    expect(said).toContain('resting on helpdesk order ord_9 (version 8)');
  });

  it("shows what sender and model say for themselves as claims, and a reply's flag", () => {
    const { said, outcome } = told(
      new Story()
        .intent()
        .propose(mainAction, 1, 'issue_refund', 'the lead agreed')
        .deny('PERMISSION_DENIED')
        .reply('denied', [], 'it claims a refund that no record shows'),
    );
    expect(said).toContain('/apps/shop published, claiming to be for alice of acme: "refund 900 EUR');
    expect(said).toContain('in turn 1; as a claim: "the lead agreed"');
    expect(outcome).toContain(
      `The user was told in place of the model's words, which were set aside (it claims a refund that no record shows): "Done."`,
    );
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
