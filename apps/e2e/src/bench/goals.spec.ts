import { describe, expect, it } from '@jest/globals';
import { concluded, goalLines, outcomeOf, type Goal } from './goals.js';

const least = (value: number | undefined): Goal => ({ name: 'L1 ÷ Restate', value, at: 'least', goal: 2 });
const most = (value: number | undefined): Goal => ({ name: 'CPU', value, at: 'most', goal: 2.6 });

describe('a goal', () => {
  it('is met at its very value and missed just past it', () => {
    expect([least(2), least(1.999), most(2.6), most(2.601)].map(outcomeOf)).toEqual(['met', 'FAILED', 'met', 'FAILED']);
  });

  it('is not passed by what was not measured, nor by what is no number', () => {
    expect([least(undefined), most(undefined), least(Number.NaN), most(Number.NaN)].map(outcomeOf)).toEqual([
      'not measured',
      'not measured',
      'FAILED',
      'FAILED',
    ]);
  });
});

it('each goal is told with its value, what it had to be and what became of it', () => {
  const goals = [least(1.5), most(2.5), { ...least(undefined), because: 'PEERS_NOT_INSTALLED' }];
  expect(goalLines(goals)).toEqual([
    'goal  L1 ÷ Restate     1.50  at least 2  FAILED',
    'goal  CPU              2.50  at most 2.6  met',
    'goal  L1 ÷ Restate        -  at least 2  not measured: PEERS_NOT_INSTALLED',
  ]);
});

describe('a run', () => {
  it('ends with 3 and a line for each goal that was missed', () => {
    expect(concluded([least(1.5), most(2.5)], [])).toEqual({
      lines: ['FAILED: L1 ÷ Restate is 1.50, not at least 2'],
      exitCode: 3,
    });
  });

  it('ends with 3 where every goal was met and the ledger is wrong', () => {
    const flaw = "DBOS: 1 of 5 effects are missing in helpdesk's ledger";
    expect(concluded([least(2)], [flaw])).toEqual({ lines: [`FAILED: ${flaw}`], exitCode: 3 });
  });

  it('ends well where a peer could not be had: its goals are not measured, the others met', () => {
    expect(concluded([least(undefined), most(2)], [])).toEqual({ lines: [], exitCode: 0 });
  });
});
