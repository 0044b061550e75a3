import { describe, expect, it } from '@jest/globals';
import {
  allow,
  defineRule,
  deny,
  evaluate,
  historyAsksOf,
  MAX_ASKS,
  pass,
  type HistoryAsk,
  type Rule,
  type RuleFacts,
  type Tally,
} from './index.js';

const facts: RuleFacts = {
  workflow: 'desk',
  tool: { name: 'pay', effect: 'write' },
  actor: { sub: 'alice', tenant: 'acme', roles: ['clerk'] },
  arguments: { caseId: 'case_7', amount: '18.00' },
  dryRun: false,
  preview: undefined,
  provenance: {},
  history: {},
  stage: 'scoped',
  switches: ['kill/tool/other'],
  now: new Date('2026-03-01T10:00:00Z'),
};
const tally = (open: number): Tally => ({ open, actions: 0, records: 0, amounts: {} });
const ask = (as: string, change: Partial<HistoryAsk> = {}): HistoryAsk => ({
  ...{ as, per: 'tenant', window: 'ever' },
  ...change,
});
const rule = (name: string, change: Partial<Rule> = {}) =>
  defineRule({ name, title: `Rule ${name}`, decide: () => allow('fine'), ...change });
const oneACase = rule('one-a-case', {
  history: ({ arguments: { caseId } }) => [ask('ofCase', { of: String(caseId) })],
  decide: ({ history }) => (history['ofCase']!.open > 0 ? deny('LIMIT_EXCEEDED', 'another is open') : allow('none')),
});

describe('the history rules ask for', () => {
  it('is named by rule and name, of the rules of the tool alone, in their order', () => {
    const rules = [
      rule('silent'),
      oneACase,
      rule('others', { tools: ['close'], history: () => [ask('all')] }),
      rule('mine', {
        tools: ['pay'],
        history: ({ tool, actor }) => [ask('all', { of: `${actor.sub} ${tool.name}` }), ask('b')],
      }),
    ];
    expect(historyAsksOf(rules, facts)).toEqual([
      { rule: 'one-a-case', name: 'one-a-case/ofCase', ask: ask('ofCase', { of: 'case_7' }) },
      { rule: 'mine', name: 'mine/all', ask: ask('all', { of: 'alice pay' }) },
      { rule: 'mine', name: 'mine/b', ask: ask('b') },
    ]);
  });

  it('is said of tool, actor and arguments alone', () => {
    const seen: string[] = [];
    historyAsksOf([rule('curious', { history: (asked) => (seen.push(...Object.keys(asked)), []) })], facts);
    expect(seen).toEqual(['tool', 'actor', 'arguments']);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no list', ask('a')],
    ['one name twice', [ask('a'), ask('a', { of: 'x' })]],
    ['too much', Array.from({ length: MAX_ASKS + 1 }, (_, at) => ask(`a${at}`))],
    ['an empty name', [ask('')]],
    ['a name of other letters', [ask('of case')]],
    ['a name with more behind it', [ask('a\n')]],
    ['a name every object has', [ask('__proto__')]],
    ['a name with a slash', [ask('other/a')]],
    ['a name too long', [ask('a'.repeat(65))]],
    ['nobody', [ask('a', { per: 'session' as 'user' })]],
    ['no time', [ask('a', { window: 'week' as 'day' })]],
    ['a number', [ask('a', { of: 7 as unknown as string })]],
    ['an endless text', [ask('a', { of: 'x'.repeat(501) })]],
    ['more than it may', [{ ...ask('a'), since: 'ever' }]],
  ])('denies, and is counted nowhere, where it is %s', (_, said) => {
    const broken = rule('broken', { history: () => said as HistoryAsk[] });
    expect(historyAsksOf([broken], facts)).toEqual([]);
    expect(evaluate([rule('yes'), broken], facts)).toMatchObject({
      ...{ tag: 'deny', code: 'PERMISSION_DENIED', detail: expect.stringContaining('its history cannot be said') },
      rules: [
        { rule: 'yes', outcome: 'allow' },
        { rule: 'broken', outcome: 'deny' },
      ],
    });
  });

  it('denies where it throws, and tells nothing of what it threw', () => {
    const broken = rule('broken', {
      history: () => {
        throw new RangeError('secret words of a record');
      },
    });
    expect(historyAsksOf([broken, oneACase], facts)).toHaveLength(1);
    const verdict = evaluate([broken], facts);
    expect(verdict).toMatchObject({ tag: 'deny', code: 'PERMISSION_DENIED' });
    expect(JSON.stringify(verdict)).not.toContain('secret words');
  });

  it.each(['a', 'A9_-', '0', 'constructor', 'a'.repeat(64)])('may be called %s', (as) => {
    const counting = rule('counting', {
      history: () => [ask(as)],
      decide: ({ history }) => allow(`${history[as]!.open} open`),
    });
    expect(evaluate([counting], { ...facts, history: { [`counting/${as}`]: tally(3) } })).toMatchObject({
      rules: [{ reason: '3 open' }],
    });
  });

  it(`may be of ${MAX_ASKS} things, and of a long text`, () => {
    const many = Array.from({ length: MAX_ASKS }, (_, at) => ask(`a${at}`, { of: 'x'.repeat(500) }));
    expect(historyAsksOf([rule('many', { history: () => many })], facts)).toHaveLength(MAX_ASKS);
  });
});

