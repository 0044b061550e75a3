import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findCases, judgeCall, parseCaseFile, runCases, untriedRules } from './index.js';
import { desk } from './desk.fixture.js';

const yaml = (expect: string, given = '{ tool: pay, arguments: { amount: "18.00" } }') => `rule: small
cases:
  - title: One case
    given: ${given}
    expect: ${expect}
`;
const run = (expect: string, given?: string, rule = 'small') =>
  runCases(desk, [{ file: 'x', ...parseCaseFile(yaml(expect, given), 'x'), rule }]).flatMap(({ problems }) => problems);
const given = (more: string, amount = '18.00') => `{ tool: pay, arguments: { amount: "${amount}" }, ${more} }`;
const LEFT = 'preview: { effect: { left: "1.00" } }';

describe('a file of cases', () => {
  it('says of what it leaves out what it means', () => {
    expect(parseCaseFile(yaml('{ rule: allow }'), 'x').cases[0]).toEqual({
      title: 'One case',
      given: {
        ...{ tool: 'pay', arguments: { amount: '18.00' }, actor: { sub: 'alice', tenant: 'acme' } },
        ...{ proposedBy: 'model', provenance: {} },
        ...{ history: {}, stage: 'scoped', switches: [], dryRun: false, now: '2026-01-15T12:00:00Z' },
      },
      expect: { rule: 'allow' },
    });
  });

  it.each<[string, string, string]>([
    ['an expectation of nothing', yaml('{ }'), 'expect a rule, a decision or both'],
    ['a code of no denial', yaml('{ rule: allow, code: KILLED }'), 'a code belongs to a denial'],
    [
      'a code of another decision',
      yaml('{ rule: deny, decision: approve, code: KILLED }'),
      'a code belongs to a denial',
    ],
    [
      'roles of no escalation',
      yaml('{ decision: deny, roles: [boss] }'),
      'roles and approvals belong to an escalation',
    ],
    ['a count of no escalation', yaml('{ rule: pass, approvals: 1 }'), 'roles and approvals belong to an escalation'],
    ['an unknown word', yaml('{ rule: allow, descision: deny }'), 'descision'],
    ['an outcome there is not', yaml('{ rule: approve }'), 'cases.0.expect.rule'],
    ['no case', 'rule: small\ncases: []\n', 'cases: '],
    [
      'two cases of one title',
      `${yaml('{ rule: allow }')}${yaml('{ rule: allow }').split('cases:\n')[1]}`,
      'each title',
    ],
    ['a key that stands twice', yaml('{ rule: allow, rule: deny }'), 'unique'],
    ['no YAML', 'rule: [', 'x: '],
  ])('with %s is not taken', (_, text, flaw) => {
    expect(() => parseCaseFile(text, 'x')).toThrow(flaw);
  });
});

