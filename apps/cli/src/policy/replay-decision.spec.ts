import { describe, expect, it } from '@jest/globals';
import { allow, defineRule, deny, escalate, pass } from '@countersign/policy-kit';
import { decisionsIn, type StoredRecord } from './decisions.js';
import {
  approved,
  denied,
  deskWith,
  EFFECT,
  escalated,
  factsOf,
  previewed,
  proposed,
  upTo,
} from './pay-desk.fixture.js';
import { replay } from './replay-decision.js';
import { reportOf } from './replay-report.js';

const again = (records: StoredRecord[], ...rules: Parameters<typeof deskWith>) =>
  replay(deskWith(...rules), decisionsIn(records));
const pays = upTo(100);
const REFUSED = { rules: [{ rule: 'pays', outcome: 'pass' as const, reason: 'more than 10' }] };

describe('a decision made once more', () => {
  it('under the same rules is the same', () => {
    const [first] = again([approved()], pays);
    expect(first).toMatchObject({
      ...{ tag: 'replayed', actionId: 'act_1', revision: 0, actor: 'alice', tool: 'pay', differs: false, by: [] },
      ...{ amount: { amount: '18.00', currency: 'EUR' }, was: { verdict: 'approve' }, would: { verdict: 'approve' } },
    });
  });

  it.each<[string, StoredRecord, ReturnType<typeof defineRule>[], object]>([
    [
      'an approval that would be denied',
      approved(),
      [upTo(10)],
      {
        would: { verdict: 'deny', code: 'PERMISSION_DENIED' },
        by: [
          { rule: 'pays', was: 'allow', would: 'pass', reason: 'more than 10' },
          { rule: 'PERMISSION_DENIED', would: 'deny', reason: 'no rule allows pay here' },
        ],
      },
    ],
    [
      'an approval that people would decide',
      approved(),
      [pays, defineRule({ name: 'new', title: 'New', decide: () => escalate('odd', ['boss']) })],
      {
        would: { verdict: 'escalate', roles: ['boss'], approvals: 1 },
        by: [{ rule: 'new', was: undefined, would: 'escalate', reason: 'odd' }],
      },
    ],
    [
      'a denial that would be an approval',
      denied(REFUSED),
      [pays],
      { was: { verdict: 'deny' }, would: { verdict: 'approve' } },
    ],
    [
      'a denial of another code',
      denied({ rules: [{ rule: 'pays', outcome: 'deny', reason: 'x' }] }),
      [defineRule({ name: 'pays', title: 'Pays', decide: () => deny('LIMIT_EXCEEDED', 'y') })],
      { was: { code: 'PERMISSION_DENIED' }, would: { code: 'LIMIT_EXCEEDED' } },
    ],
    [
      'a question to other people',
      escalated({ approverRoles: ['owner'] }),
      [pays],
      { was: { roles: ['owner'] }, would: { roles: ['boss'] } },
    ],
    ['a question to more people', escalated({ approvalsNeeded: 2 }), [pays], { would: { approvals: 1 } }],
    [
      'more than one action may take now',
      approved({ arguments: { amount: '1000.01', currency: 'EUR' } }),
      [upTo(2_000)],
      { would: { verdict: 'deny', code: 'LIMIT_EXCEEDED' }, by: [{ rule: 'pays' }, { rule: 'LIMIT_EXCEEDED' }] },
    ],
    ['a tool that is gone', approved({ tool: 'wire' }), [pays], { would: { verdict: 'deny', code: 'UNKNOWN_TOOL' } }],
    [
      'an effect that was not computed then',
      approved(),
      [pays, defineRule({ name: 'seen', title: 'Seen', needs: ['preview'], decide: () => pass('') })],
      { would: { verdict: 'needs-preview' } },
    ],
  ])('differs: %s', (_, record, rules, expected) => {
    expect(again([record], ...rules)[0]).toMatchObject({ differs: true, ...expected });
  });

  it('is made on what it was made on: preview, history, stage and switches', () => {
    const counts = defineRule({
      name: 'counts',
      title: 'Counts',
      needs: ['preview', 'stage', 'switches'],
      history: () => [{ as: 'mine', per: 'user', window: 'ever' }],
      decide: ({ history, stage, switches, preview, now, provenance, proposedBy }) =>
        allow(JSON.stringify([history['mine']!.open, stage, switches, preview, now, provenance, proposedBy])),
    });
    const mine = { open: 3, actions: 0, records: 0, amounts: {} };
    const facts = factsOf({
      ...{ history: { 'counts/mine': mine }, stage: 'draft-only', switches: ['kill/*'] },
      ...{ provenance: { amount: { origin: 'user' } }, proposedBy: 'model' },
    });
    const [first] = again([previewed(), denied({ ...REFUSED, facts })], counts);
    expect(first).toMatchObject({
      by: [
        { rule: 'pays' },
        {
          rule: 'counts',
          reason: JSON.stringify([
            3,
            'draft-only',
            ['kill/*'],
            EFFECT,
            '2026-03-01T10:00:00.000Z',
            { amount: { origin: 'user' } },
            'model',
          ]),
        },
      ],
    });
  });

  it('rests on no preview of a revision before, nor one of other rules', () => {
    const seen = defineRule({ name: 'seen', title: 'Seen', needs: ['preview'], decide: () => allow('') });
    const records = [previewed(), approved({ grant: 'preview' }), denied({ ...REFUSED })];
    expect(again(records, seen)[0]).toMatchObject({ would: { verdict: 'needs-preview' } });
  });

  it('of a dry run is one of a dry run', () => {
    const real = defineRule({
      name: 'real',
      title: 'Real',
      decide: ({ dryRun }) => (dryRun ? deny('KILLED', '') : allow('')),
    });
    expect(again([proposed(true), denied(REFUSED)], real)[0]).toMatchObject({ would: { code: 'KILLED' } });
    expect(again([proposed(false), denied(REFUSED)], real)[0]).toMatchObject({ would: { verdict: 'approve' } });
    const accepted = { action: { actionId: 'act_1', dryRun: true } };
    const begun = { at: '', type: 'countersign.intent.accepted.v1', data: accepted };
    expect(again([begun, denied(REFUSED)], real)[0]).toMatchObject({ would: { code: 'KILLED' } });
  });

  it('goes by what the rules said, whatever people made of it', () => {
    const granted = escalated();
    const approvers = [{ sub: 'bob', roles: ['boss'], reason: 'ok', at: '2026-03-01T10:00:00.000Z' }];
    const { rules, arguments: args } = granted.data as { rules: []; arguments: object };
    const yes = approved({ approvers, preview: EFFECT, rules, arguments: args as { amount: string } });
    const no = denied({ code: 'APPROVAL_REJECTED', rules: [] });
    for (const records of [
      [granted, yes],
      [granted, { ...no, data: { ...(no.data as object), facts: undefined } }],
    ])
      expect(again(records as StoredRecord[], pays)).toMatchObject([
        { tag: 'replayed', was: { verdict: 'escalate' }, would: { verdict: 'escalate' }, differs: false },
      ]);
  });

  it('that an edit asked people about is what its rules said', () => {
    const at = '2026-03-01T10:00:00.000Z';
    const edits = [{ by: 'bob', roles: ['boss'], reason: 'x', at, arguments: {}, narrowing: true }];
    const record = escalated({ edits, approverRoles: ['owner'] });
    expect(again([record], pays)[0]).toMatchObject({ was: { verdict: 'escalate' }, differs: false });
  });

  it('whose rules asked for people no single role satisfies was a denial', () => {
    const rules = [{ rule: 'pays', outcome: 'escalate' as const, reason: '' }];
    expect(again([denied({ rules })], pays)[0]).toMatchObject({ was: { verdict: 'deny' }, differs: true });
    expect(again([denied({ rules, code: 'PREVIEW_CHANGED' })], pays)[0]).toMatchObject({
      was: { verdict: 'escalate' },
    });
  });

  it('counts once a revision', () => {
    const edited = escalated({ revision: 1 });
    expect(again([approved({ grant: 'preview' }), escalated(), escalated(), edited], pays)).toHaveLength(2);
  });

  it('before its preview came is compared with as much', () => {
    const seen = defineRule({ name: 'seen', title: 'Seen', needs: ['preview'], decide: () => pass('') });
    const waiting = approved({ grant: 'preview' });
    expect(again([waiting], pays, seen)[0]).toMatchObject({ was: { verdict: 'needs-preview' }, differs: false });
    expect(again([waiting], pays)[0]).toMatchObject({ would: { verdict: 'approve' }, differs: true });
    const dry = approved({ grant: 'preview', dryRun: true });
    expect(again([proposed(true), dry], pays)[0]).toMatchObject({ was: { verdict: 'approve' }, differs: false });
  });

  it.each<[string, StoredRecord, string]>([
    ['no facts', escalated({ facts: undefined as never }), 'the facts its rules looked at were not kept'],
    ['half of them', approved({ facts: { provenance: {} } }), 'the facts its rules looked at were not kept'],
  ])('is not replayable with %s', (_, record, because) => {
    expect(again([record], pays)).toMatchObject([{ tag: 'not-replayable', because }]);
  });

  it('is not replayable where a rule counts what was not counted then', () => {
    const counts = defineRule({
      name: 'counts',
      title: 'Counts',
      history: () => [{ as: 'mine', per: 'user', window: 'ever' }],
      decide: () => allow(''),
    });
    expect(again([approved()], counts)).toMatchObject([
      { tag: 'not-replayable', because: 'the rule counts counts mine, which was not counted then' },
    ]);
  });

  it.each(['KILLED', 'INVALID_ARGUMENTS', 'RATE_LIMITED'] as const)(
    'is nothing of the rules where %s came first',
    (code) => {
      const facts =
        code === 'KILLED' ? { stage: 'scoped', switches: ['kill/*'], now: '2026-03-01T10:00:00.000Z' } : undefined;
      const record = denied({ code, rules: [], ...(facts ? { facts } : {}) });
      if (!facts) delete (record.data as { facts?: unknown }).facts;
      expect(again([record], pays)).toMatchObject([{ tag: 'not-by-rules', code }]);
    },
  );

  it('is of the workflow that was named', () => {
    expect(again([approved({ workflow: 'other' })], pays)).toEqual([]);
    expect(replay(deskWith(pays), decisionsIn([approved({ workflow: 'other' })]), 'other')).toHaveLength(1);
  });

  it('that cannot be read is left out', () => {
    expect(decisionsIn([{ at: '', type: 'countersign.action.denied.v1', data: { code: 'KILLED' } }])).toEqual([]);
    expect(decisionsIn([{ at: '', type: null, data: 'x' }])).toEqual([]);
  });
});

describe('the report', () => {
  it('sums what would differ by kind of change and currency', () => {
    const of = (actionId: string, amount: string, currency = 'EUR') =>
      approved({ actionId, arguments: { amount, currency } });
    const records = [
      of('a', '18.00'),
      of('b', '20.5'),
      of('c', '7.00', 'USD'),
      of('d', '5.00'),
      denied({ actionId: 'e', ...REFUSED }),
    ];
    const killed = { tag: 'not-by-rules' as const, at: '', actionId: 'f', code: 'KILLED' };
    const about = { workflow: 'pay-desk', since: '', against: '', policyVersion: '', traces: 1 };
    const report = reportOf(about, [...again(records, upTo(6)), killed, killed]);
    expect(report).toMatchObject({ replayed: 5, notByRules: { KILLED: 2 }, notReplayable: {} });
    expect(report.sums).toEqual([{ change: 'approve → deny', actions: 3, amounts: { EUR: '38.50', USD: '7.00' } }]);
  });
});
