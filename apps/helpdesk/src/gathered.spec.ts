import { describe, expect, it } from '@jest/globals';
import { Gathered } from './gathered.js';

class Undone extends Error {}

function gathered(askAll?: (all: string[]) => Promise<string[]>) {
  const questions: string[][] = [];
  const answers: (() => void)[] = [];
  const desk = new Gathered<string, string>({
    most: 3,
    apart: (asked) => [asked[0]!],
    provesNothingDone: (error) => error instanceof Undone,
    askAll: async (all) => {
      questions.push(all);
      if (askAll) return askAll(all);
      await new Promise<void>((resolve) => answers.push(resolve));
      return all.map((one) => `${one}!`);
    },
  });
  const answerNext = async () => {
    answers.shift()!();
    await new Promise(setImmediate);
  };
  return { desk, questions, answerNext };
}

describe('Gathered', () => {
  it('asks at once, and sends what comes meanwhile together, each with its own answer', async () => {
    const { desk, questions, answerNext } = gathered();
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((one) => desk.ask(one)));
    expect(questions).toEqual([['a']]);
    await answerNext();
    await answerNext();
    await answerNext();
    expect(questions).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
    await expect(all).resolves.toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
  });

  it('keeps apart what has a name in common, in the order in which it came', async () => {
    const { desk, questions, answerNext } = gathered();
    const all = Promise.all(['a', 'b1', 'b2', 'c', 'b3'].map((one) => desk.ask(one)));
    for (let n = 0; n < 4; n++) await answerNext();
    expect(questions).toEqual([['a'], ['b1', 'c'], ['b2'], ['b3']]);
    await all;
  });

  it('asks for each alone where all together failed and nothing was done', async () => {
    const { desk, questions } = gathered(async (all) => {
      if (all.includes('bad')) throw new Undone('bad');
      return all;
    });
    const ended = await Promise.allSettled(['a', 'bad', 'c'].map((one) => desk.ask(one)));
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(questions).toEqual([['a'], ['bad', 'c'], ['bad'], ['c']]);
  });

  it('asks for none again where nobody knows what was done', async () => {
    const { desk, questions } = gathered(async (all) => {
      if (all.includes('lost')) throw new Error('connection lost');
      return all;
    });
    const ended = await Promise.allSettled(['a', 'lost', 'c'].map((one) => desk.ask(one)));
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(questions).toEqual([['a'], ['lost', 'c']]);
  });
});
