/*
 * An explanation held against what others remember: the client what it asked and saw, people what they said, helpdesk what it did, the
 * broker what was written. Nothing of ours is imported but names and ids.
 */
import { idempotencyKeyOf } from '@countersign/contracts';
import type { ActionState, IntentState, LedgerEntry } from '@countersign/demo';
import type { Asked, Call } from './kinds.js';
import type { Said } from './people.js';
import { short, type Told } from './topics.js';

export interface Id {
  type: string;
  id: string;
  version: string | number;
}

/** The part of an explanation that is compared. */
export interface Explanation {
  did: string;
  read: string;
  why: string;
  approvedBy: string;
  outcome: string;
  sentences: { says: string; evidence: string[] }[];
  account: {
    actor: { sub: string; tenant: string } | null;
    request: { kind: string; requestId: string; text: string | null } | null;
    tool: string | null;
    dryRun: boolean | null;
    proposed: object | null;
    effective: object | null;
    edits: { by: string; reason: string; before: object }[];
    decisions: {
      verdict: string;
      code: string | null;
      stage: string | null;
      rules: { rule: string; outcome: string }[];
    }[];
    people: { who: string; said: string; reason: string }[];
    expired: string[];
    read: Id[];
    changed: Id[];
    done: { checked: Id[] } | null;
    outcome: { name: string; code: string | null } | null;
    resolved: { outcome: string; by: string } | null;
    stoppedBy: { scope: string; did: string; by: string | null; reason: string | null }[];
    reply: { text: string } | null;
  };
  evidence: { eventId: string; type: string; topic: string; partition: number; offset: string }[];
  asides: Explanation['evidence'];
  missing: { says: string }[];
}

/** What is known of one action without asking audit. */
export interface Known {
  asked: Asked;
  intent: IntentState;
  action: ActionState;
  /** The call it was asked with, where the client knows it. */
  call: Call | undefined;
  said: readonly Said[];
  handedOn: { by: string; to: string; reason: string } | undefined;
  effects: readonly LedgerEntry[];
  /** The switch that was on while it was asked for. */
  killed: { scope: string; reason: string } | undefined;
  /** Every record that names it, or its intent as a whole, by place. */
  told: ReadonlyMap<string, Told>;
}

const place = ({ topic, partition, offset }: { topic: string; partition: number; offset: string }) =>
  `${topic}/${partition}@${offset}`;
export const places = (told: readonly Told[]) => new Map(told.map((one) => [place(one), one]));

/** Everything in which they differ, in sentences. */
export function flawsOf(explanation: Explanation, known: Known): string[] {
  const { asked, action } = known;
  const name = `${asked.kind.name} ${asked.intent.id} (${action.tool} ${action.actionId})`;
  const flaws = [
    ...wholeness(explanation),
    ...asking(explanation, known),
    ...people(explanation, known),
    ...ending(explanation, known),
    ...effects(explanation, known),
    ...written(explanation, known),
  ];
  return flaws.map((flaw) => `${name}: ${flaw}`);
}

const differs = (what: string, said: unknown, is: unknown): string[] =>
  canonical(said) === canonical(is) ? [] : [`${what}: it says ${canonical(said)}, and it was ${canonical(is)}`];

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? 'nothing';

function wholeness({
  did,
  read,
  why,
  approvedBy,
  outcome,
  sentences,
  missing,
  evidence,
  asides,
}: Explanation): string[] {
  const vague = [did, read, why, approvedBy, outcome].filter((text) => text === '' || /Not known/.test(text));
  const cited = new Set([...evidence, ...asides].map(({ eventId }) => eventId));
  const free = sentences.filter((one) => one.evidence.length === 0 || one.evidence.some((id) => !cited.has(id)));
  return [
    ...missing.map(({ says }) => `missing: ${says}`),
    ...vague.map((text) => `it does not know: ${text}`),
    ...free.map(({ says }) => `drawn from nothing that is cited: ${says}`),
  ];
}

function asking({ account, why }: Explanation, { asked, action, call }: Known): string[] {
  const { kind, intent } = asked;
  const { data } = intent;
  return [
    ...differs('who asked', [account.actor?.sub, account.actor?.tenant], [kind.actor, intent.tenant]),
    ...differs('the request', account.request?.requestId, intent.id),
    ...differs('its kind', account.request?.kind, 'tool' in data ? 'action' : 'intent'),
    ...('text' in data ? differs('the words', account.request?.text, data.text) : []),
    ...differs('the tool', account.tool, action.tool),
    ...differs('a dry run', account.dryRun, kind.dryRun === true),
    ...(call ? differs('what was asked for', [account.tool, account.proposed], [call.tool, call.arguments]) : []),
    ...(why.includes(`${kind.actor} (`) ? [] : [`why does not name ${kind.actor}: ${why.slice(0, 100)}`]),
  ];
}

