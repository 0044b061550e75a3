import type { JsonObject, RuleResult } from '@countersign/contracts';
import { cell, fields, table } from '../output.js';

/** One decision as people read it, whether it was made or only tried. */
export interface Shown {
  /** In the order they are to be read. */
  head: Record<string, unknown>;
  rules: readonly RuleResult[];
  /** What the rules looked at. */
  facts: JsonObject;
}

/** What was decided, what each rule said, and what they looked at. */
export function decisionText({ head, rules, facts }: Shown): string {
  const said = rules.map(({ rule, outcome, reason }) => [rule, outcome, reason]);
  const seen = Object.entries(facts).map(([name, value]) => [name, cell(value)]);
  return [
    fields(head),
    table(['rule', 'outcome', 'reason'], said, 'No rule was asked.'),
    table(['looked at', 'value'], seen, 'What they looked at was not kept.'),
  ].join('\n\n');
}