describe('a rule sees', () => {
  it('what it asked for, under the name it gave it', () => {
    const given = (open: number) => evaluate([oneACase], { ...facts, history: { 'one-a-case/ofCase': tally(open) } });
    expect(given(0)).toMatchObject({ tag: 'approve' });
    expect(given(1)).toMatchObject({ tag: 'deny', code: 'LIMIT_EXCEEDED' });
  });

  it('nothing less: what is not known denies, whatever else is', () => {
    const others: RuleFacts['history'][] = [{}, { ofCase: tally(0) }, { 'another/ofCase': tally(0) }];
    for (const history of others)
      expect(evaluate([oneACase], { ...facts, history })).toMatchObject({
        ...{
          tag: 'deny',
          code: 'PERMISSION_DENIED',
          detail: expect.stringContaining('its history ofCase is not known'),
        },
      });
    const named = rule('named', { history: () => [ask('a')] });
    const inherited = Object.create({ 'named/a': tally(0) }) as RuleFacts['history'];
    expect(evaluate([named], { ...facts, history: inherited })).toMatchObject({ tag: 'deny' });
  });

  it('nothing more: neither what others asked for, nor what every object has', () => {
    const seen: unknown[] = [];
    const looking = (name: string, change: Partial<Rule> = {}) =>
      rule(name, {
        ...change,
        decide: ({ history }) => (seen.push(Object.keys(history), history['constructor']), pass('seen')),
      });
    const history = { 'mine/a': tally(1), 'yours/a': tally(2), 'yours/b': tally(3) };
    evaluate([looking('mine', { history: () => [ask('a')] }), looking('bare')], { ...facts, history });
    expect(seen).toEqual([['a'], undefined, [], undefined]);
  });

  it('its own, where two ask under one name', () => {
    const counting = (name: string) =>
      rule(name, { history: () => [ask('all')], decide: ({ history }) => allow(String(history['all']!.open)) });
    const history = { 'mine/all': tally(1), 'yours/all': tally(2) };
    expect(evaluate([counting('mine'), counting('yours')], { ...facts, history }).rules).toEqual([
      { rule: 'mine', outcome: 'allow', reason: '1' },
      { rule: 'yours', outcome: 'allow', reason: '2' },
    ]);
  });

  it.each<[Rule['needs'], string[]]>([
    [undefined, []],
    [['preview'], []],
    [['stage'], ['stage']],
    [['switches'], ['switches']],
    [
      ['switches', 'stage'],
      ['stage', 'switches'],
    ],
  ])('stage and switches where it needs them: %j', (needs, given) => {
    const seen: string[] = [];
    const keys = ({ ...all }: RuleFacts) => Object.keys(all).filter((key) => key === 'stage' || key === 'switches');
    const looking = rule('looking', {
      ...(needs ? { needs } : {}),
      decide: (own) => (seen.push(...keys(own)), pass('x')),
    });
    evaluate([looking], { ...facts, preview: { effect: null, basis: {}, digest: 'd' } });
    expect(seen).toEqual(given);
  });

  it.each(['stage', 'switches'] as const)('no %s that nobody knows: it denies', (need) => {
    const { [need]: _, ...rest } = facts;
    const needing = rule('needing', { needs: [need] });
    expect(evaluate([needing], rest)).toMatchObject({ tag: 'deny', detail: expect.stringContaining('known') });
    expect(evaluate([rule('other')], rest)).toMatchObject({ tag: 'approve' });
    expect(evaluate([needing], facts)).toMatchObject({ tag: 'approve' });
  });

  it('everything else as it is given', () => {
    let seen: RuleFacts | undefined;
    evaluate([rule('looking', { needs: ['stage', 'switches'], decide: (own) => ((seen = own), pass('x')) })], facts);
    expect(seen).toEqual(facts);
  });
});
