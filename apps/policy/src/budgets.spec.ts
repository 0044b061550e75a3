import { beforeEach, describe, expect, it } from '@jest/globals';
import { defineRule, pass } from '@countersign/policy-kit';
import type { Budget } from '@countersign/workflow-kit';
import { denialOf, executed, large, warrantOf } from './desk.fixture.js';
import { read } from './results.js';
import { codeOf, Counter } from './tally.fixture.js';
import { alice, bob, desk, deskWith, isPerson, signed } from './world.fixture.js';

const of = (caseId: string, amount = '18.00') => ({ caseId, amount, currency: 'EUR' });
const amy = { ...alice, sub: 'amy' };
const erin = { ...alice, sub: 'erin', tenant: 'globex' };

let world: Counter;
beforeEach(() => {
  world = new Counter();
});
const pay = (args: ReturnType<typeof of>, given = {}) => world.pay(args, given);

describe('a budget', () => {
  const budget = (change: Partial<Budget>): Budget => ({ name: 'some', per: 'user', actionsPerDay: 2, ...change });
  const left = (given = {}) => {
    let count = 0;
    while (count < 5 && codeOf(pay(of(`case_${count}`), given)) === 'approved') count++;
    return count;
  };

  it.each<[Budget['per'], number, number]>([
    ['user', 2, 2],
    ['tenant', 0, 2],
    ['tool', 0, 2],
  ])('per %s leaves others what is theirs', (per, ofAmy, ofErin) => {
    world.desk = deskWith({ budgets: [budget({ per })] });
    expect([left(), left({ by: amy }), left({ by: erin })]).toEqual([2, ofAmy, ofErin]);
  });

  it('per tool counts each tool by itself, and only those it names', () => {
    world.desk = deskWith({ budgets: [budget({ per: 'tool', actionsPerDay: 1 })] });
    expect(left()).toBe(1);
    expect(codeOf(world.one('close', { caseId: 'case_1' }))).toBe('approved');
    world.desk = deskWith({ budgets: [budget({ name: 'closing', tools: ['close'], actionsPerDay: 1 })] });
    expect(left()).toBe(5);
  });

  it('outlives the session, and counts reads where it names them alone; what could not be read is given back (2)', () => {
    world.desk = deskWith({ budgets: [budget({ tools: ['look_up'] }), budget({ name: 'changes', actionsPerDay: 9 })] });
    const look = () => world.one('look_up', { caseId: 'case_1' });
    const first = look();
    expect([codeOf(look()), codeOf(look())]).toEqual(['approved', 'RATE_LIMITED']);
    world.ends(first, 'failed');
    const third = look();
    expect([codeOf(third), codeOf(look())]).toEqual(['approved', 'RATE_LIMITED']);
    const { jti } = third.event.data as { jti: string };
    const result = executed(jti, {
      intentId: third.intentId,
      actionId: third.actionId,
      tool: 'look_up',
      grant: 'read',
    });
    world.when(read, world.record('countersign.action.read.v1', { ...result, result: {} }), signed);
    expect(codeOf(look())).toBe('RATE_LIMITED');
    expect(world.tallies('bud')).toEqual([{ open: 0, actions: 2, records: 2, amounts: {} }]);
  });

  it('charges no dry run, nothing that was denied, and no repeat', () => {
    world.desk = deskWith({ budgets: [budget({})] });
    for (let times = 0; times < 3; times++) pay(of('case_1'), { data: { dry_run: true } });
    for (let times = 0; times < 3; times++) pay(of('case_1', '2000.00'));
    for (let times = 0; times < 3; times++) world.call('pay', of('case_1'), {}, isPerson(alice), { id: 'again' });
    expect(left()).toBe(1);
  });

  it('is not locked by the end of what was done: many share it', () => {
    const looking = defineRule({
      ...{ name: 'looking', title: 'Looking', decide: () => pass('seen') },
      history: () => [{ as: 'all', per: 'user', window: 'ever' }],
    });
    world.desk = deskWith({ budgets: [budget({})], rules: [...desk.workflow.rules, looking] });
    world.ends(pay(of('case_1')), 'committed');
    expect(world.touched.map((key) => key.slice(0, 10))).toEqual([expect.stringMatching('^intent:'), 'limit:his_']);
  });

  it('is checked again when a person says yes', () => {
    world.desk = deskWith({ budgets: [budget({ actionsPerDay: 1 })] });
    const asked = world.escalated(large);
    pay(of('case_1'));
    expect(denialOf(world.grants(asked, bob))).toMatchObject({ code: 'RATE_LIMITED', final: false });
  });

  it('that came later does not count what was open before', () => {
    const first = budget({ name: 'first' });
    world.desk = deskWith({ budgets: [first] });
    const asked = world.escalated(large);
    world.desk = deskWith({ budgets: [first, budget({ name: 'later', actionsPerDay: 0 })] });
    expect(warrantOf(world.grants(asked, bob)).grant).toBe('commit');
  });

  it('gives back when its workflow is loaded no more (2)', () => {
    world.desk = deskWith({ budgets: [budget({})] });
    const first = pay(of('case_1'));
    const loaded = world.desk;
    world.desk = { ...desk, workflow: { ...desk.workflow, name: 'another' } };
    expect(world.ends(first, 'failed')).toEqual([]);
    world.desk = loaded;
    expect(left()).toBe(2);
  });
});
