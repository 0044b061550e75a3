import { describe, expect, it } from '@jest/globals';
import { csvOf } from '../../ui/csv.js';
import { keyFigures } from './figures.js';
import { bucketOf, marksOf } from './marks.js';
import { lagPlot, tripsPlot } from './operation-plots.js';
import { plotsOf, type Plot, type Series, type Summary } from './plots.js';
import { axisTime, rangeOf } from './range.js';
import { overviewSearch } from './search.js';
import { duration, percent } from './words.js';

const FROM = '2026-01-01T00:00:00.000Z';
const MIDDLE = '2026-01-01T12:00:00.000Z';
const TO = '2026-01-02T00:00:00.000Z';
const RANGE = { from: FROM, to: TO, buckets: 2, words: 'in the last 24 hours' };

const denials = (total: number, byRule: [string, number][] = [], withoutRule: [string, number][] = []) => ({
  total,
  byRule: byRule.map(([rule, count]) => ({ rule, count })),
  withoutRule: withoutRule.map(([code, count]) => ({ code, count })),
});
const nothing = {
  ...{ granted: 0, edited: 0, rejected: 0, decided: 0 },
  ...{ overrideRate: null, waitSeconds: null as null | { p50: number; p95: number; max: number } },
};
const bucket = (from: string, to: string, told: Partial<Series['data'][number]>): Series['data'][number] => ({
  ...{ from, to, funnel: { intents: 0, proposed: 0, approved: 0, committed: 0 }, denials: denials(0) },
  ...{ approvals: nothing, tools: [], drifted: 0, inDoubt: 0, incidents: 0, ...told },
});
const SUMMARY: Summary = {
  ...{ tenant: 'acme', from: FROM, to: TO },
  funnel: { intents: 2, proposed: 3, approved: 2, committed: 1 },
  refused: { total: 0, byCode: [] },
  tools: [
    {
      ...{ tool: 'get_order', ended: 100, failed: 2, errorRate: 0.02, byCode: [{ code: 'NOT_FOUND', count: 2 }] },
      outcomes: { read: 98, previewed: 0, drafted: 0, committed: 0, failed: 2 },
    },
    {
      ...{
        tool: 'issue_refund',
        ended: 4,
        failed: 1,
        errorRate: 0.25,
        byCode: [{ code: 'UPSTREAM_FAILED', count: 1 }],
      },
      outcomes: { read: 0, previewed: 0, drafted: 0, committed: 3, failed: 1 },
    },
  ],
  denials: { ...denials(4, [['refund-limit', 3]], [['APPROVAL_REJECTED', 1]]), byCode: [] },
  approvals: {
    ...{ opened: 4, granted: 3, edited: 0, rejected: 1, decided: 4, overrideRate: 0.25, expired: 0 },
    waitSeconds: { p50: 60, p95: 3_900, max: 4_000 },
  },
  unsent: { blocked: 0, returned: 0, byCode: [] },
  ...{ drifted: 0, inDoubt: { ever: 1, open: 1 }, parked: 0 },
  incidents: {
    ...{ opened: 1, byCause: [], open: 1, overdue: 1, captured: 0, closed: 0, capturedInTime: 0, hoursToCapture: null },
  },
};
const SERIES: Series = {
  ...{ tenant: 'acme', from: FROM, to: TO, bucketSeconds: 43_200 },
  data: [
    bucket(FROM, MIDDLE, { denials: denials(3, [['refund-limit', 3]]) }),
    bucket(MIDDLE, TO, { denials: denials(1, [], [['APPROVAL_REJECTED', 1]]) }),
  ],
};
const plot = (id: string, summary = SUMMARY, series = SERIES): Plot =>
  plotsOf(summary, series, RANGE).find((one) => one.id === id)!;

describe('plots', () => {
  it('say what is seen', () => {
    expect(plotsOf(SUMMARY, SERIES, RANGE).map(({ title }) => title)).toEqual([
      '4 denials in the last 24 hours, most by “refund limit”',
      'People changed or refused 1 of 4 proposals (25 %)',
      '1 of 2 tools is over the objective of 2 % errors: issue refund',
      'Half of the approvals were decided within 1 min 00 s, 95 % within 1 h 05 min',
      'Of 2 intents, 3 actions came, 2 approved, 1 committed',
    ]);
  });

  it('draw denials by rule, by code where no rule asked for them, and their file has the same', () => {
    const { chart, figures } = plot('denials');
    expect(chart).toMatchObject({
      series: ['refund limit', 'approval rejected'],
      points: [{ values: [3, 0] }, { values: [0, 1] }],
    });
    expect(csvOf(figures).split('\r\n').slice(0, 3)).toEqual([
      '"From","refund limit","approval rejected","Denials"',
      `"${FROM}",3,0,3`,
      `"${MIDDLE}",0,1,1`,
    ]);
  });

  it('put the rarest of many reasons together, and lose none', () => {
    const many = Array.from({ length: 9 }, (_, n): [string, number] => [`rule-${n}`, 9 - n]);
    const all = { ...SUMMARY, denials: { ...denials(45, many), byCode: [] } };
    const { chart } = plot('denials', all, { ...SERIES, data: [bucket(FROM, TO, { denials: denials(45, many) })] });
    expect(chart).toMatchObject({ points: [{ values: [9, 8, 7, 6, 5, 10] }] });
    expect(chart?.series).toHaveLength(6);
  });

  it('call a tool over its objective only above it', () => {
    expect(plot('tool-errors').chart).toMatchObject({
      bars: [
        { name: 'issue refund', values: [null, 0.25] },
        { name: 'get order', values: [0.02, null] },
      ],
    });
  });

  it('say what nothing means', () => {
    const fresh: Summary = {
      ...SUMMARY,
      ...{ funnel: { intents: 0, proposed: 0, approved: 0, committed: 0 }, tools: [] },
      denials: { ...denials(0), byCode: [] },
      approvals: { ...SUMMARY.approvals, decided: 0, overrideRate: null, waitSeconds: null },
    };
    for (const { chart, empty } of plotsOf(fresh, { ...SERIES, data: [bucket(FROM, TO, {})] }, RANGE))
      expect({ chart, empty }).toEqual({ chart: undefined, empty: expect.any(String) });
  });

  it('never call unknown nothing', () => {
    const policy = { service: 'policy', reachable: true, lag: 0 };
    expect(lagPlot([policy]).title).toBe('No service is behind');
    expect(lagPlot([policy, { service: 'planner', reachable: false }])).toMatchObject({
      title: 'Unknown: planner does not answer',
      figures: {
        rows: [
          ['policy', 0],
          ['planner', 'unknown'],
        ],
      },
    });
    expect(lagPlot([{ ...policy, lag: 12 }]).title).toBe('1 service is behind, policy by 12 records');
    const trip = change('kill/tool/issue_refund', true, MIDDLE);
    expect(tripsPlot([{ ...trip, tookMs: null, inForce: false }], RANGE).title).toMatch(/^Unknown: 1 trip/);
    expect(tripsPlot([trip, change('kill/*', true, TO)], RANGE).title).toBe('1 trip, in force after 25 ms');
  });
});

