import type { HistoryAsk, Rule, RuleFacts } from './rule.js';

/** What a rule says its history of. */
export type Asked = Pick<RuleFacts, 'tool' | 'actor' | 'arguments'>;

/** How much one rule may have counted of an action. */
export const MAX_ASKS = 8;

/** One thing counted: which rule asks for it, and under which name `evaluate` is given it. */
export interface NamedAsk {
  rule: string;
  /** `rule/as`. */
  name: string;
  ask: HistoryAsk;
}

export const historyName = (rule: string, as: string) => `${rule}/${as}`;

/**
 * All that the rules of a tool have counted of an action. What a rule cannot say is left out: `evaluate` lets it deny.
 *
 * @example
 * historyAsksOf(rules, { tool, actor, arguments: { orderId: 'ord_7' } });
 * // [{ rule: 'one-an-order', name: 'one-an-order/ofOrder', ask: { as: 'ofOrder', per: 'tenant', of: 'ord_7', window: 'ever' } }]
 */
export function historyAsksOf(rules: readonly Rule[], asked: Asked): NamedAsk[] {
  return rulesOf(rules, asked).flatMap((rule) => {
    const said = asksOf(rule, asked);
    if ('because' in said) return [];
    return said.asks.map((ask) => ({ rule: rule.name, name: historyName(rule.name, ask.as), ask }));
  });
}

/** The rules that speak of a tool. */
export const rulesOf = (rules: readonly Rule[], { tool }: { tool: { name: string } }): Rule[] =>
  rules.filter((rule) => !rule.tools || rule.tools.includes(tool.name));

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const PER: readonly string[] = ['user', 'tenant'];
const WINDOWS: readonly string[] = ['session', 'day', 'ever'];
const FIELDS: readonly string[] = ['as', 'per', 'of', 'window'];
const MAX_OF = 500;
const NONE = { asks: Object.freeze<HistoryAsk[]>([]) };

/** Said of each action by each rule that counts: a schema's parser took a quarter of a decision's time. */
function checked(said: HistoryAsk[]): HistoryAsk[] {
  if (!Array.isArray(said) || said.length > MAX_ASKS) throw new TypeError('no list of asks, or too long a one');
  const asks = said.map(checkedAsk);
  if (asks.some(({ as }, n) => asks.findIndex((other) => other.as === as) < n)) throw new TypeError('a name twice');
  return asks;
}

/** A copy, so that nothing is another thing when it is looked at again. */
function checkedAsk(said: HistoryAsk): HistoryAsk {
  const { as, per, of, window } = said;
  const fits =
    typeof as === 'string' &&
    NAME.test(as) &&
    PER.includes(per) &&
    WINDOWS.includes(window) &&
    (of === undefined || (typeof of === 'string' && of.length <= MAX_OF)) &&
    Object.keys(said).every((field) => FIELDS.includes(field));
  if (!fits) throw new TypeError('no ask');
  return of === undefined ? { as, per, window } : { as, per, of, window };
}

export function asksOf(
  rule: Rule,
  { tool, actor, arguments: args }: Asked,
): { asks: readonly HistoryAsk[] } | { because: string } {
  if (!rule.history) return NONE;
  try {
    return { asks: checked(rule.history({ tool, actor, arguments: args })) };
  } catch {
    return { because: 'its history cannot be said' };
  }
}
