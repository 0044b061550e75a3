import { z } from 'zod';
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

const asks = z
  .array(
    z.strictObject({
      as: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
      per: z.enum(['user', 'tenant']),
      of: z.string().max(500).optional(),
      window: z.enum(['session', 'day', 'ever']),
    }),
  )
  .max(MAX_ASKS)
  .refine((all) => new Set(all.map(({ as }) => as)).size === all.length);

export function asksOf(
  rule: Rule,
  { tool, actor, arguments: args }: Asked,
): { asks: HistoryAsk[] } | { because: string } {
  if (!rule.history) return { asks: [] };
  try {
    return { asks: asks.parse(rule.history({ tool, actor, arguments: args })) as HistoryAsk[] };
  } catch {
    return { because: 'its history cannot be said' };
  }
}
