import { describe, expect, it } from '@jest/globals';
import type { Incoming } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import { SHAPES } from '@countersign/evidence/shapes';
import { countedOf } from './counted.js';

const AT = new Date('2026-01-01T00:00:00Z');

function linesOf(shape: string, proved: Partial<StoredRecord> = {}) {
  return SHAPES[shape]!().trace.flatMap(({ event, topic }) => {
    const signature = topic === 'intents' ? 'not-required' : 'valid';
    const row = { topic, id: event.id, tenant: 'acme', claimedTenant: 'acme', appendedAt: AT, signature, ...proved };
    return countedOf(row as StoredRecord, { event } as Incoming);
  });
}
const countedIn = (shape: string) => linesOf(shape).map(({ figure }) => figure);

describe('what a record adds to the figures', () => {
  it.each([
    ['a commit by rule at once', ['accepted', 'proposed', 'approved', 'committed']],
    ['denied by rule', ['accepted', 'proposed', 'denied']],
    // Of two grants the first lets nothing be done yet.
    ['denied on its preview', ['accepted', 'proposed', 'previewed', 'denied']],
    ['a dry run', ['asked', 'approved', 'previewed']],
    ['the target said no', ['accepted', 'proposed', 'approved', 'failed']],
    ['in doubt and settled by a person', ['accepted', 'proposed', 'approved', 'in-doubt', 'settled', 'resolved']],
  ])('%s', (shape, figures) => expect(countedIn(shape)).toEqual(figures));

  it('an action is approved once, however many warrants it takes (guarantee 2)', () => {
    const lines = linesOf('the preview changed and a person approved again');
    const main = lines.filter(({ figure }) => figure === 'approved').map(({ key }) => key);
    expect([main.length, new Set(main).size]).toEqual([3, 2]);
  });

  it('what a person decided follows the item it was said of', () => {
    const lines = linesOf('approved by the two people it takes');
    const opened = lines.find(({ figure }) => figure === 'opened')!;
    expect(lines.filter(({ figure }) => figure === 'granted')).toMatchObject([
      { person: 'bob', roles: ['support-lead'], follows: opened.key },
      { person: 'carol', roles: ['support-lead'], follows: opened.key },
    ]);
  });

  it('nothing that proves to be nobody’s counts, but what cannot be read, for who it claims to be (guarantee 1)', () => {
    for (const proved of [
      { signature: 'invalid', tenant: 'unverified' },
      { signature: 'absent', tenant: 'acme' },
      { signature: 'valid', tenant: 'unverified' },
      { signature: 'valid', tenant: 'system' },
    ] as const)
      expect(linesOf('the target said no', proved)).toEqual([]);
    const place = { topic: 'results', partition: 2, offset: '7', appendedAt: AT } as const;
    const unreadable = (claimedTenant: string) =>
      countedOf(
        { ...place, claimedTenant, tenant: 'unverified', signature: 'not-required' } as StoredRecord,
        undefined,
      );
    expect(unreadable('acme')).toMatchObject([{ tenant: 'acme', figure: 'unreadable', key: 'results/2/7' }]);
    expect([...unreadable(''), ...unreadable('unverified'), ...unreadable('system')]).toEqual([]);
    // Longer than an index takes: its insert would fail, and with it that of every record it came with.
    expect(unreadable('x'.repeat(3_000))).toEqual([]);
  });

  it('no tool is named by what a model asked for (guarantee 3)', () => {
    const named = Object.keys(SHAPES).flatMap((shape) => linesOf(shape).filter(({ tool }) => tool !== null));
    expect(named.map(({ figure }) => figure)).not.toEqual(expect.arrayContaining(['proposed']));
    expect(named.map(({ figure }) => figure)).not.toEqual(expect.arrayContaining(['asked']));
    expect(named.map(({ figure }) => figure)).not.toEqual(expect.arrayContaining(['denied']));
  });
});
