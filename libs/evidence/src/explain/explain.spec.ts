import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explain } from './explain.js';
import { SHAPES } from './shapes.fixture.js';
import { mainAction, Story, type Shape } from './story.fixture.js';
import type { Stored } from './story.js';

const shapes = Object.entries(SHAPES);

const REFUSALS = ['countersign.control.refused.v1', 'countersign.action.unsettled.v1'];
/** An attempt that changed nothing and its refusal: when both are gone, nothing that is left has ever heard of it. */
function withoutAsides(lost: Stored[]): Stored[] {
  const ids = new Set(lost.map(({ event }) => event.id));
  const refusals = lost.filter(({ event }) => REFUSALS.includes(event.type) && ids.has(event.causationid));
  const aside = new Set(refusals.flatMap(({ event }) => [event.id, event.causationid]));
  return lost.filter(({ event }) => !aside.has(event.id));
}

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
        const lost = whole.filter((stored) => cited.has(stored.event.id) && !kept.includes(stored));
        if (!explanation || withoutAsides(lost).length === 0) return;
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

  it.each(shapes)('of %s draws every sentence from events that it cites', (_, shape) => {
    const { actionId, trace } = shape();
    const { evidence, asides, sentences, ...texts } = explain(actionId, trace)!;
    const cited = new Set([...evidence, ...asides].map(({ eventId }) => eventId));
    for (const { part, says, evidence: from } of sentences) {
      expect({ says, from: from.length > 0 && from.every((id) => cited.has(id)) }).toEqual({ says, from: true });
      expect(texts[part]).toContain(says);
    }
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

  it('says which switch stopped an action, who tripped it as they say, when and why, and what became of each re-arm', () => {
    const { why } = told(SHAPES['denied while a kill switch is on that a stranger tried to re-arm']!());
    expect(why).toContain(
      'kill/tool/issue_refund was tripped, as it says, by ops at 2026-01-01T09:00:00.400Z: "INC-42"; an attempt at 2026-01-01T09:00:00.600Z to have kill/tool/issue_refund re-armed was refused (UNAUTHENTICATED) and changed nothing.',
    );
    expect(why).not.toMatch(/kill\/\*|globex|by sam/);
    const rearmed = told(SHAPES['blocked after the switch was re-armed, since it was decided on before']!());
    expect(rearmed.why).toContain('kill/tool/issue_refund was re-armed by sam at');
    expect(rearmed.did).toBe(
      'Nothing: issue_refund {"orderId":"ord_1002","amount":"900.00","currency":"EUR"} was blocked before it was sent.',
    );
  });

  it('takes nobody’s word for a re-arm or a stage but that of policy', () => {
    const { actionId, trace } = new Story()
      .control('kill/tool/issue_refund', { killed: true }, 'applied')
      .control('kill/tool/issue_refund', { killed: false, by: 'sam' })
      .intent()
      .propose()
      .deny('KILLED', 'kill/tool/issue_refund is on')
      .reply('denied');
    const { why, missing } = explain(actionId, trace)!;
    expect(why).toContain('was tripped by somebody who did not say who at');
    expect(why).toContain('was re-armed, which policy has not confirmed, at');
    expect(missing).toMatchObject([{ oneOf: ['countersign.control.applied.v1', 'countersign.control.refused.v1'] }]);
  });

  it('names the stage in force, the narrower first, and says at which stage it was decided', () => {
    const { why } = told(SHAPES['forbidden by a stage that was set']!());
    expect(why).toContain('stage/workflow/support-desk/tenant/acme was set to draft-only by ruth at');
    expect(why).not.toContain('set to scoped');
    expect(told(SHAPES['drafted, since the stage allows no more']!())).toMatchObject({
      did: expect.stringContaining('Drafted issue_refund'),
      why: expect.stringContaining('granted draft at the stage draft-only'),
      approvedBy: 'No person was needed: a draft changes nothing.',
    });
  });

  it('says what was proposed, who changed it, what took effect, and who approved that', () => {
    const { did, approvedBy } = told(SHAPES['changed by a person, and approved by another']!());
    expect(did).toContain('Committed issue_refund {"orderId":"ord_1002","amount":"450.00","currency":"EUR"} once');
    expect(approvedBy).toMatch(/^bob \(support-lead\) at .*"seen"\. What was proposed was .*"900\.00"/);
    expect(approvedBy).toMatch(
      /; carol \(support-lead\) changed it, which only takes away, to .*"450\.00".* at .*: "half is due"\.$/,
    );
  });

  it('of a doubt that a person settled says who, when and why, and whom policy did not believe', () => {
    const { did, outcome, said } = told(
      SHAPES['in doubt and settled by a person after another whom policy did not believe']!(),
    );
    expect(did).toMatch(/^By the word of bob, issue_refund .* was committed; what it changed at the target is not/);
    expect(outcome).toContain(
      '. bob (support-lead) said at 2026-01-01T09:00:00.800Z that it committed: "it is there".',
    );
    expect(said).toContain(
      'policy did not take the verdict of carol (committed): UNAUTHENTICATED, the token has expired',
    );
  });

  it('of a verdict that a look-up was faster than asks for no answer of policy', () => {
    const { actionId, trace } = new Story()
      .intent()
      .propose()
      .grant({ grant: 'commit', jti: 'j' })
      .inDoubt('j')
      .verdict('bob', true)
      .resolved('j', 'lookup')
      .reply('resolved');
    const without = trace.filter(({ event }) => event.type !== 'countersign.action.settled.v1');
    expect(explain(actionId, without)!.missing).toEqual([]);
  });

  it('of several people names each, how many it took, and whom it still waits for', () => {
    const { approvedBy, why } = told(SHAPES['approved by the two people it takes']!());
    expect(approvedBy).toMatch(
      /^bob \(support-lead\) at .*; carol \(support-lead\) at .*"\. 2 people were needed\. bob \(support-lead\) handed it on to carol at .*: "knows her"\.$/,
    );
    expect(why).toContain('asked for 2 people by large: escalate, over 50');
    const half = new Story().intent().propose().escalate('h1', undefined, 2).person('granted', 'h1').unfinished();
    expect(explain(half.actionId, half.trace)!.missing.map(({ says }) => says)).toEqual([
      'what 1 more of those asked decided, or the end of the time for it',
    ]);
  });

  it('says who was shown sealed values, who handed it on and that it was an incident, apart from what it rests on', () => {
    const { actionId, trace } = SHAPES['approved by the two people it takes']!();
    const { asides, evidence } = explain(actionId, trace)!;
    expect(asides.map(({ says }) => says)).toEqual([
      'bob was shown 1 sealed value of it',
      'bob handed it on to carol until 2026-01-01T09:15:00.000Z: "knows her"',
      'audra was shown 1 sealed value of this trace: "INC-42"',
      'sam opened an incident: "paid twice"',
    ]);
    const ids = new Set(asides.map(({ eventId }) => eventId));
    expect(evidence.filter(({ eventId }) => ids.has(eventId))).toEqual([]);
  });

  it('says what the executor handed back, and after which action the model proposed anew', () => {
    const { why } = told(SHAPES['the preview changed and a person approved again']!());
    expect(why).toMatch(
      /granted commit .*; the executor sent nothing and handed it back \(PREVIEW_CHANGED\); policy pv1 asked/,
    );
    expect(told(SHAPES['proposed anew after another went stale']!()).why).toContain(
      'the model proposed it in turn 1, after issue_refund was denied (STALE_CONTEXT)',
    );
  });

  it('says the same as values', () => {
    const account = (name: keyof typeof SHAPES) => {
      const { actionId, trace } = SHAPES[name]!();
      return explain(actionId, trace)!.account;
    };
    expect(account('changed by a person, and approved by another')).toMatchObject({
      ...{ actor: { sub: 'alice', tenant: 'acme' }, tool: 'issue_refund', dryRun: false },
      ...{ proposed: { amount: '900.00' }, effective: { amount: '450.00' } },
      edits: [{ by: 'carol', reason: 'half is due', narrowing: true, before: { amount: '900.00' } }],
      people: [
        { who: 'carol', said: 'edited', reason: 'half is due' },
        { who: 'bob', said: 'granted', reason: 'seen' },
      ],
      read: [{ type: 'order', id: 'ord_1002', version: '3' }],
      changed: [{ type: 'order', id: 'ord_1002', version: '4' }],
      outcome: { name: 'committed', code: null },
      reply: { text: 'Done.' },
    });
    expect(account('in doubt and settled by a person')).toMatchObject({
      resolved: { outcome: 'committed', by: 'person' },
      people: [{ who: 'bob', said: 'committed', reason: 'it is there' }],
    });
    expect(account('denied while a kill switch is on that a stranger tried to re-arm').stoppedBy).toMatchObject([
      { scope: 'kill/tool/issue_refund', did: 'tripped', by: 'ops', reason: 'INC-42', verdict: 'applied' },
      { did: 're-armed', by: 'sam', verdict: 'refused' },
    ]);
    expect(account('nobody decided in time')).toMatchObject({ expired: [expect.any(String)], people: [] });
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
