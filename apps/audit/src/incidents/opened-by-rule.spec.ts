import { describe, expect, it } from '@jest/globals';
import type { EventData, Incoming } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import { SHAPES } from '@countersign/evidence/shapes';
import { openedByRule } from './opened-by-rule.js';

const AT = new Date('2026-01-01T00:00:00Z');

function openedIn(shape: string, proved: Partial<StoredRecord> = {}, change = (data: object) => data) {
  return SHAPES[shape]!().trace.flatMap(({ event, topic }) => {
    const signature = topic === 'intents' ? 'not-required' : 'valid';
    const row = { topic, tenant: 'acme', appendedAt: AT, signature, ...proved } as StoredRecord;
    return openedByRule(row, { event: { ...event, data: change(event.data) } } as Incoming);
  });
}
const undone = (data: object) =>
  'done' in data
    ? { ...data, done: { ...(data.done as EventData<'countersign.action.committed.v1'>['done']), holds: false } }
    : data;

describe('what opens an incident by rule', () => {
  it.each([
    ['rejected by a person', 'override'],
    ['the preview changed and a person approved again', 'drifted-preview'],
    ['in doubt and found by look-up', 'in-doubt'],
  ])('%s: %s, for its action', (shape, cause) => {
    const { actionId } = SHAPES[shape]!();
    expect(openedIn(shape)).toMatchObject([{ tenant: 'acme', actionId, cause, at: AT }]);
  });

  it('a commit that did not do what done means', () => {
    const shape = 'approved after a long wait, roles looked up again';
    expect(openedIn(shape, {}, undone)).toMatchObject([{ cause: 'failed-done-check' }]);
    expect(openedIn(shape)).toEqual([]);
  });

  it('nothing that went as it should', () => {
    for (const shape of ['approved by a person', 'denied by rule', 'the target said no', 'nobody decided in time'])
      expect(openedIn(shape)).toEqual([]);
  });

  it('an event that comes twice is the same incident (2)', () => {
    const ids = [...openedIn('rejected by a person'), ...openedIn('rejected by a person')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
  });

  it('nothing that does not prove to be a tenant’s (1)', () => {
    for (const proved of [
      { signature: 'invalid', tenant: 'unverified' },
      { signature: 'absent', tenant: 'acme' },
      { signature: 'valid', tenant: 'unverified' },
      { signature: 'valid', tenant: 'system' },
      { signature: 'valid', tenant: 'x'.repeat(3_000) },
    ] as const)
      expect(openedIn('rejected by a person', proved)).toEqual([]);
    expect(openedByRule({ tenant: 'acme', signature: 'valid' } as StoredRecord, undefined)).toEqual([]);
  });
});
