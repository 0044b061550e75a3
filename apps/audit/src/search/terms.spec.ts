import { describe, expect, it } from '@jest/globals';
import type { StoredRecord } from '@countersign/evidence';
import { findersOf, termsOf, wordsOf } from './terms.js';

const row = (given: Partial<StoredRecord>): StoredRecord => ({
  topic: 'decisions',
  partition: 0,
  offset: '1',
  appendedAt: new Date(0),
  key: 'acme/s-1',
  id: 'evt_1',
  type: 'countersign.action.denied.v1',
  source: '/services/policy',
  subject: 'act_1',
  tenant: 'acme',
  claimedTenant: 'acme',
  actor: 'alice',
  session: 's-1',
  intent: 'int_1',
  action: 'act_1',
  causation: null,
  traceId: null,
  tool: 'issue_refund',
  code: 'NOT_FOUND',
  auditCode: 'TENANT_MISMATCH',
  outcome: 'denied',
  rules: ['large'],
  about: ['ord_1'],
  value: JSON.stringify({ detail: 'No \u201cord_1\u201d, a\\b, Größe 12', nested: { reason: 'Seen' }, tool: 'hidden' }),
  headers: '{}',
  signature: 'valid',
  flaw: null,
  poisonReason: null,
  poisonDetail: null,
  ...given,
});

describe('what a trace is found by', () => {
  it('is what a signed record says of it, and the words that were said', () => {
    expect(termsOf(row({})).sort()).toEqual(
      [
        ...['tool:issue_refund', 'code:NOT_FOUND', 'audit-code:TENANT_MISMATCH', 'outcome:denied'],
        ...['rule:large', 'record:ord_1'],
        ...['no', 'ord_1', 'a', 'b', 'größe', '12', 'seen'].map((word) => `word:${word}`),
      ].sort(),
    );
    expect(termsOf(row({ type: 'countersign.model.called.v1' })).join()).not.toContain('word:');
  });

  it('is nothing that proves nothing (2)', () => {
    for (const signature of ['invalid', 'absent', 'not-required'] as const)
      expect(termsOf(row({ signature }))).toEqual([]);
  });

  it('is bounded, whatever is said (3)', () => {
    const long = 'x'.repeat(201);
    const said = termsOf(
      row({
        tool: long,
        about: [long],
        value: JSON.stringify({ text: Array.from({ length: 5000 }, (_, n) => n).join(' ') }),
      }),
    );
    expect(said.filter((term) => term.startsWith('word:'))).toHaveLength(200);
    expect(Math.max(...said.map(({ length }) => length))).toBeLessThan(220);
    expect(findersOf(row({ intent: long }))).toBeUndefined();
  });

  it('belongs to whose the record is, or claims to be where nobody vouches for it; to nobody under a name that is no tenant\u2019s', () => {
    expect(findersOf(row({}))).toBe('acme');
    expect(findersOf(row({ tenant: 'unverified', claimedTenant: 'globex' }))).toBe('globex');
    for (const nobodys of ['', 'unverified', 'system'])
      expect(findersOf(row({ tenant: 'unverified', claimedTenant: nobodys }))).toBeUndefined();
    expect(findersOf(row({ tenant: 'system' }))).toBeUndefined();
  });

  it('has the same words however they are written', () => {
    expect(wordsOf('Refund 900.00 EUR \u2014 \uff4f\uff52\uff44_1002!')).toEqual([
      'refund',
      '900',
      '00',
      'eur',
      'ord_1002',
    ]);
    expect(wordsOf('100%')).toEqual(['100']);
    expect(wordsOf('%\u0000\u{1f600}')).toEqual([]);
  });
});
