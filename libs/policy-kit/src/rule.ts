import {
  CODE_NAMES,
  cut,
  type ArgumentProvenance,
  type Code,
  type JsonObject,
  type Person,
  type Preview,
  type RuleResult,
  type Stage,
} from '@countersign/contracts';
import type { PermissionMap, ToolContract } from '@countersign/tool-sdk';
import { asksOf, historyName, rulesOf, type Asked } from './history.js';
import { permissionNeeds } from './permission-needs.js';

const nameOf = (error: unknown) => (error instanceof Error ? error.name : 'unknown');
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
  /** Whose idea it is: the model's, or a call that a person or their program made itself. Policy always says; old records do not. */
  proposedBy?: 'model' | 'caller' | undefined;
  /** Computed by the executor and signed; present once it was asked for. */
  preview: Preview | undefined;
  /** Where each argument comes from, computed by policy. */
  provenance: Record<string, ArgumentProvenance>;
  /** Inputs that decide where money, data or rights go, as the tool declares them. */
  decides?: ToolContract['decides'];
  /** Inputs in which any names may stand, as the tool declares them. */
  freeNames?: ToolContract['freeNames'];
  /** Of a session that is remembered: whether strangers' words were read before, so that what a model made up may be theirs. Else nobody knows. */
  heardStrangers?: boolean | undefined;
  /** What was done before. `evaluate` is given all of it, by `rule/as`; a rule sees what it asked for itself, by `as`. */
  history: Readonly<Record<string, Tally>>;
  /** Seen by rules that need it. */
  stage?: Stage | undefined;
  /** Scopes of the switches that are on and stop any tool of this workflow for this tenant. Seen by rules that need them. */
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

/**
 * What a rule has counted: an action is counted on every row that the rules of its tool ask for. A row is the rule's own: another
 * rule, `as`, `of` or window counts on another.
 */
export interface HistoryAsk {
  /** The rule finds it as `history[as]`. Letters, digits, `-` and `_`. */
  as: string;
  /** Whose actions: the user's own, or all of the tenant's. */
  per: 'user' | 'tenant';
  /** Which of them, in the rule's own words: a record's id, a kind of tool. All that ask under this name if absent. */
  of?: string;
  /** Since when: the user's session, the day (UTC) or ever. */
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
  /** Pure, of what is asked for alone; at most `MAX_ASKS`, each under a name of its own. A rule whose history cannot be said denies. */
  history?(asked: Asked): HistoryAsk[];
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
 * What the rules, and the tool's permission map, say of one action:
 * - Asked are the rules that name its tool or no tool at all, and for each value that the permission map names a rule
 *   `permission-map` that escalates to the entry's roles. Their results stand in this order. A rule that needs the preview is
 *   asked once there is one.
 * - A rule that cannot be asked, throws, or says what is no verdict (a promise, an outcome or code there is not, a number of people
 *   that is no whole number over 0) denies with PERMISSION_DENIED: unsure is never yes. It cannot be asked where its `history` throws or is no list of fitting asks, where one
 *   of its tallies (`rule/as`) is not given, and where it needs the stage or switches and is not given them.
 * - Deny over escalate over approve. The first denial decides: its code, reason and next step are the verdict's. Otherwise, if a
 *   rule still waits for the preview, that comes first.
 * - Several escalations: only a role that each of them names may decide, in the first one's order, and as many people as the one
 *   that asks for most; if no role is named by all, it is denied.
 * - Without any of these one rule has to allow: where none does, it is denied with PERMISSION_DENIED.
 */
export function evaluate(rules: readonly Rule[], facts: RuleFacts): Verdict {
  const asked = [...rulesOf(rules, facts), ...mapRules(facts)];
  const ready = asked.filter((rule) => facts.preview !== undefined || !rule.needs?.includes('preview'));
  const common = commonOf(facts);
  const verdicts = ready.map((rule) => ({ rule, verdict: ask(rule, facts, common) }));
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

const unsure = (because: string) => deny('PERMISSION_DENIED', `${because}; unsure is never yes`);

function ask(rule: Rule, facts: RuleFacts, common: Common): RuleVerdict {
  const own = factsFor(rule, facts, common);
  if ('because' in own) return unsure(own.because);
  try {
    const verdict = rule.decide(own.facts);
    if (!isVerdict(verdict)) return unsure('the rule said what is no verdict');
    return verdict;
  } catch (error) {
    return unsure(`the rule failed (${nameOf(error)})`);
  }
}

/** Rules are plain JavaScript too: a promise, or a word nobody knows, would else object to nothing. */
function isVerdict(said: RuleVerdict): boolean {
  if (typeof said.reason !== 'string') return false;
  switch (said.outcome) {
    case 'allow':
    case 'pass':
      return true;
    case 'deny':
      return CODE_NAMES.includes(said.code) && ['string', 'undefined'].includes(typeof said.nextStep);
    case 'escalate':
      // A count of no people would be an approval.
      return isRoles(said.roles) && Number.isInteger(said.approvals) && said.approvals > 0;
    default:
      said satisfies never;
      return false;
  }
}

const isRoles = (roles: readonly string[]) => Array.isArray(roles) && roles.every((role) => typeof role === 'string');

/** What every rule may look at. Left out once for all rules: it costs as much as most of them. */
type Common = Omit<RuleFacts, 'stage' | 'switches' | 'history'>;
const commonOf = ({ stage: _stage, switches: _switches, history: _history, ...common }: RuleFacts): Common => common;

/** What this rule may look at: no more than it asked for, and no less. A copy: what a rule does to it no other sees. */
function factsFor(rule: Rule, facts: RuleFacts, common: Common): { facts: RuleFacts } | { because: string } {
  const history = historyFor(rule, facts);
  if ('because' in history) return history;
  const own: RuleFacts = { ...common, history: history.own };
  if (rule.needs?.includes('stage')) {
    if (facts.stage === undefined) return { because: 'the stage is not known' };
    own.stage = facts.stage;
  }
  if (rule.needs?.includes('switches')) {
    if (facts.switches === undefined) return { because: 'the switches are not known' };
    own.switches = facts.switches;
  }
  return { facts: own };
}

function historyFor(rule: Rule, facts: RuleFacts): { own: Record<string, Tally> } | { because: string } {
  const asks = asksOf(rule, facts);
  if ('because' in asks) return asks;
  // Without a prototype: what a rule did not ask for is not there, whatever it is called.
  const own = Object.create(null) as Record<string, Tally>;
  for (const { as } of asks.asks) {
    const tally = tallyNamed(facts.history, historyName(rule.name, as));
    if (!tally) return { because: `its history ${as} is not known` };
    own[as] = tally;
  }
  return { own };
}

const tallyNamed = (history: RuleFacts['history'], name: string) =>
  Object.hasOwn(history, name) ? history[name] : undefined;

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