describe('a case', () => {
  it.each<[string, string, string, string?]>([
    ['what the rule says alone', '{ rule: allow }', given('dryRun: false')],
    ['what all decide', '{ rule: allow, decision: approve }', given(LEFT)],
    ['the permission map', '{ decision: escalate, roles: [boss], approvals: 2 }', given(LEFT, '50.01')],
    ['the map alone', '{ rule: escalate, roles: [boss], approvals: 2 }', given(LEFT, '50.01'), 'permission-map'],
    ['the map where it is silent', '{ rule: pass }', given(LEFT), 'permission-map'],
    ['a preview that is not there', '{ decision: needs-preview }', given('dryRun: true')],
    [
      'an effect',
      '{ rule: escalate, roles: [boss], approvals: 1 }',
      given('preview: { effect: { left: "0.00" } }'),
      'seen',
    ],
    [
      'its own history',
      '{ rule: deny, code: LIMIT_EXCEEDED }',
      given('history: { mine: { open: 1 } }'),
      'one-at-a-time',
    ],
    [
      'the history of another rule',
      '{ rule: allow, decision: deny }',
      given('history: { one-at-a-time/mine: { open: 1 } }'),
    ],
    ['no history', '{ rule: pass }', given('stage: scoped'), 'one-at-a-time'],
    ['arguments that do not fit', '{ decision: deny, code: INVALID_ARGUMENTS }', given(LEFT, 'much')],
    ['the limit of one action', '{ decision: deny, code: LIMIT_EXCEEDED }', given(LEFT, '1000.01')],
    ['what is within it', '{ decision: escalate }', given(LEFT, '1000.00')],
    ['a role nobody named', '{ decision: deny, code: PERMISSION_DENIED }', given('actor: { roles: [guest] }')],
  ])('goes by %s', (_, expected, ...[facts, rule]) => {
    expect(run(expected, facts, rule)).toEqual([]);
  });

  it.each<[string, string[], string, string, string?]>([
    ['another outcome', ['the rule says: expected pass, found allow'], '{ rule: pass }', given(LEFT)],
    ['another decision', ['decided: expected deny, found approve'], '{ decision: deny }', given(LEFT)],
    [
      'other people',
      ['roles: expected clerk, found boss', 'approvals: expected 1, found 2'],
      '{ decision: escalate, roles: [clerk], approvals: 1 }',
      given(LEFT, '50.01'),
    ],
    [
      'another code, of the decision where one is expected',
      ['code: expected KILLED, found LIMIT_EXCEEDED'],
      '{ rule: allow, decision: deny, code: KILLED }',
      given('history: { one-at-a-time/mine: { open: 1 } }'),
    ],
    [
      'a code of what was not denied',
      ['decided: expected deny, found approve', 'code: expected KILLED, found none'],
      '{ decision: deny, code: KILLED }',
      given(LEFT),
    ],
    [
      'a rule that waits for the preview',
      ['seen needs the preview, and the case gives none'],
      '{ rule: pass }',
      given('dryRun: true'),
      'seen',
    ],
    ['a rule there is not', ['pay-desk has no rule smal'], '{ decision: approve }', given(LEFT), 'smal'],
    ['a tool there is not', ['pay-desk has no tool py'], '{ decision: deny }', '{ tool: py, arguments: {} }'],
    [
      'a history no rule asks for',
      ['no rule asks for the history small/mine'],
      '{ rule: allow }',
      given('history: { mine: {} }'),
    ],
  ])('fails over %s', (_, problems, expected, ...[facts, rule]) => {
    expect(run(expected, facts, rule)).toEqual(problems);
  });

  it('is tried as somebody of the first role of the tool', () => {
    const [result] = runCases(desk, [{ file: 'x', ...parseCaseFile(yaml('{ rule: allow }'), 'x') }]);
    expect(result!.facts.actor).toEqual({ sub: 'alice', tenant: 'acme', roles: ['clerk'] });
  });

  it('is of one rule: those without one are named', () => {
    const found = [{ file: 'x', ...parseCaseFile(yaml('{ rule: allow }'), 'x') }];
    expect(untriedRules(desk, found)).toEqual(['one-at-a-time', 'seen']);
    expect(runCases(desk, found, 'seen')).toEqual([]);
  });
});

describe('a call', () => {
  const call = {
    ...{
      tool: 'pay',
      arguments: { amount: '1.00' },
      actor: { sub: 'a', tenant: 't', roles: ['clerk'] },
      dryRun: false,
    },
    ...{ preview: undefined, provenance: {}, history: {}, now: new Date(0) },
  };
  it('of a tool the workflow has not, or of arguments it does not take, is denied before any rule is asked', () => {
    expect(judgeCall(desk, { ...call, tool: 'x' })).toMatchObject({ tag: 'deny', code: 'UNKNOWN_TOOL', rules: [] });
    expect(judgeCall(desk, { ...call, arguments: { amount: 1 } })).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      rules: [],
    });
  });

  it('needs a role of the workflow and one of the tool', () => {
    const as = (roles: string[], workflow = desk) => judgeCall(workflow, { ...call, actor: { ...call.actor, roles } });
    const denied = { tag: 'deny', code: 'PERMISSION_DENIED', rules: [] };
    expect(as(['guest'])).toMatchObject({ ...denied, detail: 'pay-desk needs one of the roles clerk, boss' });
    expect(as(['guest'], { ...desk, roles: ['guest'] })).toMatchObject({
      ...denied,
      detail: 'pay needs one of the roles clerk, boss',
    });
    expect(as(['boss'])).not.toMatchObject({ rules: [] });
  });
});

describe('the cases of a package', () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(tmpdir(), 'rule-cases-'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));
  const write = (file: string, title: string) => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), yaml('{ rule: allow }').replace('One case', title));
  };
  const files = () => findCases(root).map(({ file }) => file);

  it('are found wherever they lie, and never in what it depends on', () => {
    write('src/rules/b.cases.yaml', 'B');
    write('a.cases.yaml', 'A');
    write('node_modules/x/c.cases.yaml', 'C');
    write('other.yaml', 'D');
    expect(files()).toEqual(['a.cases.yaml', 'src/rules/b.cases.yaml']);
  });

  it('are those of dist where there are no others', () => {
    write('dist/rules/b.cases.yaml', 'B');
    expect(files()).toEqual(['dist/rules/b.cases.yaml']);
    write('src/rules/b.cases.yaml', 'B');
    expect(files()).toEqual(['src/rules/b.cases.yaml']);
  });

  it('have each their title', () => {
    write('a.cases.yaml', 'Same');
    write('b.cases.yaml', 'Same');
    expect(files).toThrow('two cases of this package are titled "Same"');
  });
});
