import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NoAnswer, NothingDone } from '@countersign/tool-sdk';
import { Abandoned, Circuit, limitsOf, NotAsked } from './circuits.js';

const silence = () => Promise.reject(new NoAnswer('silence'));
const answer = () => Promise.resolve('answer');

describe('the circuit of a target (numbers: the guarantees of circuits.ts)', () => {
  let circuit: Circuit;
  let seen: string[];
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_772_359_200_000, doNotFake: ['queueMicrotask', 'nextTick'] });
    seen = [];
    circuit = new Circuit('helpdesk', (_, state) => seen.push(state));
  });
  afterEach(() => void jest.useRealTimers());

  const fail = async (times: number, send: () => Promise<unknown> = silence) => {
    for (let time = 0; time < times; time++) await circuit.run(send).catch(() => {});
  };

  it('1: opens on ten requests in a row without an answer, and sends nothing while it is open', async () => {
    await fail(9);
    await circuit.run(answer);
    await fail(9);
    expect([circuit.state, limitsOf([circuit]).size]).toEqual(['closed', 0]);
    await fail(1);
    expect([circuit.state, limitsOf([circuit])]).toEqual(['open', new Map([['helpdesk', 'none']])]);
    let asked = 0;
    await expect(circuit.run(() => Promise.resolve(asked++))).rejects.toThrow(NotAsked);
    expect(asked).toBe(0);
  });

  it('2: lets one through after a while; the others wait for what becomes of it', async () => {
    await fail(10);
    jest.advanceTimersByTime(1_999);
    expect(circuit.limit()).toBe('none');
    jest.advanceTimersByTime(1);
    expect(circuit.limit()).toBe('one');
    const gate = Promise.withResolvers<string>();
    const probe = circuit.run(() => gate.promise);
    let asked = 0;
    const other = circuit.run(() => Promise.resolve(asked++));
    await Promise.resolve();
    expect([circuit.state, asked]).toEqual(['half-open', 0]);
    gate.resolve('answer');
    await Promise.all([probe, other]);
    expect([asked, circuit.limit(), seen]).toEqual([1, undefined, ['open', 'half-open', 'closed']]);
  });

  it('2: is open again when that one gets no answer, and the others are not sent', async () => {
    await fail(10);
    jest.advanceTimersByTime(2_000);
    const other = Promise.withResolvers<unknown>();
    await circuit
      .run(() => {
        void circuit.run(answer).catch(other.resolve);
        return silence();
      })
      .catch(() => {});
    expect(await other.promise).toBeInstanceOf(NotAsked);
    expect(circuit.limit()).toBe('none');
  });

  it.each([
    ['was given up', new Abandoned('given up')],
    ['was too late to be sent', new NotAsked('too late')],
  ])('3: what %s shows nothing of the target, and closes nothing', async (_, error) => {
    await fail(10);
    jest.advanceTimersByTime(2_000);
    await fail(1, () => Promise.reject(error));
    expect([circuit.state, circuit.limit()]).toEqual(['open', 'none']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a definite no', answer],
    ['what it proves not to have done', () => Promise.reject(new NothingDone('too late'))],
    ['a key that is at work', () => Promise.reject(new NoAnswer('409', 409))],
    ['what nobody waits for any more', () => Promise.reject(new Abandoned('given up'))],
  ])('3: %s does not open it', async (_, send) => {
    await fail(50, send);
    expect(circuit.state).toBe('closed');
  });
});
