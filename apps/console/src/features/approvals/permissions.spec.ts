import { describe, expect, it } from '@jest/globals';
import type { Whole } from './item.js';
import { isNextFor, whyNot } from './permissions.js';

const NOW = Date.parse('2026-03-01T10:00:00Z');
const of = (more: object = {}) =>
  ({
    ...{ status: 'open', requestedBy: 'alice', expiresAt: '2026-03-01T11:00:00Z', claim: null, claimedByMe: false },
    ...{ decisions: [], approvalsNeeded: 2 },
    ...more,
  }) as unknown as Whole;
const said = (sub: string, at: string) => ({ decision: 'approve', approver: { sub, roles: [] }, reason: 'ok', at });

describe('what one may do with an item', () => {
  it('is everything, where nothing is in the way', () => {
    expect(whyNot(of(), 'bob', NOW)).toEqual({});
    expect(isNextFor(of(), 'bob', NOW)).toBe(true);
  });

  it.each([
    ['what one asked for oneself', of({ requestedBy: 'bob' }), 'You asked for it'],
    ['what has ended', of({ status: 'approved' }), 'no longer open'],
    ['what ran out while one looked', of({ expiresAt: '2026-03-01T09:59:59Z' }), 'time is up'],
    ["another's claim", of({ claim: { by: 'carol', until: '' } }), 'Leave it to carol'],
    ['what one has approved already', of({ decisions: [said('bob', '2026-03-01T09:00:00Z')] }), 'another person'],
  ])('is nothing of %s, and says why', (_, item, because) => {
    const why = whyNot(item, 'bob', NOW);
    expect(Object.keys(why).sort()).toEqual(['approve', 'claim', 'edit', 'reject']);
    expect(why.approve).toContain(because);
    expect(isNextFor(item, 'bob', NOW)).toBe(false);
  });

  it('is a no alone while a switch holds it', () => {
    expect(whyNot(of({ paused: true, expiresAt: null }), 'bob', NOW).reject).toBeUndefined();
    expect(whyNot(of({ paused: true, expiresAt: null }), 'bob', NOW).approve).toContain('kill switch');
  });

  it('is no approval of what one widened oneself, and one of what one narrowed', () => {
    const edited = (narrowing: boolean) => of({ edits: { history: [{ by: 'bob', narrowing }] } });
    expect(Object.keys(whyNot(edited(false), 'bob', NOW))).toEqual(['approve']);
    expect(whyNot(edited(true), 'bob', NOW)).toEqual({});
    expect(whyNot(edited(false), 'carol', NOW)).toEqual({});
  });

  it('counts anew once it was opened again', () => {
    const reopened = { at: '2026-03-01T09:30:00Z', because: 'the token had run out' };
    expect(whyNot(of({ reopened, decisions: [said('bob', '2026-03-01T09:00:00Z')] }), 'bob', NOW)).toEqual({});
    expect(
      whyNot(of({ reopened, decisions: [said('bob', '2026-03-01T09:40:00Z')] }), 'bob', NOW).approve,
    ).toBeDefined();
  });
});
