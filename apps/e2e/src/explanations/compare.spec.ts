import { describe, expect, it } from '@jest/globals';
import { actionIdOf, idempotencyKeyOf, intentIdOf, type MetricsSummary } from '@countersign/contracts';
import { flawsOf, places, type Explanation, type Known } from './compare.js';
import { countsOf, differences, saidBy } from './counts.js';
import { KINDS } from './kinds.js';
import type { Told } from './topics.js';

const kind = KINDS.find(({ name }) => name === 'edited')!;
const intentId = intentIdOf('acme', '/e2e', 'r-1');
const actionId = actionIdOf(intentId, 0, 0);
const before = { orderId: 'ord_1', amount: '62.00' };
const after = { ...before, amount: '55.00' };
const key = idempotencyKeyOf('acme', actionId, 1);
const committed: Told = {
  ...{ topic: 'results', partition: 0, offset: '7', at: 7, id: 'evt_c', type: 'action.committed', tenant: 'acme' },
  ...{ intentId, data: { actionId, tool: 'issue_refund' } },
};

/** What is known of a refund that bob lowered and approved. */
const known: Known = {
  asked: {
    kind,
    intent: {
      ...{ id: 'r-1', tenant: 'acme', session: 's', token: 't' },
      data: { workflow: 'support-desk', session: 's', tool: 'issue_refund', arguments: before },
    },
    calls: undefined,
    script: undefined,
  },
  intent: { intentId, state: 'ended', reply: 'Done.', actions: [] },
  action: { actionId, tool: 'issue_refund', state: 'ended', outcome: 'committed' },
  call: { tool: 'issue_refund', arguments: before },
  said: [
    { who: 'bob', said: 'edited', reason: 'less', edit: { before, after } },
    { who: 'bob', said: 'granted', reason: 'fine' },
  ],
  effects: [
    {
      ...{
        seq: 1,
        startedAt: '',
        tenant: 'acme',
        kind: 'refund',
        record: 'ref_1',
        amount: '55.00',
        idempotencyKey: key,
      },
      actor: 'alice',
    },
  ],
  ...{ killed: undefined, handedOn: undefined },
  told: places([committed]),
};

const right: Explanation = {
  did: 'Committed issue_refund once.',
  read: 'helpdesk order ord_1 (version 1).',
  why: 'alice (support-agent) of acme asked for issue_refund.',
  approvedBy: 'bob (support-lead): "fine". bob changed it: "less".',
  outcome: 'committed. The user was told: "Done."',
  sentences: [{ says: 'Committed issue_refund once.', evidence: ['evt_c'] }],
  account: {
    actor: { sub: 'alice', tenant: 'acme' },
    request: { kind: 'action', requestId: 'r-1', text: null },
    ...{ tool: 'issue_refund', dryRun: false, proposed: before, effective: after },
    edits: [{ by: 'bob', reason: 'less', before }],
    decisions: [{ verdict: 'approved', code: null, stage: 'scoped', rules: [] }],
    people: [
      { who: 'bob', said: 'edited', reason: 'less' },
      { who: 'bob', said: 'granted', reason: 'fine' },
    ],
    ...{ expired: [], read: [], changed: [{ type: 'refund', id: 'ref_1', version: '1' }], done: null },
    ...{ outcome: { name: 'committed', code: null }, resolved: null, stoppedBy: [], reply: { text: 'Done.' } },
  },
  evidence: [
    { eventId: 'evt_c', type: 'countersign.action.committed.v1', topic: 'results', partition: 0, offset: '7' },
  ],
  asides: [],
  missing: [],
};
const { account } = right;
const but = (change: Partial<Explanation['account']>): Explanation => ({
  ...right,
  account: { ...account, ...change },
});

