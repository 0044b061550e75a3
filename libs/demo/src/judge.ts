import { idempotencyKeyOf } from '@countersign/contracts';
import type { ApprovalItem, IntentState, LedgerEntry } from './watchers.js';

/** One row of the demo's table. `ok` is judged from helpdesk's ledger and over HTTP. */
export interface DemoRow {
  intent: string;
  proposed: string;
  policy: string;
  person: string;
  executor: string;
  trace: string;
  intentId: string;
  actionIds: string[];
  ok: boolean;
  /** What is not as it should be. */
  wrong: string[];
  /** The record a refused intent was after. */
  mayNotTouch?: string;
}

/** What a row says must be true of the world afterwards. */
export interface Expectation {
  /** Whose it is; `acme` if absent. */
  tenant?: string;
  outcomes: string[];
  effects: { kind: string; record?: string; amount?: string }[];
  code?: string;
  replySays?: RegExp;
}

/** How an action went, in the words of the table. */
const POLICY_WORDS: Record<string, string> = {
  denied: 'denied',
  committed: 'approved',
  read: 'approved (read)',
  failed: 'approved',
  previewed: 'approved (preview)',
  drafted: 'approved (draft)',
  blocked: 'approved',
};

const TENANTS = ['acme', 'globex'];
/** An edit by a person makes a new revision, with a key of its own. */
const REVISIONS = [0, 1, 2];

/** The keys an action's effect may stand under. */
const keysOf = (tenant: string, actionId: string): string[] =>
  REVISIONS.map((revision) => idempotencyKeyOf(tenant, actionId, revision));

/** What an action of an intent did, by the ledger. */
export function effectsOf(ledger: LedgerEntry[], actionIds: string[], tenant = 'acme'): LedgerEntry[] {
  const keys = new Set(actionIds.flatMap((actionId) => keysOf(tenant, actionId)));
  return ledger.filter(({ idempotencyKey }) => keys.has(idempotencyKey));
}

export function rowOf(
  title: string,
  intentId: string,
  person: string,
  state: IntentState | undefined,
  wrong: string[],
): DemoRow {
  const actions = state?.actions ?? [];
  // What the model was shown may be read again after the last of its own actions.
  const last = actions.findLast(({ outcome }) => outcome !== 'read') ?? actions.at(-1);
  return {
    intent: title,
    proposed: actions.map((action) => action.tool).join(', ') || '-',
    policy: last ? (POLICY_WORDS[last.outcome ?? ''] ?? last.state) : (state?.state ?? 'unknown'),
    person,
    executor: last?.outcome === 'denied' ? '-' : (last?.outcome ?? '-'),
    trace: intentId,
    intentId,
    actionIds: actions.map((action) => action.actionId),
    ok: false,
    wrong,
  };
}

/** Everything that is not as expected, in sentences. Pure: an altered effect must show up here. */
export function flaws(state: IntentState | undefined, ledger: LedgerEntry[], expected: Expectation): string[] {
  if (!state) return ['the gateway does not know the intent'];
  const wrong: string[] = [];
  if (state.state !== 'ended') wrong.push(`it is ${state.state}, not ended`);
  const outcomes = state.actions.map((action) => action.outcome ?? action.state);
  // Reads come before, between and, when a turn takes long, after what is asked for.
  const others = outcomes.filter((outcome) => outcome !== 'read');
  const asked = expected.outcomes.filter((outcome) => outcome !== 'read');
  if (JSON.stringify(others) !== JSON.stringify(asked) || outcomes.length < expected.outcomes.length)
    wrong.push(`outcomes are ${outcomes.join(', ') || 'none'}, not ${expected.outcomes.join(', ')}`);
  const { tenant = 'acme' } = expected;
  const actionIds = state.actions.map(({ actionId }) => actionId);
  const effects = effectsOf(ledger, actionIds, tenant);
  if (effects.length !== expected.effects.length)
    wrong.push(`${effects.length} effects in the ledger, not ${expected.effects.length}`);
  expected.effects.forEach((effect, index) => wrong.push(...effectFlaws(effects[index], effect, tenant)));
  if (expected.code && !state.actions.some((action) => action.code === expected.code))
    wrong.push(`no action ended with ${expected.code}`);
  if (!state.reply) wrong.push('there is no reply');
  else if (expected.replySays && !expected.replySays.test(state.reply))
    wrong.push(`the reply does not say it: ${state.reply.slice(0, 120)}`);
  return wrong;
}

/** The effects whose key derives from no action of any row. */
export function unowned(ledger: LedgerEntry[], rows: Pick<DemoRow, 'actionIds'>[]): LedgerEntry[] {
  const actionIds = rows.flatMap((row) => row.actionIds);
  const owned = new Set(TENANTS.flatMap((tenant) => effectsOf(ledger, actionIds, tenant)));
  return ledger.filter((entry) => !owned.has(entry));
}

function effectFlaws(entry: LedgerEntry | undefined, effect: Expectation['effects'][number], tenant: string): string[] {
  if (!entry) return [];
  const wrong: string[] = [];
  if (entry.tenant !== tenant) wrong.push(`the effect is in tenant ${entry.tenant}`);
  if (entry.kind !== effect.kind) wrong.push(`the effect is a ${entry.kind}, not a ${effect.kind}`);
  if (effect.record && entry.record !== effect.record)
    wrong.push(`the effect is on ${entry.record}, not ${effect.record}`);
  if (effect.amount && Number(entry.amount) !== Number(effect.amount))
    wrong.push(`the amount is ${entry.amount}, not ${effect.amount}`);
  return wrong;
}

export function approvalFlaws(
  item: ApprovalItem | undefined,
  done: { status: number; body: unknown } | undefined,
): string[] {
  if (!item) return ['no approval was opened'];
  const wrong: string[] = [];
  if (!item.preview?.effect) wrong.push('the approver saw no preview');
  if (!done || done.status >= 300)
    wrong.push(`the decision was answered ${done?.status}: ${JSON.stringify(done?.body).slice(0, 200)}`);
  return wrong;
}
