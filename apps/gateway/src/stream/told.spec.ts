import { describe, expect, it } from '@jest/globals';
import { cursorOf, cursorText, isAfter, type Kind } from './changes.js';
import { toldTo } from './told.js';

const alice = { sub: 'alice', tenant: 'acme', roles: ['support-agent'] };
const bob = { sub: 'bob', tenant: 'acme', roles: ['support-lead'] };
const change = (kind: Kind, tenant: string | null = 'acme', actor: string | null = 'anna') =>
  ({ kind, tenant, actor, intentId: kind === 'control' ? null : 'int_1' }) as const;

describe('what is told of a change', () => {
  it('is nothing to another tenant', () => {
    for (const kind of ['actions', 'approvals', 'control'] as const)
      expect(toldTo({ ...bob, tenant: 'globex' }, change(kind))).toBeUndefined();
  });

  it('is the intent to whom it is of, and to overseers', () => {
    expect(toldTo(bob, change('actions'))).toEqual({ kind: 'actions', intentId: 'int_1' });
    expect(toldTo({ ...alice, sub: 'anna' }, change('actions'))).toEqual({ kind: 'actions', intentId: 'int_1' });
    expect(toldTo(alice, change('actions'))).toBeUndefined();
  });

  it('is to everybody of the tenant that the queue or the switches moved, and no more', () => {
    expect(toldTo(alice, change('approvals'))).toEqual({ kind: 'approvals' });
    expect(toldTo(alice, change('control', null, null))).toEqual({ kind: 'control' });
  });
});

describe('a cursor', () => {
  it('is read as it is written, and nothing else is one', () => {
    const cursor = { tx: 12345678901n, id: 7n };
    expect(cursorOf(cursorText(cursor))).toEqual(cursor);
    for (const text of [undefined, '', '1', '1-', '1-2-3', '-1-2', `${'9'.repeat(19)}-1`, '1;drop-2'])
      expect(cursorOf(text)).toBeUndefined();
  });

  it('orders by transaction, then by row', () => {
    expect(isAfter({ tx: 2n, id: 1n }, { tx: 1n, id: 9n })).toBe(true);
    expect(isAfter({ tx: 1n, id: 2n }, { tx: 1n, id: 1n })).toBe(true);
    expect(isAfter({ tx: 1n, id: 1n }, { tx: 1n, id: 1n })).toBe(false);
  });
});