describe('an explanation held against the ledgers', () => {
  it('passes when it is as it was', () => expect(flawsOf(right, known)).toEqual([]));

  it.each<[string, Explanation]>([
    ['who asked', but({ actor: { sub: 'bob', tenant: 'acme' } })],
    ['the request', but({ request: { kind: 'action', requestId: 'r-2', text: null } })],
    ['what was asked for', but({ proposed: after })],
    ['what took effect', but({ effective: before })],
    ['what people changed', but({ edits: [] })],
    ['what people said', but({ people: account.people.slice(1) })],
    ['that nobody decided in time', but({ expired: ['2026-01-01T00:00:00Z'] })],
    ['the outcome', but({ outcome: { name: 'failed', code: null } })],
    ['the reply', but({ reply: { text: 'Not done.' } })],
    ['is not among what was changed', but({ changed: [] })],
    ['is not among what was changed', but({ changed: [{ type: 'order', id: 'ord_2', version: '1' }] })],
    ['what stopped it', but({ stoppedBy: [{ scope: 'kill/*', did: 'tripped', by: null, reason: null }] })],
    ['no sentence tells that bob', { ...right, approvedBy: 'Nobody.' }],
    ['why does not name alice', { ...right, why: 'bob (support-lead) of acme asked.' }],
    ['1 effects, and it did', { ...right, did: 'Nothing.' }],
    ['it does not know', { ...right, read: 'Not known: no event that says so is stored.' }],
    ['drawn from nothing', { ...right, sentences: [{ says: 'It is so.', evidence: ['evt_x'] }] }],
    ['missing', { ...right, missing: [{ says: 'the reply' }] }],
    ['is not at results/0@8', { ...right, evidence: [{ ...right.evidence[0]!, offset: '8' }] }],
    ['it does not cite action.committed', { ...right, evidence: [], sentences: [] }],
  ])('says where it differs: %s', (flaw, explanation) => {
    expect(flawsOf(explanation, known).join('\n')).toContain(flaw);
  });

  it.each<[string, Partial<Known>]>([
    ['effects', { effects: [] }],
    ['no sentence tells that carol handed it on', { handedOn: { by: 'carol', to: 'bob', reason: 'yours' } }],
    ['the amount', { effects: [{ ...known.effects[0]!, amount: '62.00' }] }],
    ['for whom', { effects: [{ ...known.effects[0]!, actor: 'bob' }] }],
    ['the key', { effects: [{ ...known.effects[0]!, idempotencyKey: 'other' }] }],
    ['the effect', { effects: [{ ...known.effects[0]!, kind: 'ticket' }] }],
    ['effects', { effects: [known.effects[0]!, known.effects[0]!] }],
  ])('says where the books differ: %s', (flaw, change) => {
    expect(flawsOf(right, { ...known, ...change }).join('\n')).toContain(flaw);
  });
});

describe('figures held against counts', () => {
  it('counts each event once, however often it was published, and says where a figure differs', () => {
    const denied: Told = {
      ...{ ...committed, id: 'evt_d', type: 'action.denied' },
      data: { actionId, code: 'LIMIT_EXCEEDED', rules: [{ rule: 'limit', outcome: 'deny' }] },
    };
    const told = [committed, committed, denied, { ...denied, tenant: 'globex', id: 'evt_g' }];
    const summary = {
      funnel: { intents: 0, proposed: 0, approved: 0, committed: 1 },
      tools: [
        {
          ...{ tool: 'issue_refund', ended: 1, failed: 0, errorRate: 0, byCode: [] },
          outcomes: { read: 0, previewed: 0, drafted: 0, committed: 1, failed: 0 },
        },
      ],
      denials: {
        total: 1,
        byCode: [{ code: 'LIMIT_EXCEEDED', count: 1 }],
        byRule: [{ rule: 'limit', count: 1 }],
        withoutRule: [],
      },
      approvals: {
        ...{ opened: 0, granted: 0, edited: 0, rejected: 0, decided: 0, overrideRate: null, expired: 0 },
        waitSeconds: null,
      },
      ...{ unsent: { blocked: 0, returned: 0, byCode: [] }, drifted: 0, inDoubt: { ever: 0, open: 0 } },
    } as unknown as MetricsSummary;
    expect(differences(saidBy(summary), countsOf(told, 'acme'))).toEqual([]);
    const off = { ...summary, denials: { ...summary.denials, byRule: [] } };
    expect(differences(saidBy(off), countsOf(told, 'acme'))).toEqual([
      'denials.byRule.limit: the summary says undefined, the topics 1',
    ]);
  });
});