function people({ account, approvedBy, outcome }: Explanation, { asked, said, handedOn }: Known): string[] {
  const edits = said.flatMap(({ who, reason, edit }) => (edit ? [{ by: who, reason, before: edit.before }] : []));
  const after = said.findLast(({ edit }) => edit)?.edit?.after;
  const unsaid = said.filter(
    ({ who, reason }) =>
      !`${approvedBy} ${outcome}`.includes(`"${reason}"`) || !`${approvedBy} ${outcome}`.includes(who),
  );
  return [
    ...differs(
      'what people said',
      account.people.map(({ who, said: word, reason }) => [who, word, reason]),
      said.map(({ who, said: word, reason }) => [who, word, reason]),
    ),
    ...differs(
      'what people changed',
      account.edits.map(({ by, reason, before }) => ({ by, reason, before })),
      edits,
    ),
    ...differs('what took effect', account.effective, after ?? account.proposed),
    ...differs('that nobody decided in time', account.expired.length > 0, asked.kind.name === 'nobody decides'),
    ...(handedOn &&
    !new RegExp(`${handedOn.by} .*handed it on to ${handedOn.to} .*"${handedOn.reason}"`).test(approvedBy)
      ? [`no sentence tells that ${handedOn.by} handed it on to ${handedOn.to}`]
      : []),
    ...unsaid.map(({ who, reason }) => `no sentence tells that ${who} said "${reason}"`),
  ];
}

function ending({ account, outcome, why }: Explanation, { action, intent, killed, asked }: Known): string[] {
  const trip = killed && [{ did: 'tripped', scope: killed.scope, reason: killed.reason }];
  const tripped = account.stoppedBy.slice(0, 1).map(({ did, scope, reason }) => ({ did, scope, reason }));
  const isStopped = action.code === 'KILLED';
  const { rule } = asked.kind;
  const denying = account.decisions.at(-1)?.rules.flatMap((one) => (one.outcome === 'deny' ? [one.rule] : []));
  return [
    ...(rule ? differs('the rule that denied it', denying, [rule]) : []),
    ...(rule && !why.includes(`${rule}: deny`) ? [`why does not name the rule ${rule}`] : []),
    ...differs(
      'the outcome',
      [account.outcome?.name, account.outcome?.code ?? undefined],
      [action.outcome, action.code],
    ),
    ...differs('the reply', account.reply?.text, intent.reply),
    ...(outcome.includes(String(intent.reply).slice(0, 300)) ? [] : ['no sentence tells the reply']),
    ...(isStopped ? differs('what stopped it', tripped, trip) : differs('what stopped it', account.stoppedBy, [])),
    ...(asked.kind.phase === 'drafts' ? differs('the stage', account.decisions.at(-1)?.stage, 'draft-only') : []),
    ...(action.outcome === 'denied'
      ? differs(
          'the last decision',
          [account.decisions.at(-1)?.verdict, account.decisions.at(-1)?.code],
          ['denied', action.code],
        )
      : []),
  ];
}

/** Kinds of effects in helpdesk's words. */
const KIND_OF: Record<string, string> = {
  ...{ issue_refund: 'refund', create_ticket: 'ticket', open_ticket: 'ticket', draft_reply: 'reply-draft' },
  ...{ change_member_role: 'role-change', delete_customer: 'customer-deletion' },
};

function effects({ account, did }: Explanation, { effects: done, asked, action }: Known): string[] {
  const isDone = account.outcome?.name === 'committed' || account.resolved?.outcome === 'committed';
  const flaws = differs('effects', isDone ? 1 : 0, done.length);
  const byWord = account.resolved?.by === 'person';
  if (!/^(Committed|By the word of)/.test(did) === isDone)
    flaws.push(`${done.length} effects, and it did: ${did.slice(0, 80)}`);
  for (const { kind, record, amount, actor, tenant, idempotencyKey } of done) {
    const { amount: meant } = (account.effective ?? {}) as { amount?: string };
    const key = idempotencyKeyOf(asked.intent.tenant, action.actionId, account.edits.length);
    flaws.push(
      ...differs('the effect', kind, KIND_OF[action.tool]),
      ...differs('for whom', [actor, tenant], [account.actor?.sub, account.actor?.tenant]),
      ...differs(
        'the amount',
        meant === undefined ? undefined : Number(meant),
        amount === undefined ? undefined : Number(amount),
      ),
      ...differs('the key', key, idempotencyKey),
      // What a person found out is told in their words: nobody read the record.
      ...(byWord || isNamed(account, record) ? [] : [`${record} is not among what was changed`]),
    );
  }
  return flaws;
}

/** Among what was changed, or of a reply's draft the ticket that it is to. */
const isNamed = ({ changed, effective }: Explanation['account'], record: string) =>
  changed.some(({ id }) => id === record) || (changed.length > 0 && Object.values(effective ?? {}).includes(record));

/** Every event it cites stands where it says; every event on the topics that names the action is cited. */
function written({ evidence, asides }: Explanation, { told, action }: Known): string[] {
  const cited = new Set([...evidence, ...asides].map(({ eventId }) => eventId));
  const wrong = [...evidence, ...asides].filter((one) => {
    const record = told.get(place(one));
    // What is written to the control topic has no id of its own.
    const isRight = one.topic === 'control' || (record?.id === one.eventId && record.type === short(one.type));
    return !record || !isRight;
  });
  const untold = [...told.values()].filter(
    ({ data, id, topic }) => data['actionId'] === action.actionId && topic !== 'audit' && !cited.has(id),
  );
  return [
    ...wrong.map((one) => `${short(one.type)} ${one.eventId} is not at ${place(one)}`),
    ...untold.map((one) => `it does not cite ${one.type} at ${place(one)}`),
  ];
}