const change = (scope: string, killed: boolean, at: string) => ({
  ...{ scope, killed, at, reason: 'INC-42', by: 'sam', epoch: 1, inForce: true, tookMs: 25 },
  applied: { acknowledged: 2, instances: 2 },
});

describe('marks', () => {
  it('are what was changed in the range, in its order; what was refused or only tried is none', () => {
    const told = {
      ...{ workflow: 'support-desk', fingerprint: 'f', at: MIDDLE, standing: null, id: null, by: null },
      report: { kind: 'rollback' as const, at: MIDDLE, reason: 'worse' },
    };
    const refused = { code: 'PERMISSION_DENIED', detail: '', nextStep: '' };
    const marks = marksOf(
      [
        change('kill/tool/issue_refund', false, '2026-01-01T13:00:00.000Z'),
        change('kill/tool/issue_refund', true, FROM),
        { ...change('kill/*', false, MIDDLE), refused },
        change('kill/*', true, TO),
      ],
      [
        { ...told, epoch: 3 },
        { ...told, epoch: null },
      ],
      FROM,
      TO,
    );
    expect(marks.map(({ n, kind, words }) => [n, kind, words])).toEqual([
      [1, 'trip', 'sam stopped the tool issue refund: INC-42'],
      [2, 'release', 'support-desk was rolled back: worse'],
      [3, 're-arm', 'sam let the tool issue refund go on: INC-42'],
    ]);
  });

  it('fall into the stretch that has begun', () => {
    expect(bucketOf('2026-01-01T11:59:59.999Z', [FROM, MIDDLE])).toBe(FROM);
    expect(bucketOf(MIDDLE, [FROM, MIDDLE])).toBe(MIDDLE);
  });
});

describe('the range', () => {
  it('ends with this minute, so that it is the same within it', () => {
    const at = (seconds: number) => rangeOf({ range: 'hour' }, Date.parse(FROM) + seconds * 1000);
    expect(at(0)).toMatchObject({ from: '2025-12-31T23:01:00.000Z', to: '2026-01-01T00:01:00.000Z', buckets: 30 });
    expect(at(59)).toEqual(at(0));
    expect(at(60)).not.toEqual(at(0));
    expect(rangeOf({ range: 'custom', from: FROM, to: TO }, 0)).toMatchObject({ from: FROM, to: TO });
  });

  it('is read from the address as far as it is one', () => {
    expect(overviewSearch({ range: 'custom', from: FROM, to: TO, tables: ['lag', 3] })).toEqual({
      ...{ range: 'custom', from: FROM, to: TO, tables: ['lag'] },
    });
    for (const given of [{ range: 'day' }, { range: 'x' }, { range: 'custom', from: TO, to: FROM }, { tables: 'lag' }])
      expect(overviewSearch(given)).toEqual({});
  });

  it('names its points as shortly as it is clear', () => {
    expect(axisTime(MIDDLE, { from: FROM, to: TO })).toMatch(/^\d\d:\d\d$/);
    expect(axisTime(MIDDLE, { from: FROM, to: '2026-01-07T00:00:00.000Z' })).toMatch(/^\w{3}.* \d\d:\d\d$/);
  });
});

it('says numbers as people do', () => {
  expect([0, 0.004, 0.25, 1, null].map(percent)).toEqual(['0 %', '0.4 %', '25 %', '100 %', 'none']);
  expect([0.025, 1.44, 59.6, 3_900].map(duration)).toEqual(['25 ms', '1.4 s', '1 min 00 s', '1 h 05 min']);
  expect(keyFigures(SUMMARY).filter(({ tone }) => tone === 'warn')).toMatchObject([
    { label: 'In doubt', detail: '1 not resolved' },
    { label: 'Incidents opened', detail: '1 overdue' },
  ]);
});
