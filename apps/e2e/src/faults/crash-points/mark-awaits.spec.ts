import { describe, expect, it } from '@jest/globals';
import { markAwaits } from './mark-awaits.js';
import { deathsAt } from './plan.js';

const marked = (code: string) => markAwaits('a.js', code, 7).code;

describe('every await', () => {
  it('tells when what it awaits was begun and when it was answered', () => {
    expect(marked('const a = await f(x);')).toBe(
      'const a = __countersignAnswered(7,await __countersignBegun(7,f(x)));',
    );
  });

  it('is numbered by its place, one within another too', () => {
    const { code, awaits } = markAwaits('a.js', 'await f();\n  return await g(await h(), `${await i()}`);', 0);
    expect(code).toBe(
      '__countersignAnswered(0,await __countersignBegun(0,f()));\n' +
        '  return __countersignAnswered(1,await __countersignBegun(1,g(__countersignAnswered(2,await __countersignBegun(2,h())), ' +
        '`${__countersignAnswered(3,await __countersignBegun(3,i()))}`)));',
    );
    expect(awaits).toEqual([
      { line: 0, column: 0 },
      { line: 1, column: 9 },
      { line: 1, column: 17 },
      { line: 1, column: 31 },
    ]);
  });

  it('of a loop tells each of its steps', () => {
    expect(marked('for await (const one of await all()) use(one);')).toBe(
      'for await (const one of __countersignEach(7,__countersignAnswered(8,await __countersignBegun(8,all())))) use(one);',
    );
  });

  it('is one that is code: not a word in a comment, a string or a name', () => {
    const code = "// await f()\nconst awaited = 'await f()';";
    expect(markAwaits('a.js', code, 0)).toEqual({ code, awaits: [] });
  });

  it('answers what it answered before, or throws it', async () => {
    const begun: number[] = [];
    const answered: number[] = [];
    const noted =
      (list: number[]) =>
      <T>(place: number, value: T): T => (list.push(place), value);
    const code = marked(
      'return (async () => { try { await no(); } catch (error) { return [await yes(1) + 1, error]; } })();',
    );
    const run = new Function('yes', 'no', '__countersignBegun', '__countersignAnswered', code) as (
      ...given: unknown[]
    ) => Promise<unknown>;
    const yes = (n: number) => Promise.resolve(n);
    expect(await run(yes, () => Promise.reject('no'), noted(begun), noted(answered))).toEqual([2, 'no']);
    expect([begun, answered]).toEqual([[7, 8], [8]]);
  });
});

it('counts what was died at, also when the last line was cut off', () => {
  expect([...deathsAt('4b\n4b\n5a\n')]).toEqual([
    ['4b', 2],
    ['5a', 1],
  ]);
  expect(deathsAt('').size).toBe(0);
});
