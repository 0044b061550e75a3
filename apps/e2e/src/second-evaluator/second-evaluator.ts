/*
 * What rules and a permission map come to, written a second time: from the doc comments of policy-kit and the glossary alone, in its
 * own types, with no import at all. Where the two disagree, one of them has read the promise wrongly. What it says is unknown
 * (`undefined` texts) is promised nowhere and not compared.
 */
export interface Asked {
  tool: { name: string; effect: string };
  actor: unknown;
  arguments: Record<string, unknown>;
}
export interface Facts extends Asked {
  permissions?: { approvals?: Record<string, Entry> };
  preview: unknown;
  history: Record<string, unknown>;
  stage?: string | undefined;
  switches?: readonly string[] | undefined;
  [more: string]: unknown;
}
export interface Rule {
  name: string;
  title: string;
  tools?: readonly string[];
  needs?: readonly string[];
  history?(asked: Asked): unknown;
  decide(facts: Facts): unknown;
}
/** An entry of a permission map. */
export interface Entry {
  when: string;
  roles: readonly string[];
  over?: string;
  oneOf?: readonly string[];
  always?: true;
  approvals?: number;
}
export interface Result {
  rule: string;
  outcome: string;
  reason: string | undefined;
}
export type Answer =
  | { tag: 'approve' | 'needs-preview'; rules: Result[] }
  | { tag: 'escalate'; rules: Result[]; roles: string[]; approvals: number }
  | { tag: 'deny'; rules: Result[]; code: string; detail: string | undefined; nextStep: string | undefined };

type Word =
  | { outcome: 'allow' | 'pass'; reason: string }
  | { outcome: 'deny'; reason: string | undefined; code: string; nextStep: string | undefined }
  | { outcome: 'escalate'; reason: string | undefined; roles: string[]; approvals: number };

const UNSURE: Word = { outcome: 'deny', reason: undefined, code: 'PERMISSION_DENIED', nextStep: undefined };

export function secondEvaluator(rules: readonly Rule[], facts: Facts): Answer {
  const words: { rule: string; title: string; word: Word }[] = [];
  let waiting = false;
  for (const rule of rules) {
    if (rule.tools !== undefined && rule.tools.indexOf(facts.tool.name) < 0) continue;
    if (facts.preview === undefined && needs(rule, 'preview')) waiting = true;
    else words.push({ rule: rule.name, title: rule.title, word: wordOf(rule, facts) });
  }
  for (const entry of entriesIn(facts)) {
    const { roles, approvals = 1 } = entry;
    const word: Word = isCount(approvals)
      ? { outcome: 'escalate', reason: undefined, roles: [...roles], approvals }
      : UNSURE;
    words.push({ rule: 'permission-map', title: '', word });
  }
  const results = words.map(({ rule, word: { outcome, reason } }) => ({ rule, outcome, reason }));
  for (const { title, word } of words) {
    if (word.outcome === 'deny') {
      const detail = word.reason === undefined ? undefined : `${title}: ${word.reason}`;
      return { tag: 'deny', rules: results, code: word.code, detail, nextStep: word.nextStep };
    }
  }
  if (waiting) return { tag: 'needs-preview', rules: results };
  let people: { roles: string[]; approvals: number } | undefined;
  let allowed = false;
  for (const { word } of words) {
    if (word.outcome === 'allow') allowed = true;
    if (word.outcome !== 'escalate') continue;
    people =
      people === undefined
        ? { roles: word.roles, approvals: word.approvals }
        : {
            roles: people.roles.filter((role) => word.roles.indexOf(role) >= 0),
            approvals: word.approvals > people.approvals ? word.approvals : people.approvals,
          };
  }
  const no: Answer = { tag: 'deny', rules: results, code: 'PERMISSION_DENIED', detail: undefined, nextStep: undefined };
  if (people) return people.roles.length > 0 ? { tag: 'escalate', rules: results, ...people } : no;
  return allowed ? { tag: 'approve', rules: results } : no;
}

const needs = (rule: Rule, what: string) => rule.needs !== undefined && rule.needs.indexOf(what) >= 0;
const isCount = (value: unknown) => typeof value === 'number' && value >= 1 && value % 1 === 0 && value < Infinity;

function wordOf(rule: Rule, facts: Facts): Word {
  const { stage, switches, history: _, ...seen } = facts;
  const own: Facts = { ...seen, history: Object.create(null) as Record<string, unknown> };
  if (needs(rule, 'stage')) {
    if (stage === undefined) return UNSURE;
    own.stage = stage;
  }
  if (needs(rule, 'switches')) {
    if (switches === undefined) return UNSURE;
    own.switches = switches;
  }
  try {
    for (const name of namesAsked(rule, facts)) {
      const full = `${rule.name}/${name}`;
      if (!Object.prototype.hasOwnProperty.call(facts.history, full)) return UNSURE;
      own.history[name] = facts.history[full];
    }
    return wordIn(rule.decide(own));
  } catch {
    return UNSURE;
  }
}

