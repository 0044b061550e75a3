import { describe, expect, it } from '@jest/globals';
import {
  becameOf,
  byUrgency,
  changedRecords,
  changedSince,
  doubtOf,
  editedSince,
  headline,
  kindOf,
  provenanceText,
  standsInstead,
  timeLeft,
  type Whole,
} from './item.js';

const record = { origin: 'record', system: 'helpdesk', type: 'order', id: 'ord_1', version: '7' } as const;
const item = {
  tool: 'issue_refund',
  arguments: { amount: '900.00', orderId: 'ord_1' },
  preview: { effect: { remaining: '300.00' }, basis: { orderVersion: 1 }, digest: 'd' },
  toolVersion: '1.0.0',
  policyVersion: 'p1',
  workflow: 'desk',
  rules: [{ rule: 'permission-map', outcome: 'escalate', reason: 'over 50.00' }],
  blast: { amount: { amount: '900.00', currency: 'EUR' }, records: 2, reversible: false, affected: ['ord_1'] },
  recordsRead: [{ system: 'helpdesk', type: 'order', id: 'ord_1', version: '7', at: '2026-03-01T10:00:00.000Z' }],
} as unknown as Whole;

describe('an item', () => {
  it('says in a line what would happen, and to which record', () => {
    expect(headline(item)).toBe('Issue refund · 900.00 EUR · order ord_1');
    expect(headline({ tool: 'close_ticket' })).toBe('Close ticket');
  });

  it('says where each value comes from, and marks what nobody vouches for', () => {
    expect(provenanceText({ ...record, field: 'id', trust: 'system' })).toBe(
      'from id of helpdesk order ord_1, version 7',
    );
    expect(provenanceText({ ...record, trust: 'untrusted' })).toMatch(
      /^not vouched for by the user: from helpdesk order/,
    );
    expect([doubtOf({ origin: 'model' }), doubtOf({ ...record, trust: 'untrusted' }), doubtOf(undefined)]).toEqual([
      'model only',
      'not vouched for',
      'unknown origin',
    ]);
    expect(doubtOf({ origin: 'user', trust: 'user' })).toBeUndefined();
  });

  it('stands where its time runs out first, and last while a switch holds it', () => {
    const of = (openedAt: string, expiresAt: string | null, paused?: true) => ({
      openedAt,
      expiresAt,
      ...(paused ? { paused } : {}),
    });
    const [soon, late, held] = [of('b', '2026-01-01T01:00:00Z'), of('a', '2026-01-01T02:00:00Z'), of('c', null, true)];
    expect(byUrgency([held, late, soon])).toEqual([soon, late, held]);
    expect(timeLeft(soon, Date.parse('2026-01-01T00:59:00Z'))).toBe(60_000);
    expect(timeLeft(held, 0)).toBeUndefined();
  });

  it('is of a kind with those of the same tool and asking rules alone', () => {
    expect(kindOf({ ...item, arguments: {} })).toBe(kindOf(item));
    expect(kindOf({ ...item, rules: [{ rule: 'other', outcome: 'escalate', reason: '' }] })).not.toBe(kindOf(item));
    expect(kindOf({ ...item, policyVersion: 'p2' })).not.toBe(kindOf(item));
  });

  it('tells what is different for somebody who saw another', () => {
    const now = { ...item, preview: { ...item.preview!, effect: { remaining: '100.00' }, basis: { orderVersion: 2 } } };
    expect(changedSince(item, now)).toEqual([
      { field: 'effect › remaining', before: '300.00', after: '100.00' },
      { field: 'rests on › order version', before: 1, after: 2 },
    ]);
    expect(changedSince(item, item)).toEqual([]);
  });

  it('was changed by who edited it last, if that is new', () => {
    const edits = (...by: string[]) => ({ edits: { history: by.map((who) => ({ by: who })) } }) as unknown as Whole;
    expect(editedSince({}, edits('carol'))).toBe('carol');
    expect(editedSince(edits('carol'), edits('carol'))).toBeUndefined();
  });

  it('became what its action became; what is not known is no success', () => {
    expect(becameOf({ state: 'ended', outcome: 'committed' })[0]).toBe('good');
    expect(becameOf({ state: 'in-doubt' })).toEqual(['warn', 'in doubt']);
    expect(becameOf({ state: 'executing' })[0]).toBe('info');
    expect(becameOf({ state: 'ended', outcome: 'new' })).toEqual(['warn', 'new']);
  });

  it('changed those fields of each record that are not as they were', () => {
    const { at: _, ...order } = { system: 'helpdesk', type: 'order', id: 'ord_1', version: '8', at: '' };
    const [seen] = changedRecords([
      { ...order, before: { status: 'open', refunded: '0' }, after: { status: 'open', refunded: '9' } },
    ]);
    expect(seen).toEqual({
      record: 'helpdesk order ord_1, version 8',
      changes: [{ field: 'refunded', before: '0', after: '9' }],
    });
  });

  it('gives its place to the one that replaced it, and to the one that is asked since its effect had changed', () => {
    const approved = { approvalId: 'apr_1', status: 'approved' } as const;
    expect(standsInstead({ ...approved, status: 'superseded', supersededBy: 'apr_2' }, undefined)).toBe('apr_2');
    expect(standsInstead(approved, { state: 'waiting', approvalId: 'apr_2' })).toBe('apr_2');
    expect(standsInstead(approved, { state: 'waiting', approvalId: 'apr_1' })).toBeUndefined();
    expect(standsInstead(approved, { state: 'ended' })).toBeUndefined();
    expect(standsInstead({ ...approved, status: 'open' }, { state: 'waiting', approvalId: 'apr_2' })).toBeUndefined();
  });
});
