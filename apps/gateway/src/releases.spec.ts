import { describe, expect, it } from '@jest/globals';
import type { ReleaseReport } from '@countersign/evals/release';
import type { Ack } from './control-acks.js';
import { releasesOf, releaseShown, runSchema, runsOf, shownTo } from './releases.js';

const passed: ReleaseReport = {
  ...{ kind: 'release', at: '2026-03-01T09:00:00.000Z', verdict: 'pass', casesDigest: 'c', model: 'recorded' },
  ...{ cases: { passed: 74, failed: 0, errors: 0, skipped: 0 }, generated: 10 },
};
const back: ReleaseReport = { kind: 'rollback', at: '2026-03-01T11:00:00.000Z', reason: 'INC-42' };
const at = (epoch: number) => new Date(Date.UTC(2026, 2, 1, 10, epoch)).toISOString();
const ack = (epoch: number, fingerprint: string, report: ReleaseReport = passed, workflow = 'desk'): Ack => ({
  ...{ tag: 'applied', ackedAt: 0, cause: `e${epoch}` },
  data: {
    ...{ scope: `release/workflow/${workflow}`, epoch, service: 'policy', instance: 'policy-1', at: at(epoch) },
    value: { fingerprint, report, signature: 's' } as never,
  },
});

describe('releases, as the gateway shows them', () => {
  const acks = [
    ack(1, 'f1'),
    ack(2, 'f2'),
    ack(2, 'f2'),
    ack(3, 'o1', passed, 'other'),
    ack(4, 'f1', back),
    ack(5, 'f3'),
  ];

  it('are what policy applied, each once, and a rollback takes away what it withdraws', () => {
    const [desk, other] = releasesOf(acks);
    expect(shownTo(desk, 'f1')).toEqual({ current: 'f3', previous: 'f1', at: at(5), report: passed, serves: true });
    expect(shownTo(desk, 'f2')).toMatchObject({ serves: false });
    expect(shownTo(other, 'o1')).toMatchObject({ current: 'o1', previous: null, serves: true });
    expect(shownTo(undefined, 'f1')).toBeNull();
    expect(releaseShown.safeParse(shownTo(desk, 'f1')).success).toBe(true);
  });

  it('are listed newest first, with what stands', () => {
    const runs = runsOf(releasesOf(acks));
    expect(runs.map(({ fingerprint, standing }) => `${fingerprint} ${standing}`)).toEqual([
      ...['f3 current', 'f1 previous', 'o1 current', 'f2 null', 'f1 null'],
    ]);
    expect(runs.every((run) => runSchema.safeParse({ ...run, id: null, by: null }).success)).toBe(true);
  });
});
