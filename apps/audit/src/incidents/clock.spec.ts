import { describe, expect, it } from '@jest/globals';
import { clockOf, overdueSince } from './clock.js';

const opened = new Date('2026-03-01T10:00:00Z');
const hoursLater = (hours: number) => new Date(opened.getTime() + hours * 3_600_000);
const incident = { openedAt: opened, capturedAt: null, closedAt: null };

describe('the clock of an incident', () => {
  it.each([
    ['23.9 hours later', 23.9, false],
    ['24 hours later', 24, true],
    ['25 hours later', 25, true],
    ['a year later', 8_760, true],
  ])('%s', (_, hours, overdue) => {
    const now = hoursLater(hours);
    expect(clockOf(incident, now)).toEqual({ state: 'open', dueAt: hoursLater(24), overdue, hours: null });
    // What the database asks by is the same.
    expect(opened <= overdueSince(now)).toBe(overdue);
  });

  it('stops when it is captured, however late, and stays so when it is closed', () => {
    const captured = { ...incident, capturedAt: hoursLater(30) };
    expect(clockOf(captured, hoursLater(40))).toMatchObject({ state: 'captured', overdue: false, hours: 30 });
    const closed = { ...captured, closedAt: hoursLater(50) };
    expect(clockOf(closed, hoursLater(60))).toMatchObject({ state: 'closed', overdue: false, hours: 30 });
  });
});
