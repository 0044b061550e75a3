import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '@countersign/contracts';
import { ControlView } from '@countersign/control';
import { openedFor } from './sealed-values.js';
import type { Item } from './state.js';

const [email, name, foreign] = ['a', 'b', 'c'].map((letter) => `tok_${letter.repeat(32)}`) as [string, string, string];
const values = new Map<string, Json>([
  [email, 'dana@example.com'],
  [name, 'Dana'],
  [foreign, 'of another customer'],
]);
const look = { now: new Date('2026-01-01T12:00:00.000Z'), control: new ControlView([]) };
const bob = { sub: 'bob', tenant: 'acme', roles: ['support-lead'] };

const item = (
  change: { args?: JsonObject; effect?: JsonObject; progress?: Item['progress']; expiresAt?: string } = {},
) =>
  ({
    envelope: { tenantid: 'acme' },
    progress: change.progress ?? { tag: 'open' },
    escalated: {
      actor: { sub: 'alice', tenant: 'acme', roles: ['support-agent'] },
      approverRoles: ['support-lead'],
      arguments: change.args ?? { to: email },
      preview: { effect: change.effect ?? { customer: { $sealed: { token: name, class: 'personal' } } } },
      expiresAt: change.expiresAt ?? '2026-01-01T13:00:00.000Z',
    },
  }) as unknown as Item;

const asked: string[] = [];
const opener = {
  open: async (tenant: string, tokens: readonly string[]) => {
    asked.push(tenant);
    return new Map([...values].filter(([token]) => tokens.includes(token)));
  },
};

describe('the sealed values of an item', () => {
  it('are shown by token to who may decide it: of its arguments, and of sealed fields of its preview', async () => {
    expect(await openedFor(item(), bob, opener, look)).toEqual({ [email]: 'dana@example.com', [name]: 'Dana' });
    expect(await openedFor(item({ args: { text: `Dear ${name}` }, effect: {} }), bob, opener, look)).toEqual({
      [name]: 'Dana',
    });
    expect(new Set(asked)).toEqual(new Set(['acme']));
  });

  it('are not shown for a token that merely stands in what the target says', async () => {
    expect(await openedFor(item({ args: {}, effect: { note: `see ${foreign}` } }), bob, opener, look)).toBeUndefined();
  });

  it.each<[string, Parameters<typeof item>[0], typeof bob]>([
    ['who asked for it', {}, { sub: 'alice', tenant: 'acme', roles: ['support-lead'] }],
    ['who has not the role', {}, { ...bob, roles: ['support-agent'] }],
    ['another tenant', {}, { ...bob, tenant: 'globex' }],
    ['anybody once it is decided', { progress: { tag: 'approved', at: '' } }, bob],
    ['anybody once its time is over', { expiresAt: '2026-01-01T12:00:00.000Z' }, bob],
  ])('are not even opened for %s', async (_, change, person) => {
    asked.length = 0;
    expect(await openedFor(item(change), person, opener, look)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});
