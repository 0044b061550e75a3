import {
  cut,
  type ArgumentProvenance,
  type Code,
  type JsonObject,
  type Person,
  type Preview,
  type RuleResult,
  type Stage,
} from '@countersign/contracts';
import type { PermissionMap } from '@countersign/tool-sdk';
import { permissionNeeds } from './permission-needs.js';

const MAX_REASON = 2_000;
const PERMISSION_MAP = 'permission-map';

/** What a rule may look at. It is given; a rule fetches nothing. */
export interface RuleFacts {
  workflow: string;
  tool: { name: string; effect: 'read' | 'write' | 'egress' };
  /** The tool's own map: what it says of these arguments stands beside the rules, as the rule `permission-map`. */
  permissions?: PermissionMap;
  actor: Person;
  arguments: JsonObject;
  dryRun: boolean;
  /** Computed by the executor and signed; present once it was asked for. */
  preview: Preview | undefined;
  /** Where each argument comes from, computed by policy. */
  provenance: Record<string, ArgumentProvenance>;
  /** What was done before, by the names under which the rules of the tool ask for it. */
  history: Readonly<Record<string, Tally>>;
  /** Of rules that need it. */
  stage?: Stage | undefined;
  /** Scopes of the switches that are on, whatever they stop. Of rules that need them. */
  switches?: readonly string[] | undefined;
  now: Date;
}

/** Actions counted on one row, which is locked while policy decides on any of them: right under parallel proposals too. */
export interface Tally {
  /** Decided on, granted or asked about, and not ended; this one not counted. */
  open: number;
  /** Commits granted and not given back, this one's own aside: how many, of how many records, of which sums per currency. */
  actions: number;
  records: number;
  amounts: Readonly<Record<string, string>>;
}

/** What a rule has counted. An action is counted on every row that the rules of its tool ask for. */
export interface HistoryAsk {
  /** The rule finds it as `history[as]`. */
  as: string;
  /** Whose actions: the user's own, or all of the tenant's. */
  per: 'user' | 'tenant';
  /** Which of them, in the rule's own words: a record's id, a kind of tool. All that ask for the same if absent. */
  of?: string;
  /** Since when: the session, the day (UTC) or ever. */
  window: 'session' | 'day' | 'ever';
}

export type RuleVerdict =
  | { outcome: 'allow'; reason: string }
  | { outcome: 'deny'; reason: string; code: Code; nextStep?: string }
  | { outcome: 'escalate'; reason: string; roles: readonly string[]; approvals: number }
  | { outcome: 'pass'; reason: string };

export const allow = (reason: string): RuleVerdict => ({ outcome: 'allow', reason });
export const deny = (code: Code, reason: string, nextStep?: string): RuleVerdict => ({
  outcome: 'deny',
  code,
  reason,
  ...(nextStep ? { nextStep } : {}),
});
export const escalate = (reason: string, roles: readonly string[], approvals = 1): RuleVerdict => ({
  outcome: 'escalate',
  reason,
  roles,
  approvals,
});
/** The rule has nothing to say of this action. */
export const pass = (reason: string): RuleVerdict => ({ outcome: 'pass', reason });

export interface Rule {
  readonly name: string;
  readonly title: string;
  /** The tools it speaks of; every tool of the workflow if absent. */
  readonly tools?: readonly string[];
  /** `preview`: it must see the computed effect; until then it is not asked. `stage`, `switches`: it is given them. */
  readonly needs?: readonly ('preview' | 'stage' | 'switches')[];
  /** Pure, of what is asked for alone. A rule whose history cannot be said denies. */
  history?(asked: Pick<RuleFacts, 'tool' | 'actor' | 'arguments'>): HistoryAsk[];
  decide(facts: RuleFacts): RuleVerdict;
}

/**
 * Declares a rule: pure, in code, never prompt text.
 *
 * @example
 * export const smallRefund = defineRule({
 *   name: 'small-refund', title: 'Refunds up to 50 are approved by rule', tools: ['issue_refund'],
 *   decide: ({ arguments: a }) => (Number(a.amount) <= 50 ? allow('at most 50') : escalate('over 50', ['support-lead'])),
 * });
 */
