import { describe, expect, it } from '@jest/globals';
import { Telling } from './checker/history.fixture.js';
import type { Flaw } from './checker/history.js';
import { judge } from './checker/judge.js';
import { faultTable, findingOf } from './report.js';
import type { Done } from './run-schedule.js';
import type { Ran } from './run.js';
import type { Quotas } from './schedule.js';

const done = (name: string, more: Partial<Done> = {}): Done => ({ name, hits: 3, beganMs: 0, tookMs: 500, ...more });
function ran(more: Partial<Ran> = {}): Ran {
  const history = new Telling().committed().asked('approve').asked('reject').killed().history();
  return { ...judge(history), faults: [], failures: [], drainMs: 5_000, growths: [], seconds: 60, ...more };
}
const QUOTAS: Quotas = new Map([['kill:executor', 2]]);
const flawsOf = (of: Partial<Ran>, isMemoryJudged = false) => findingOf(ran(of), QUOTAS, isMemoryJudged).flaws;
const KILLS = [done('kill:executor'), done('kill:executor')];

describe('the report of a run', () => {
  it('has the figures of the balance and finds nothing where nothing is wrong', () => {
    const { figures, flaws } = findingOf(ran({ faults: KILLS }), QUOTAS, true);
    expect(flaws).toEqual([]);
    expect(figures).toMatchObject({
      effects:
        '2 = 3 let commit − 0 expired unsent − 1 killed unsent − 0 decided otherwise − 0 in doubt or found undone',
      ...{
        duplicates: 0,
        lost: 0,
        forbidden: 0,
        flaws: 0,
        'ever in doubt, by class': 'none',
        'drained after (s)': '5.0',
      },
      faults: '2, of which 2 hit something in flight, 0 failed, 0 skipped',
    });
  });

  it('falls short when a fault came less often than its quota, or could not be made', () => {
    expect(flawsOf({ faults: [done('kill:executor')] })).toEqual(['kill:executor: 1 of 2 were made']);
    expect(flawsOf({ faults: [KILLS[0]!, done('kill:executor', { failed: 'no process' })] })).toEqual([
      'kill:executor: 1 of 2 were made',
    ]);
  });

  it('falls short when too few of them hit something in flight', () => {
    const none = KILLS.map((kill) => ({ ...kill, hits: 0 }));
    expect(flawsOf({ faults: none })).toEqual(['kill:executor: only 0 of 2 hit something in flight']);
  });

  it('does not count what the machine cannot do', () => {
    expect(flawsOf({ faults: KILLS.map((kill) => ({ ...kill, hits: 0, skipped: 'no mounts' })) })).toEqual([]);
  });

  it('falls short when a service grew by more than a tenth, where that is judged', () => {
    const growths = [{ service: 'audit', before: 100, after: 111, ratio: 1.11, processes: 1 }];
    expect(flawsOf({ faults: KILLS, growths })).toEqual([]);
    expect(flawsOf({ faults: KILLS, growths }, true)).toEqual(['audit grew from 100 to 111 MiB']);
  });

  it('tells each flaw with its evidence, and what the client met', () => {
    const flaw: Flaw = {
      law: 'effect-twice',
      what: 'the refund of ord_1 was made 2 times',
      evidence: ['helpdesk#1', 'helpdesk#2'],
    };
    const { figures, flaws } = findingOf(ran({ faults: KILLS, flaws: [flaw], failures: ['a 400'] }), QUOTAS, false);
    expect(figures).toMatchObject({ duplicates: 1, flaws: 1 });
    expect(flaws).toEqual([
      'effect-twice: the refund of ord_1 was made 2 times\n      helpdesk#1\n      helpdesk#2',
      'the client met what it should not: a 400',
    ]);
  });

  it('falls short when the sum of effects does not come out', () => {
    const whole = ran({ faults: KILLS });
    const balance = { ...whole.balance, effects: whole.balance.effects + 1 };
    expect(flawsOf({ ...whole, balance })).toEqual(['3 effects, and 2 to 2 were due']);
  });

  it('lists each fault with how often it came and hit', () => {
    expect(faultTable([...KILLS, done('duplicates', { hits: 0, failed: 'broken' })])).toMatch(
      /duplicates +│ 1 +│ 0 +│ 1 +│ broken[^]*kill:executor +│ 2 +│ 2 +│ 1/,
    );
  });
});
