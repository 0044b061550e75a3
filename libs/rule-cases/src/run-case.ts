import { digest, type JsonObject, type Person, type RuleResult } from '@countersign/contracts';
import { evaluate, historyAsksOf, type Rule, type RuleFacts, type Tally, type Verdict } from '@countersign/policy-kit';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Workflow } from '@countersign/workflow-kit';
import type { RuleCase } from './case-file.js';
import type { FoundCases } from './find-cases.js';
import { factsOf, judgeCall, type Call } from './judge-call.js';

/** What became of one case. `problems` is empty where everything is as expected. */
export interface CaseResult {
  file: string;
  rule: string;
  title: string;
  problems: string[];
  /** What all rules and the permission map together say. */
  verdict: Verdict;
  facts: Call;
}

/** All rules a case file may be of, besides those of the workflow. */
const PERMISSION_MAP = 'permission-map';
const NOTHING: Tally = { open: 0, actions: 0, records: 0, amounts: {} };

/** Runs cases against a workflow; `rule` runs those of one rule alone. */
export function runCases(workflow: Workflow, found: readonly FoundCases[], rule?: string): CaseResult[] {
  return found
    .filter((file) => rule === undefined || file.rule === rule)
    .flatMap(({ file, rule: name, cases }) =>
      cases.map((one) => ({ file, rule: name, title: one.title, ...runCase(workflow, name, one) })),
    );
}

/** Rules of a workflow that no case is of: nobody has tried them. */
export function untriedRules(workflow: Workflow, found: readonly FoundCases[]): string[] {
  const tried = new Set(found.map(({ rule }) => rule));
  return workflow.rules.map(({ name }) => name).filter((name) => !tried.has(name));
}

function runCase(
  workflow: Workflow,
  rule: string,
  { given, expect }: RuleCase,
): Pick<CaseResult, 'problems' | 'verdict' | 'facts'> {
  const contract = workflow.tools.find(({ name }) => name === given.tool);
  const call = callOf(workflow, rule, contract, given);
  const verdict = judgeCall(workflow, call);
  const alone =
    contract && expect.rule !== undefined ? ofRuleAlone(workflow, rule, factsOf(workflow, contract, call)) : undefined;
  const problems = [
    ...known(workflow, rule, contract, given.tool),
    ...(contract ? unasked(workflow.rules, contract, call) : []),
    ...(alone ? ('problem' in alone ? [alone.problem] : differs('the rule says', expect.rule!, alone.outcome)) : []),
    ...(expect.decision === undefined ? [] : differs('decided', expect.decision, verdict.tag)),
    ...detailProblems(expect, expect.decision === undefined ? alone : { verdict }),
  ];
  return { problems, verdict, facts: call };
}

function known(workflow: Workflow, rule: string, contract: ToolContract | undefined, tool: string): string[] {
  const isRule = rule === PERMISSION_MAP || workflow.rules.some(({ name }) => name === rule);
  return [
    ...(isRule ? [] : [`${workflow.name} has no rule ${rule}`]),
    ...(contract ? [] : [`${workflow.name} has no tool ${tool}`]),
  ];
}

function unasked(rules: readonly Rule[], contract: ToolContract, call: Call): string[] {
  const asked = asksOf(rules, contract, call);
  return Object.keys(call.history)
    .filter((name) => !asked.includes(name))
    .map((name) => `no rule asks for the history ${name}`);
}

/** The case as policy would have it: what it leaves out filled in. */
function callOf({ rules }: Workflow, rule: string, contract: ToolContract | undefined, given: RuleCase['given']): Call {
  const { preview, history, actor, now, ...rest } = given;
  const { roles = contract?.permissions.roles.slice(0, 1) ?? [], ...who } = actor;
  const call: Call = {
    ...(rest as Pick<Call, 'tool' | 'proposedBy' | 'provenance' | 'heardStrangers' | 'dryRun' | 'stage' | 'switches'>),
    arguments: given.arguments as JsonObject,
    actor: { ...who, roles: [...roles] } satisfies Person,
    preview: preview && {
      effect: preview.effect,
      basis: preview.basis as JsonObject,
      digest: digest(preview.effect),
    },
    history: {},
    now: new Date(now),
  };
  return { ...call, history: historyOf(rules, contract, call, { rule, history }) };
}

/** All that rules ask for counts nothing but what the case says: of its own rule by the bare name, of others as `rule/name`. */
function historyOf(
  rules: readonly Rule[],
  contract: ToolContract | undefined,
  call: Call,
  said: { rule: string; history: RuleCase['given']['history'] },
): Record<string, Tally> {
  const asks = contract ? asksOf(rules, contract, call) : [];
  const named = Object.entries(said.history).map(([as, tally]) => [fullName(said.rule, as), tally]);
  return { ...Object.fromEntries(asks.map((name) => [name, NOTHING])), ...Object.fromEntries(named) };
}

const asksOf = (rules: readonly Rule[], { name, effect }: ToolContract, { actor, arguments: args }: Call): string[] =>
  historyAsksOf(rules, { tool: { name, effect }, actor, arguments: args }).map((ask) => ask.name);

const fullName = (rule: string, as: string) => (as.includes('/') ? as : `${rule}/${as}`);

type Alone = { outcome: RuleResult['outcome']; verdict: Verdict } | { problem: string };

function ofRuleAlone({ rules }: Workflow, rule: string, { permissions, ...facts }: RuleFacts): Alone | undefined {
  if (rule === PERMISSION_MAP) {
    const verdict = evaluate([], { ...facts, ...(permissions ? { permissions } : {}) });
    return { outcome: verdict.rules.length > 0 ? 'escalate' : 'pass', verdict };
  }
  const named = rules.filter(({ name }) => name === rule);
  if (named.length === 0) return undefined;
  const verdict = evaluate(named, facts);
  const [result] = verdict.rules;
  if (result) return { outcome: result.outcome, verdict };
  if (verdict.tag === 'needs-preview') return { problem: `${rule} needs the preview, and the case gives none` };
  return { problem: `${rule} does not speak of ${facts.tool.name}` };
}

function detailProblems(
  { code, roles, approvals }: RuleCase['expect'],
  about: { verdict: Verdict } | { problem: string } | undefined,
): string[] {
  if (!about || 'problem' in about) return [];
  const said = about.verdict;
  return [
    ...(code === undefined ? [] : differs('code', code, said.tag === 'deny' ? said.code : undefined)),
    ...(roles === undefined
      ? []
      : differs('roles', inOrder(roles), said.tag === 'escalate' ? inOrder(said.roles) : undefined)),
    ...(approvals === undefined
      ? []
      : differs('approvals', approvals, said.tag === 'escalate' ? said.approvals : undefined)),
  ];
}

const inOrder = (roles: readonly string[]) => [...roles].sort().join(', ');

function differs(what: string, expected: string | number, found: string | number | undefined): string[] {
  return expected === found ? [] : [`${what}: expected ${expected}, found ${found ?? 'none'}`];
}
