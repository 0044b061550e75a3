import { describe, expect, it } from '@jest/globals';
import type { Fault, FaultContext } from './fault.js';
import type { FaultName, Lane } from './fault-table.js';
import { runSchedule, type Done } from './run-schedule.js';
import type { Planned } from './schedule.js';

const at = (atMs: number, name: FaultName, lane: Lane): Planned => ({ atMs, name, lane, seed: 1 });
const nothing = {} as FaultContext; // none of these faults looks at it

describe('a schedule that is run', () => {
  function faults() {
    const log: string[] = [];
    const ends = new Map<string, () => void>();
    const faultOf = (name: FaultName): Fault => ({
      name,
      run: async (_context, _random, signal) => {
        log.push(`${name} begins`);
        await new Promise<void>((resolve) => {
          ends.set(name, resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
          if (name.startsWith('kill:')) resolve();
        });
        log.push(`${name} ends`);
        return { hits: 1 };
      },
    });
    return { log, ends, faultOf };
  }

  it('begins a fault when the one before it in its lane is over, and others meanwhile', async () => {
    const { log, ends, faultOf } = faults();
    const plan = [at(0, 'disk:kafka', 'engines'), at(0, 'kill:kafka', 'engines'), at(1, 'duplicates', 'records')];
    const done: Done[] = [];
    const ran = runSchedule(
      plan,
      nothing,
      new AbortController().signal,
      (one) => done.push(one),
      (name) => {
        if (name === 'duplicates') setImmediate(() => ends.get('disk:kafka')!());
        if (name === 'kill:kafka') setImmediate(() => ends.get('duplicates')!());
        return faultOf(name);
      },
    );
    await ran;
    expect(log).toEqual([
      'disk:kafka begins',
      'duplicates begins',
      'disk:kafka ends',
      'kill:kafka begins',
      'kill:kafka ends',
      'duplicates ends',
    ]);
    expect(done.map(({ name, hits }) => [name, hits])).toEqual([
      ['disk:kafka', 1],
      ['kill:kafka', 1],
      ['duplicates', 1],
    ]);
  });

  it('tells of a fault that could not be made, and goes on', async () => {
    const { faultOf } = faults();
    const broken: Fault = { name: 'audit-down', run: () => Promise.reject(new Error('no audit')) };
    const plan = [at(0, 'audit-down', 'services'), at(0, 'kill:audit', 'kills')];
    const done: Done[] = [];
    const of = (name: FaultName) => (name === 'audit-down' ? broken : faultOf(name));
    await runSchedule(plan, nothing, new AbortController().signal, (one) => done.push(one), of);
    expect(done).toContainEqual(expect.objectContaining({ name: 'audit-down', hits: 0, failed: 'no audit' }));
    expect(done).toContainEqual(expect.objectContaining({ name: 'kill:audit', hits: 1 }));
  });

  it('called off begins nothing more and waits until what it began is taken back', async () => {
    const { log, faultOf } = faults();
    const off = new AbortController();
    const plan = [
      at(0, 'disk:kafka', 'engines'),
      at(0, 'duplicates', 'records'),
      at(3_600_000, 'kill:kafka', 'engines'),
    ];
    const ran = runSchedule(
      plan,
      nothing,
      off.signal,
      () => undefined,
      (name) => {
        if (name === 'duplicates') setImmediate(() => off.abort());
        return faultOf(name);
      },
    );
    await ran;
    expect(log.sort()).toEqual(['disk:kafka begins', 'disk:kafka ends', 'duplicates begins', 'duplicates ends']);
  });
});
