import { describe, expect, it } from '@jest/globals';
import type { FoundCase } from '../find-cases.js';
import { boundaryCases } from './boundary-cases.js';
import { payDesk, SAMPLES, samples } from './desk.fixture.js';
import { parseSamples } from './samples.js';

const cases = boundaryCases(payDesk, samples);
const titled = (title: string): FoundCase => {
  const found = cases.find((one) => one.title === title);
  if (!found) throw new Error(`there is no case "${title}"; there are:\n${cases.map((one) => one.title).join('\n')}`);
  return found;
};
const suite = (name: string) => cases.filter(({ tags }) => tags.includes(name)).map(({ title }) => title);
const outcomesOf = (title: string) => titled(title).expect.outcomes?.map(({ ends, code }) => code ?? ends);

describe('boundary suites (the numbers are those of boundary-cases.ts)', () => {
  it('3: are the same each time, each with a title of its own', () => {
    expect(boundaryCases(payDesk, samples)).toEqual(cases);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases[0]).toMatchObject({ workflow: 'pay-desk', file: 'boundary:get_account', line: 0 });
  });

  it('try each role that anything names, and one that nothing does', () => {
    expect(suite('role')).toEqual([
      'get_account asked for by clerk is answered',
      'get_account asked for by boss is answered',
      'get_account asked for by auditor is denied as PERMISSION_DENIED',
      'get_account asked for by nobodys-role is not taken at all',
      'pay asked for by clerk is done',
      'pay asked for by boss is done',
      'pay asked for by auditor is denied as PERMISSION_DENIED, and nothing is done',
      'pay asked for by nobodys-role is not taken at all',
    ]);
    expect(titled('pay asked for by nobodys-role is not taken at all').expect).toEqual({
      ...{ refused: [{ code: 'PERMISSION_DENIED' }], decisions: [], effects: [] },
    });
  });

  it("put another tenant's record out of sight, and see that nothing of it was given out", () => {
    const one = titled('pay asked for by clerk does not find the account of another tenant');
    expect(one.given.records).toEqual([{ type: 'account', id: 'acc_1', fields: { currency: 'EUR' }, tenant: 'other' }]);
    expect(one.expect).toMatchObject({ effects: [], notRead: ['account/acc_1'] });
    expect(one.expect.outcomes?.map(({ code }) => code)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
  });

  it('let those with leave at a restricted record, and nobody else', () => {
    expect(suite('restricted')).toEqual([
      'get_account asked for by clerk of a restricted account fails as RECORD_RESTRICTED',
      'get_account asked for by boss of a restricted account is answered',
    ]);
    const { given, expect: expected } = titled(suite('restricted')[0]!);
    expect(given.records).toMatchObject([{ fields: { owner: 'Bo', secret: true } }]);
    expect(expected).toMatchObject({ effects: [], notRead: ['account/acc_1'] });
  });

  it('try each limit just inside and one smallest unit outside', () => {
    expect(suite('limit')).toEqual([
      'pay of 100.00 EUR, the most that one action may move, waits for 2 of boss, and is done once they agree',
      'pay of 100.01 EUR, one unit over what one action may move, is denied as LIMIT_EXCEEDED, and nothing is done',
      'pay of 5.00 XTS, a currency that no limit names, is denied as LIMIT_EXCEEDED, and nothing is done',
      'pay of 150.00 EUR, the most that a session may move, leaves nothing for 0.01 more',
      'pay is done 3 times a day (payments), and not once more',
    ]);
    const session = titled('pay of 150.00 EUR, the most that a session may move, leaves nothing for 0.01 more');
    expect(session.expect.effects?.map((effect) => effect.amount)).toEqual(['100.00', '50.00']);
    expect(outcomesOf(session.title)).toEqual(['committed', 'committed', 'LIMIT_EXCEEDED']);
    const day = titled('pay is done 3 times a day (payments), and not once more');
    expect(day.steps.map((step) => 'action' in step && step.action.session)).toEqual(['s1', 's2', 's3', 's4']);
    expect(outcomesOf(day.title)?.at(-1)).toBe('RATE_LIMITED');
  });

  it('ask the people that the map names, as many as it says, and take no other yes', () => {
    expect(suite('approval')).toEqual([
      'pay with 50.00 for amount is done',
      'pay with 50.01 for amount waits for 2 of boss, and is done once they agree',
      'pay is not approved by clerk',
      'pay is not approved by auditor',
      'pay is not approved by nobodys-role',
      'pay is not approved by boss of another tenant',
      'pay is not approved by whoever asked for it',
      'pay is not done with 1 of 2 approvals',
      'pay is not done when it is rejected',
    ]);
    expect(titled('pay is not approved by whoever asked for it').steps.at(-1)).toMatchObject({
      approve: { by: 'alice', refused: 'SELF_APPROVAL' },
    });
  });

  it('expect one effect of five deliveries, and none of a dry run', () => {
    const once = titled('pay asked for once and delivered five times is done once');
    expect(once.steps).toHaveLength(4);
    expect(once.expect).toMatchObject({
      outcomes: [{ ends: 'committed', done: true }],
      effects: [{ kind: 'payment', amount: '5.00' }],
    });
    const dry = titled('pay asked for by clerk as a dry run is previewed, and nothing is done');
    expect(dry.steps).toMatchObject([{ action: { dry_run: true } }]);
    expect(dry.expect).toMatchObject({ outcomes: [{ ends: 'previewed' }], effects: [] });
  });

  it('try each argument missing, of another type, and one too many', () => {
    expect(suite('arguments').filter((title) => title.startsWith('pay'))).toEqual([
      'pay without id is denied as INVALID_ARGUMENTS',
      'pay without amount is denied as INVALID_ARGUMENTS',
      'pay without currency is denied as INVALID_ARGUMENTS',
      'pay with {} for id is denied as INVALID_ARGUMENTS',
      'pay with {} for amount is denied as INVALID_ARGUMENTS',
      'pay with {} for currency is denied as INVALID_ARGUMENTS',
      'pay with {} for note is denied as INVALID_ARGUMENTS',
      'pay with an argument that it does not have is denied as INVALID_ARGUMENTS',
    ]);
  });

  it('try each stage, each switch, and no release', () => {
    expect(
      outcomesOf('pay at the stage read-only is denied as STAGE_FORBIDS but for a dry run, and nothing is done'),
    ).toEqual(['previewed', 'STAGE_FORBIDS']);
    expect(outcomesOf('pay at the stage draft-only is kept as a draft, and nothing is done')).toEqual([
      ...['previewed', 'drafted'],
    ]);
    expect(
      outcomesOf('pay without a release is denied as NOT_RELEASED but for a dry run, and nothing is done'),
    ).toEqual([...['previewed', 'NOT_RELEASED']]);
    for (const scope of ['kill/*', 'kill/tenant/own', 'kill/workflow/pay-desk', 'kill/tool/pay'])
      expect(outcomesOf(`pay is denied as KILLED while ${scope} is on`)).toEqual(['KILLED', 'KILLED', 'committed']);
    expect(outcomesOf('get_account at the stage read-only is answered')).toEqual(['read']);
  });
});

