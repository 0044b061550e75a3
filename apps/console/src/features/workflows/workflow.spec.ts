import { describe, expect, it } from '@jest/globals';
import { effectOf, gatesOf, needsOf, releaseOf, type Workflow } from './workflow.js';

const release = {
  current: 'f1',
  previous: 'f0',
  report: { kind: 'release', cases: { passed: 3, failed: 0, errors: 0, skipped: 1 } },
} as Workflow['release'];

describe('a release', () => {
  it('is green for what runs alone', () => {
    expect(releaseOf({ release, fingerprint: 'f1' })[0]).toBe('good');
    expect(releaseOf({ release, fingerprint: 'f0' })[0]).toBe('warn');
    expect(releaseOf({ release, fingerprint: 'f2' })[0]).toBe('bad');
    expect(releaseOf({ release: null as unknown as Workflow['release'], fingerprint: 'f1' })[0]).toBe('warn');
  });
});

describe('the gates of a promotion', () => {
  it('hold, fail, or are not known', () => {
    const known = gatesOf({ release, fingerprint: 'f1' }, undefined);
    expect(known.map(({ holds }) => holds)).toEqual([true, true, undefined, undefined, undefined]);
    const summary = {
      tools: [{ ended: 100, failed: 3 }],
      approvals: { overrideRate: 0.05 },
      incidents: { overdue: 1, open: 2 },
    } as unknown as Parameters<typeof gatesOf>[1];
    expect(gatesOf({ release, fingerprint: 'f2' }, summary).map(({ holds }) => holds)).toEqual([
      false,
      undefined,
      false,
      false,
      true,
    ]);
  });

  it('let the release before run, whose cases are not those of the newest', () => {
    expect(gatesOf({ release, fingerprint: 'f0' }, undefined).map(({ holds }) => holds)).toEqual([
      true,
      ...[undefined, undefined, undefined, undefined],
    ]);
  });

  it('say which of them anything but a person holds to', () => {
    expect(gatesOf({ release, fingerprint: 'f1' }, undefined).map(({ by }) => by)).toEqual([
      'enforced',
      'enforced',
      'advice',
      'advice',
      'advice',
    ]);
  });
});

it('says what a tool does and who has to allow it', () => {
  expect(effectOf({ effect: 'write', reversible: false })).toBe('changes, cannot be undone');
  const permissions = {
    roles: [],
    restricted: [],
    approvals: { amount: { when: 'over 50.00', roles: ['lead', 'admin'], approvals: 2 } },
  };
  expect(needsOf({ permissions })).toEqual(['amount over 50.00: 2 of lead or admin']);
});
