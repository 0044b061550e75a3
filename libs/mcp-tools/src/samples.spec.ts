import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { importTools } from './import-tools.js';
import { samplesIn, writeSamples } from './samples.js';

const fileOf = (properties: Record<string, object>, more: object = {}) => {
  const inputSchema = { type: 'object', properties, required: Object.keys(properties), ...more };
  return importTools('mail', { name: 'm', version: '1' }, [{ name: 'send', inputSchema }]).file;
};
const argumentsOf = (properties: Record<string, object>, more: object = {}) => {
  const text = writeSamples('mail', fileOf(properties, more));
  return (parse(text) as { tools: { send: { arguments: object } } }).tools.send.arguments;
};

describe('a call of each tool, made of its schema', () => {
  it.each<[string, object, unknown]>([
    ['a text', { type: 'string' }, 'example'],
    ['a long one', { type: 'string', minLength: 9 }, 'examplexx'],
    ['a URL', { type: 'string', format: 'uri' }, 'https://example.com/'],
    ['a day', { type: 'string', format: 'date' }, '2026-01-15'],
    ['a number', { type: 'integer', minimum: 7 }, 7],
    ['one of some', { enum: ['b', 'c'] }, 'b'],
    ['a constant', { const: 'x' }, 'x'],
    ['a list', { type: 'array', items: { type: 'string' }, minItems: 2 }, ['example', 'example']],
    ['either', { anyOf: [{ type: 'null' }, { type: 'number' }] }, 1],
    ['a switch', { type: 'boolean' }, true],
    ['anything', {}, 'example'],
    [
      'a record, as little of it as it takes',
      { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a'] },
      { a: 'example' },
    ],
  ])('has %s', (_, schema, value) => {
    expect(argumentsOf({ it: schema })).toEqual({ it: value });
  });

  it('follows what a schema points at', () => {
    const $defs = { place: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } };
    expect(argumentsOf({ at: { $ref: '#/$defs/place' } }, { $defs })).toEqual({ at: { city: 'example' } });
  });

  it('is left to its reviewer where none can be made', () => {
    expect(argumentsOf({ code: { type: 'string', minLength: 600_000_000 } })).toEqual({});
    expect(argumentsOf({ list: { type: 'array', items: { type: 'string' }, minItems: 4_294_967_296 } })).toEqual({});
  });

  it('says what it does, and stays as somebody wrote it', () => {
    const file = fileOf({ body: { type: 'string' } });
    const written = writeSamples('mail', file).replace('example', 'mine');
    expect(parse(written)).toMatchObject({ tools: { send: { effects: [{ kind: 'send' }], about: null } } });
    expect(writeSamples('mail', file, samplesIn(written, ['send']))).toContain('body: mine');
    expect(writeSamples('mail', file, samplesIn(written, []))).not.toContain('body: mine');
  });
});