/** Throws where the rule cannot say what it counts. */
function namesAsked(rule: Rule, { tool, actor, arguments: args }: Facts): string[] {
  if (!rule.history) return [];
  const said = rule.history({ tool, actor, arguments: args });
  if (!Array.isArray(said) || said.length > 8) throw new Error('no list');
  const names = (said as Record<string, unknown>[]).map((ask) => {
    const { as, per, of, window, ...more } = ask;
    const fits =
      typeof as === 'string' &&
      /^[\w-]+$/.test(as) &&
      (per === 'user' || per === 'tenant') &&
      (window === 'session' || window === 'day' || window === 'ever') &&
      (of === undefined || typeof of === 'string') &&
      Object.keys(more).length === 0;
    if (!fits) throw new Error('no ask');
    return as;
  });
  if (names.some((name, at) => names.indexOf(name) !== at)) throw new Error('twice');
  return names;
}

const CODES =
  'INVALID_ARGUMENTS UNKNOWN_TOOL UNKNOWN_WORKFLOW UNAUTHENTICATED INTENT_ENDED PERMISSION_DENIED TENANT_MISMATCH RECORD_RESTRICTED NOT_FOUND NEEDS_APPROVAL APPROVAL_REJECTED APPROVAL_EXPIRED APPROVAL_STALE SELF_APPROVAL RATE_LIMITED LIMIT_EXCEEDED KILLED STAGE_FORBIDS NOT_RELEASED STALE_CONTEXT PREVIEW_CHANGED IDEMPOTENCY_KEY_REQUIRED IDEMPOTENCY_CONFLICT WARRANT_INVALID WARRANT_EXPIRED UPSTREAM_FAILED UPSTREAM_TIMEOUT IN_DOUBT MODEL_FAILED BUDGET_EXCEEDED NOT_BUILT'.split(
    ' ',
  );

function wordIn(said: unknown): Word {
  const { outcome, reason, code, nextStep, roles, approvals } = said as Record<string, unknown>;
  if (typeof reason !== 'string') return UNSURE;
  if (outcome === 'allow' || outcome === 'pass') return { outcome, reason };
  if (outcome === 'deny') {
    if (CODES.indexOf(code as string) < 0) return UNSURE;
    if (nextStep !== undefined && typeof nextStep !== 'string') return UNSURE;
    return { outcome, reason, code: code as string, nextStep };
  }
  if (outcome !== 'escalate' || !isCount(approvals)) return UNSURE;
  if (!Array.isArray(roles) || roles.some((role) => typeof role !== 'string')) return UNSURE;
  return { outcome, reason, roles: roles as string[], approvals: approvals as number };
}

/** The entries of the map whose values a person has to approve, in its order. */
function entriesIn({ permissions, arguments: args }: Facts): Entry[] {
  const found: Entry[] = [];
  for (const [parameter, entry] of Object.entries(permissions?.approvals ?? {})) {
    const value = Object.prototype.hasOwnProperty.call(args, parameter) ? args[parameter] : undefined;
    if (!clearlyOutside(entry, value)) found.push(entry);
  }
  return found;
}

/** Unsure is never yes: what cannot be said to lie outside lies inside. */
function clearlyOutside({ always, over, oneOf }: Entry, value: unknown): boolean {
  if (always || value === undefined) return false;
  if (over === undefined && oneOf === undefined) return false;
  return (over === undefined || atMost(value, over)) && (oneOf === undefined || noneOf(value, oneOf));
}

/** Compared digit by digit, as whole numbers of the same fraction; the sign left aside. */
function atMost(value: unknown, over: string): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const [amount, limit] = [parts(String(value)), parts(over)];
  if (!amount || !limit || over.startsWith('-')) return false;
  const places = Math.max(amount.fraction.length, limit.fraction.length);
  return (
    BigInt(amount.whole + amount.fraction.padEnd(places, '0')) <=
    BigInt(limit.whole + limit.fraction.padEnd(places, '0'))
  );
}

function parts(text: string): { whole: string; fraction: string } | undefined {
  const found = /^-?([0-9]{1,30})(?:[.]([0-9]{1,30}))?$/.exec(text);
  return found ? { whole: found[1]!, fraction: found[2] ?? '' } : undefined;
}

function noneOf(value: unknown, named: readonly string[]): boolean {
  if (Array.isArray(value)) {
    for (const one of value) if (Array.isArray(one) || !noneOf(one, named)) return false;
    return true;
  }
  if (typeof value === 'object') return false;
  const text = String(value);
  if (/tok_[\w-]{8}/.test(text)) return false;
  const alike = (one: string) => one.normalize('NFKC').trim().toLowerCase();
  for (const one of named) if (alike(one) === alike(text)) return false;
  return true;
}
