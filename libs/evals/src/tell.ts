/* How things expected and found are named in a problem: short, and in the same words. */
import type { Code } from '@countersign/contracts';
import type { Expectation } from './expectation.js';
import type { ObservedDecision, ObservedEffect } from './observed.js';

const LONGEST = 300;
const words = (...parts: (string | false | undefined)[]) => parts.filter((part) => part).join(' ');
const short = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** The same in a row is told once, with how often. */
export function listed(told: readonly string[]): string {
  const runs: { text: string; times: number }[] = [];
  for (const text of told) {
    const last = runs.at(-1);
    if (last?.text === text) last.times++;
    else runs.push({ text, times: 1 });
  }
  return runs.map(({ text, times }) => (times > 1 ? `${times} × ${text}` : text)).join('; ');
}

export const tellProposal = (told: { tool: string; arguments?: object | undefined; dryRun?: boolean | undefined }) =>
  words(
    told.tool,
    told.arguments !== undefined && short(JSON.stringify(told.arguments)),
    told.dryRun !== undefined && (told.dryRun ? 'as a dry run' : 'not as a dry run'),
  );

type ExpectedDecision = NonNullable<Expectation['decisions']>[number];

export const tellExpectedDecision = ({ tool, outcome, code, rule, roles, approvals }: ExpectedDecision) =>
  words(
    `${tool} ${outcome}`,
    code,
    rule !== undefined && `by the rule ${rule}`,
    roles && `to ${[...roles].sort().join(', ')}`,
    approvals !== undefined && `for ${approvals} approvals`,
  );

const SAID_SO = { approved: 'allow', denied: 'deny', escalated: 'escalate' } as const;

export function tellDecision(found: ObservedDecision): string {
  const by = found.rules.filter((each) => each.outcome === SAID_SO[found.outcome]).map(({ rule }) => rule);
  return words(
    `${found.tool} ${found.outcome}`,
    found.grant !== undefined && `(${found.grant})`,
    found.code,
    by.length > 0 && `by the rule ${by.join(', ')}`,
    found.roles && `to ${[...found.roles].sort().join(', ')}`,
    found.approvals !== undefined && `for ${found.approvals} approvals`,
    found.detail !== undefined && `(${short(found.detail)})`,
  );
}

export const tellOutcome = (told: {
  tool: string;
  ends: string;
  code?: Code | undefined;
  detail?: string | undefined;
  done?: boolean | undefined;
}) =>
  words(
    `${told.tool} ${told.ends}`,
    told.code,
    told.done !== undefined && (told.done ? 'and done' : 'and not done'),
    told.detail !== undefined && `(${short(told.detail)})`,
  );

type ExpectedEffect = NonNullable<Expectation['effects']>[number];

export const tellExpectedEffect = ({ kind, record, amount, currency, tenant }: ExpectedEffect) =>
  words(kind, `of ${record ?? 'any record'}`, amount, currency, tenant === 'other' && 'in the other tenant');

export const tellEffect = ({ kind, record, amount, currency, tenant }: ObservedEffect) =>
  words(kind, `of ${record}`, amount, currency, tenant === 'other' && 'in the other tenant');

export const tellRefused = ({ code, detail }: { code: Code; detail: string }) => words(code, `(${short(detail)})`);
