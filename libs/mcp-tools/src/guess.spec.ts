import { describe, expect, it } from '@jest/globals';
import type { Declaration } from './declaration.js';
import { guessClass, guessDecides, guessEffect, wordsOf } from './guess.js';

const declared = (name: string, inputs: Record<string, object> = {}, annotations?: object): Declaration => ({
  name,
  inputSchema: { type: 'object', properties: inputs },
  ...(annotations ? { annotations: annotations as Record<string, unknown> } : {}),
});

describe('what a tool does, by what is said of it', () => {
  it.each<[string, Declaration, string]>([
    ['a name that reads', declared('get_balance'), 'read'],
    ['a server that says it reads', declared('balance', {}, { readOnlyHint: true }), 'read'],
    ['a name that says nothing', declared('balance'), 'write'],
    ['a name that only looks like reading', declared('getaway'), 'write'],
    ['a server that says it changes', declared('get_balance', {}, { readOnlyHint: false }), 'write'],
    ['a read that takes a URL', declared('fetch', { url: { type: 'string' } }, { readOnlyHint: true }), 'egress'],
    ['a read with an input of URL form', declared('get', { page: { type: 'string', format: 'uri' } }), 'egress'],
    ['a read with an address', declared('read', { who: { type: 'string', format: 'email' } }), 'egress'],
    ['a write to somebody', declared('send', { recipients: { type: 'array' } }), 'egress'],
    [
      'a read with an input that holds one',
      declared('get', { req: { type: 'object', properties: { u: { format: 'uri' } } } }),
      'egress',
    ],
    ['a read of a page', declared('fetch_page', { page_url: { type: 'string' } }), 'egress'],
    ['a read that writes too', declared('get_or_create_user', { name: { type: 'string' } }), 'write'],
    ['a program', declared('get', { sql: { type: 'string' } }), 'write'],
    ['a query', declared('query', { q: { type: 'string' } }), 'write'],
    ['a read of a path', declared('readFile', { path: { type: 'string' } }), 'read'],
  ])('%s', (_, tool, effect) => {
    const guess = guessEffect(tool);
    expect(guess.is).toBe(effect);
    expect(guess.because).not.toBe('');
  });

  it('reads names in any writing', () => {
    expect(wordsOf('readFile-v2_now')).toEqual(['read', 'file', 'v2', 'now']);
  });
});

describe('what an input decides over', () => {
  it.each([
    ['recipients', {}, 'recipient'],
    ['user_email', {}, 'recipient'],
    ['who', { format: 'email' }, 'recipient'],
    ['file_path', {}, 'destination'],
    ['where', { format: 'uri-reference' }, 'destination'],
    ['amount', {}, 'amount'],
    ['eventId', {}, 'target'],
    ['start_time', {}, 'target'],
  ])('%s %j: %s', (name, schema, over) => {
    expect(guessDecides(name, schema)?.is).toBe(over);
  });

  it('is nothing of mere words', () => {
    for (const name of ['body', 'subject', 'commitMessage']) expect(guessDecides(name, {})).toBeUndefined();
  });

  it('and its class is secret where its name is of a secret', () => {
    expect([guessClass('new_password').is, guessClass('apiKey').is, guessClass('amount').is]).toEqual([
      'secret',
      'secret',
      'internal',
    ]);
  });
});
