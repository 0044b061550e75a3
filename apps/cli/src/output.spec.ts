import { describe, expect, it } from '@jest/globals';
import { cell, fields, plain, table, withMore } from './output.js';

describe('what strangers wrote', () => {
  it.each([
    ['hides itself', 'pay 1\u001b[8m000\u001b[0m', 'pay 1\\u001b[8m000\\u001b[0m'],
    ['takes a line back', 'reject\r approve', 'reject approve'],
    ['moves the cursor, in one byte', 'a\u009b2Jb', 'a\\u009b2Jb'],
    ['reorders what stands beside it', '\u202e00.81 EUR', '\\u202e00.81 EUR'],
    ['hides between letters', 'ord\u200b_1', 'ord\\u200b_1'],
  ])('%s: it is spelled out', (_, given, shown) => {
    expect(cell(given)).toBe(shown);
    expect(cell({ given })).not.toMatch(/[\u001b\u009b\u202e\u200b]/);
  });

  it('stays as it is where it steers nothing', () => {
    expect(cell('Rückerstattung 18 € – ありがとう 👍')).toBe('Rückerstattung 18 € – ありがとう 👍');
    expect(plain('two\nlines', '\n')).toBe('two\nlines');
  });
});

describe('a table', () => {
  it('has columns under their names, one line a row', () => {
    const drawn = table(
      ['id', 'what'],
      [
        ['a-long-id', 'two\nlines'],
        ['b', null],
      ],
    );
    expect(drawn).toBe('id         what\na-long-id  two lines\nb          -');
  });

  it('says so if it is empty', () => expect(table(['id'], [], 'Nothing waits.')).toBe('Nothing waits.'));

  it('says where the next page is', () => {
    expect(withMore('rows', 'abc')).toBe('rows\n\nMore: --cursor abc');
    expect(withMore('rows', null)).toBe('rows');
  });
});

it('fields are aligned, what is undefined is left out, JSON stays JSON', () => {
  expect(fields({ tool: 'issue_refund', arguments: { amount: '18.00' }, code: undefined, reply: null })).toBe(
    'tool       issue_refund\narguments  {"amount":"18.00"}\nreply      -',
  );
});