describe('samples', () => {
  const flawsOf = (change: (text: string) => string) => () => boundaryCases(payDesk, parseSamples(change(SAMPLES)));

  it('1: that a tool lacks, or that no tool has, are named', () => {
    expect(flawsOf((text) => text.replace('  pay:', '  play:'))).toThrow(
      'evals/samples.yaml does not fit pay-desk: play: pay-desk has no such tool; pay has no sample',
    );
    expect(flawsOf((text) => text.replace('workflow: pay-desk', 'workflow: other'))).toThrow('it is of other');
  });

  it.each([
    ['arguments that do not fit', 'id: acc_1, amount', 'id: 1, amount', 'pay: its arguments do not fit: id:'],
    [
      'an argument that is none',
      'about: id\n    restricted: null',
      'about: it\n    restricted: null',
      'pay: about names it',
    ],
    ['a record that is not there', 'id: acc_1, amount', 'id: acc_2, amount', 'pay: none of its records is acc_2'],
    ['an effect that is not said', /effects: .*/, 'effects: []', 'pay: it changes something'],
    [
      'an effect of a read',
      'about: id\n    restricted: [',
      'effects: [{ kind: x }]\n    about: id\n    restricted: [',
      'get_account: it only reads',
    ],
    ['leave without a restricted record', /restricted: \[.*/, 'restricted: null', 'get_account: its map says who may'],
    [
      'an amount that stands nowhere',
      "amount: '{amount}', currency: '{currency}' }\n    amount",
      "amount: '5.00', currency: EUR }\n    amount",
      'pay: it has an amount',
    ],
  ] as const)('1: with %s are named', (_, from, to, flaw) => {
    expect(flawsOf((text) => text.replace(from, to))).toThrow(flaw);
  });

  it('say nothing that nobody reads', () => {
    expect(() => parseSamples(SAMPLES.replace('about: id', 'abuot: id'))).toThrow(/evals\/samples.yaml: line \d+/);
  });
});
