/*
 * Decisions that were made, made once more under a changed package. What it guarantees:
 * 1. What was not kept is not guessed: a decision without the facts its rules looked at, or whose changed rules look at more than
 *    was kept, is not replayable, and says why.
 * 2. Compared is what the rules said: what people, switches, stages, limits and sessions did to the action is nobody's rule.
 * 3. Each action counts once a revision, by the last decision that its rules made on it.
 */
import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { STAGES, type Json, type JsonObject, type Money, type RuleResult } from '@countersign/contracts';
import { historyAsksOf, type RuleFacts, type Verdict } from '@countersign/policy-kit';
import { judgeCall, type Call } from '@countersign/rule-cases';
import type { Workflow } from '@countersign/workflow-kit';
import type { Decision } from './decisions.js';

/** What the rules said: of people who, and how many; of a denial its code. */
export interface Said {
  verdict: 'approve' | 'deny' | 'escalate' | 'needs-preview';
  roles?: string[];
  approvals?: number;
  code?: string;
}

/** A rule that says another thing now. Undefined: it is not there, or was not asked. */
export interface RuleChange {
  rule: string;
  was: string | undefined;
  would: string | undefined;
  reason: string;
}

export interface Replayed {
  at: string;
  intentId: string;
  actionId: string;
  revision: number;
  actor: string;
  tool: string;
  amount?: Money;
  was: Said;
  would: Said;
  differs: boolean;
  /** The rules that made the difference. */
  by: RuleChange[];
}

export type Replay =
  | ({ tag: 'replayed' } & Replayed)
  | { tag: 'not-replayable'; at: string; actionId: string; because: string }
  /** Decided before the rules were asked, or by something else than they. */
  | { tag: 'not-by-rules'; at: string; actionId: string; code: string };

const tally = z.object({
  open: z.number(),
  actions: z.number(),
  records: z.number(),
  amounts: z.record(z.string(), z.string()),
});
/** What policy keeps of a decision its rules made. */
const factsKept = z.object({
  proposedBy: z.enum(['model', 'caller']).optional(),
  provenance: z.record(z.string(), z.custom<RuleFacts['provenance'][string]>()),
  heardStrangers: z.boolean().optional(),
  stage: z.enum(STAGES),
  switches: z.array(z.string()),
  history: z.record(z.string(), tally),
  now: z.iso.datetime({ offset: true }),
});

/** Guarantee 3: the decisions of one trace on the actions of one workflow, made once more. */
export function replay(workflow: Workflow, decisions: readonly Decision[], name = workflow.name): Replay[] {
  const actions = Map.groupBy(
    decisions.filter(({ data }) => data.workflow === name),
    ({ data }) => `${data.actionId}/${data.revision}`,
  );
  return [...actions.values()].map((all) => replayLast(workflow, all));
}

function replayLast(workflow: Workflow, all: readonly Decision[]): Replay {
  const byRules = all.findLast(({ data }) => asked(data.facts));
  const { at, data, ...last } = byRules ?? all.at(-1)!;
  const { actionId } = data;
  const facts = factsKept.safeParse(data.facts);
  if (!facts.success) {
    const because =
      data.rules.length > 0 || last.verdict !== 'denied' ? 'the facts its rules looked at were not kept' : undefined;
    if (because === undefined) return { tag: 'not-by-rules', at, actionId, code: 'code' in data ? data.code : '' };
    return { tag: 'not-replayable', at, actionId, because };
  }
  return replayOne(workflow, byRules!, { ...facts.data, now: new Date(facts.data.now) });
}

/** Where no rule was asked, policy keeps no provenance. */
const asked = (facts: JsonObject | undefined) => facts !== undefined && Object.hasOwn(facts, 'provenance');

type Kept = Pick<Call, 'proposedBy' | 'provenance' | 'heardStrangers' | 'stage' | 'switches' | 'history' | 'now'>;

function replayOne(workflow: Workflow, decision: Decision, facts: Kept): Replay {
  const { at, data, preview, dryRun } = decision;
  const { intentId, actionId, revision, tool, actor, arguments: args } = data;
  const call: Call = { ...facts, tool, actor, arguments: args, preview, dryRun };
  const unknown = notCounted(workflow, call);
  if (unknown !== undefined) return { tag: 'not-replayable', at, actionId, because: unknown };
  const verdict = judgeCall(workflow, call);
  const was = saidBefore(decision);
  const would = saidNow(verdict, dryRun);
  const amount = amountOf(workflow, decision);
  return {
    ...{ tag: 'replayed', at, intentId, actionId, revision, actor: actor.sub, tool, was, would },
    ...(amount ? { amount } : {}),
    differs: !same(was, would),
    by: changes(data.rules, verdict),
  };
}