export function defineRule(rule: Rule): Rule {
  if (rule.name === PERMISSION_MAP) throw new Error(`rule ${rule.name}: that is the name of the tools' own maps`);
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(rule.name)) throw new Error(`rule ${rule.name}: its name must be kebab-case`);
  return Object.freeze(rule);
}

export type Verdict =
  | { tag: 'approve'; rules: RuleResult[] }
  | { tag: 'needs-preview'; rules: RuleResult[] }
  | { tag: 'escalate'; rules: RuleResult[]; roles: string[]; approvals: number }
  | { tag: 'deny'; rules: RuleResult[]; code: Code; detail: string; nextStep?: string };

/**
 * Deny unless a rule allows; deny over escalate over approve. A rule that throws denies: unsure is never yes. Rules that
 * need the preview are asked once there is one; if a rule that needs no preview already denies, none is computed.
 * A value the tool's permission map names is a rule that escalates.
 */
export function evaluate(rules: readonly Rule[], facts: RuleFacts): Verdict {
  const own = rules.filter((rule) => !rule.tools || rule.tools.includes(facts.tool.name));
  const asked = [...own, ...mapRules(facts)];
  const ready = asked.filter((rule) => facts.preview !== undefined || !rule.needs?.includes('preview'));
  const verdicts = ready.map((rule) => ({ rule, verdict: ask(rule, facts) }));
  const results: RuleResult[] = verdicts.map(({ rule, verdict }) => ({
    rule: rule.name,
    outcome: verdict.outcome,
    reason: cut(verdict.reason, MAX_REASON),
  }));
  for (const { rule, verdict } of verdicts) {
    if (verdict.outcome !== 'deny') continue;
    const because = { code: verdict.code, detail: `${rule.title}: ${verdict.reason}` };
    return { tag: 'deny', rules: results, ...because, ...(verdict.nextStep ? { nextStep: verdict.nextStep } : {}) };
  }
  if (ready.length < asked.length) return { tag: 'needs-preview', rules: results };
  const escalations = verdicts.flatMap(({ verdict }) => (verdict.outcome === 'escalate' ? [verdict] : []));
  if (escalations.length > 0) return escalation(results, escalations);
  if (verdicts.some(({ verdict }) => verdict.outcome === 'allow')) return { tag: 'approve', rules: results };
  return { tag: 'deny', rules: results, code: 'PERMISSION_DENIED', detail: `no rule allows ${facts.tool.name} here` };
}

function mapRules({ permissions, arguments: args }: RuleFacts): Rule[] {
  if (!permissions) return [];
  return permissionNeeds(permissions, args).map(({ parameter, when, roles, approvals }) => ({
    name: PERMISSION_MAP,
    title: 'The permission map',
    decide: () => escalate(`${parameter}: ${when}`, roles, approvals),
  }));
}

function ask(rule: Rule, facts: RuleFacts): RuleVerdict {
  try {
    const verdict = rule.decide(facts);
    // A count of no people would be an approval.
    if (verdict.outcome === 'escalate' && !(Number.isInteger(verdict.approvals) && verdict.approvals > 0))
      throw new RangeError('approvals');
    return verdict;
  } catch (error) {
    return deny(
      'PERMISSION_DENIED',
      `the rule failed (${error instanceof Error ? error.name : 'unknown'}); unsure is never yes`,
    );
  }
}

/** Several rules may ask for people: then only a role every one of them names may decide, as often as the strictest asks. */
function escalation(rules: RuleResult[], asked: { roles: readonly string[]; approvals: number }[]): Verdict {
  const [first, ...rest] = asked.map(({ roles }) => roles);
  const roles = [...(first ?? [])].filter((role) => rest.every((others) => others.includes(role)));
  if (roles.length === 0) {
    return {
      tag: 'deny',
      rules,
      code: 'PERMISSION_DENIED',
      detail: 'the rules ask for approvers no single role satisfies',
    };
  }
  return { tag: 'escalate', rules, roles, approvals: Math.max(...asked.map(({ approvals }) => approvals)) };
}
