import { describe, expect, it } from '@jest/globals';
import { cellText, csvOf } from './csv.js';

describe('a table as CSV', () => {
  it('quotes what a program would take for something else, and starts no formula', () => {
    const columns = ['rule', 'count', 'since'];
    const rows = [
      ['says "no", twice\nor so', -2, null],
      ['=HYPERLINK("http://x")', 0.5, { value: '2026-01-01T00:00:00.000Z', text: '1 Jan 2026' }],
      ['＠cmd', 1, '+1'],
    ];
    expect(csvOf({ columns, rows })).toBe(
      '"rule","count","since"\r\n' +
        '"says ""no"", twice\nor so",-2,""\r\n' +
        `"'=HYPERLINK(""http://x"")",0.5,"2026-01-01T00:00:00.000Z"\r\n` +
        `"'＠cmd",1,"'+1"\r\n`,
    );
  });

  it('shows people what they read', () => {
    expect([null, 1234.5, 'x', { value: 0.25, text: '25 %' }].map(cellText)).toEqual(['—', '1,234.5', 'x', '25 %']);
  });
});