/** Guarantee 1: a rule that counts what was not counted then has nothing to go by. */
function notCounted(
  { rules, tools }: Workflow,
  { tool: name, actor, arguments: args, history }: Call,
): string | undefined {
  const contract = tools.find((one) => one.name === name);
  if (!contract) return undefined;
  const asks = historyAsksOf(rules, { tool: { name, effect: contract.effect }, actor, arguments: args });
  const missing = asks.find((ask) => !Object.hasOwn(history, ask.name));
  return missing && `the rule ${missing.rule} counts ${missing.ask.as}, which was not counted then`;
}

/** Guarantee 2: from what each rule said, whatever people made of it. */
function saidBefore({ verdict, data, dryRun }: Decision): Said {
  const said = wordOf(data.rules);
  if (verdict === 'approved' && data.grant === 'preview' && !data.preview) return { verdict: wordSoFar(said, dryRun) };
  // Escalations no single role satisfies are a denial of the rules too.
  if (verdict === 'denied' && (said === 'deny' || (said === 'escalate' && data.code === 'PERMISSION_DENIED')))
    return { verdict: 'deny', code: data.code };
  if (said !== 'escalate' || verdict !== 'escalated' || data.edits) return { verdict: said };
  return { verdict: said, roles: [...data.approverRoles], approvals: data.approvalsNeeded };
}

/** Of rules that were not all asked yet. A dry run ends there: its answer is what the others said. */
function wordSoFar(said: ReturnType<typeof wordOf>, dryRun: boolean): Said['verdict'] {
  if (said === 'escalate') return said;
  return said === 'approve' && dryRun ? said : 'needs-preview';
}

function saidNow(verdict: Verdict, dryRun: boolean): Said {
  switch (verdict.tag) {
    case 'approve':
      return { verdict: 'approve' };
    case 'deny':
      return { verdict: 'deny', code: verdict.code };
    case 'escalate':
      return { verdict: 'escalate', roles: verdict.roles, approvals: verdict.approvals };
    case 'needs-preview':
      return { verdict: wordSoFar(wordOf(verdict.rules), dryRun) };
    default:
      return verdict satisfies never;
  }
}

function wordOf(rules: readonly RuleResult[]): 'approve' | 'deny' | 'escalate' {
  const outcomes = rules.map(({ outcome }) => outcome);
  if (outcomes.includes('deny')) return 'deny';
  if (outcomes.includes('escalate')) return 'escalate';
  return outcomes.includes('allow') ? 'approve' : 'deny';
}

/** Roles and codes count where both are known. */
function same(was: Said, would: Said): boolean {
  if (was.verdict !== would.verdict) return false;
  const roles = (said: Said) => said.roles && [...said.roles].sort().join();
  const both: [unknown, unknown][] = [
    [roles(was), roles(would)],
    [was.approvals, would.approvals],
    [was.code, would.code],
  ];
  return both.every(([before, now]) => before === undefined || now === undefined || before === now);
}

function changes(before: readonly RuleResult[], verdict: Verdict): RuleChange[] {
  const names = [...new Set([...before, ...verdict.rules].map(({ rule }) => rule))];
  const changed = names.flatMap((rule) => {
    const [was, would] = [outcomeOf(before, rule), outcomeOf(verdict.rules, rule)];
    if (was === would) return [];
    return [{ rule, was, would, reason: reasonOf(verdict.rules, rule) ?? reasonOf(before, rule) ?? '' }];
  });
  // Before any rule was asked, or after all were: none of them says why.
  const silent = verdict.tag === 'deny' && !verdict.rules.some(({ outcome }) => outcome === 'deny');
  return silent ? [...changed, { rule: verdict.code, was: undefined, would: 'deny', reason: verdict.detail }] : changed;
}

const of = (rules: readonly RuleResult[], name: string) => rules.filter(({ rule }) => rule === name);
const outcomeOf = (rules: readonly RuleResult[], name: string) =>
  of(rules, name)
    .map(({ outcome }) => outcome)
    .join(' and ') || undefined;
const reasonOf = (rules: readonly RuleResult[], name: string) => of(rules, name)[0]?.reason;

/** As the tool's contract says it now, else as it was shown to people then. */
function amountOf({ tools }: Workflow, { verdict, data }: Decision): Money | undefined {
  const before = verdict === 'escalated' ? data.blast.amount : undefined;
  const contract = tools.find(({ name }) => name === data.tool);
  try {
    const amount = contract?.blast?.(data.arguments as Record<string, Json>).amount;
    return amount && new Decimal(amount.amount).isFinite() ? amount : before;
  } catch {
    return before;
  }
}
