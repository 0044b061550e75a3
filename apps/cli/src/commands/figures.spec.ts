import { expect, it } from '@jest/globals';
import type { AccessReview, MetricsSummary } from '@countersign/contracts';
import { reviewText, summaryText } from './figures.js';

const at = '2026-03-01T10:00:00.000Z';
const SUMMARY: MetricsSummary = {
  ...{ tenant: 'acme', from: at, to: at, drifted: 1, parked: 0 },
  funnel: { intents: 10, proposed: 14, approved: 11, committed: 3 },
  refused: { total: 0, byCode: [] },
  tools: [
    {
      ...{
        tool: 'issue_refund',
        ended: 9,
        failed: 1,
        errorRate: 1 / 9,
        byCode: [{ code: 'UPSTREAM_FAILED', count: 1 }],
      },
      outcomes: { read: 0, previewed: 5, drafted: 0, committed: 3, failed: 1 },
    },
  ],
  denials: {
    total: 2,
    byCode: [{ code: 'LIMIT_EXCEEDED', count: 2 }],
    byRule: [{ rule: 'too-much', count: 2 }],
    withoutRule: [],
  },
  approvals: {
    ...{ opened: 5, granted: 3, edited: 0, rejected: 1, decided: 4, overrideRate: 0.25, expired: 1 },
    waitSeconds: { p50: 61, p95: 300.04, max: 320 },
  },
  unsent: { blocked: 1, returned: 1, byCode: [{ code: 'KILLED', count: 1 }] },
  inDoubt: { ever: 2, open: 1 },
  incidents: {
    ...{ opened: 3, open: 2, overdue: 1, captured: 1, closed: 0, capturedInTime: 0.5 },
    byCause: [
      { cause: 'override', count: 2 },
      { cause: 'in-doubt', count: 1 },
    ],
    hoursToCapture: { p50: 3, p95: 3, max: 3 },
  },
};

it('figures, as people read them', () => {
  const text = summaryText(SUMMARY);
  for (const line of [
    /^funnel +10 intents → 14 proposed → 11 approved → 3 committed$/m,
    /^denied +2 \(LIMIT_EXCEEDED 2\)$/m,
    /^override +25\.0 % of 4 decided$/m,
    /^incidents +3 \(override 2, in-doubt 1\): 2 open, 1 overdue, 1 captured \(50\.0 % within 24 h, p50 3\.0 h, at most 3\.0 h\), 0 closed$/m,
    /^waits +p50 61\.0 s, p95 300\.0 s, at most 320\.0 s$/m,
    /^issue_refund +9 +1 +11\.1 % +UPSTREAM_FAILED 1$/m,
  ])
    expect(text).toMatch(line);
  const none = { ...SUMMARY, tools: [], approvals: { ...SUMMARY.approvals, overrideRate: null, waitSeconds: null } };
  expect(summaryText(none)).toMatch(/^waits +-$[^]*No tool was used\.$/m);
});

it('an access review, as people read it', () => {
  const done = { granted: 1, edited: 0, rejected: 0, settled: 0, lastAt: at };
  const line = { workflow: 'desk', tool: 'issue_refund', seenAt: at, ...done };
  const review: AccessReview = {
    ...{ tenant: 'acme', at, nextCursor: null },
    data: [
      { ...line, person: 'bob', mayApprove: true, approvals: ['large'], roles: ['support-lead'] },
      { ...line, person: null, mayApprove: false, approvals: [], roles: [], lastAt: null },
    ],
  };
  expect(reviewText(review)).toMatch(/bob +yes: large +support-lead +1 +0 +0 +0 +2026/);
  expect(reviewText(review)).toMatch(/nobody who was seen +no +-/);
});
