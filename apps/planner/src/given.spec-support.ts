import {
  actionIdOf,
  classified,
  eventIdOf,
  type AnyEvent,
  type Code,
  type RecordRead,
  type CloudEvent,
  type EventData,
  type EventDraft,
  type EventType,
  type Grant,
  type Incoming,
  type Json,
} from '@countersign/contracts';
import type { Effect, States, WorkDraft, WorkRow } from '@countersign/messaging/stream';
import { allow, defineRule } from '@countersign/policy-kit';
import { defineSource } from '@countersign/context';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow, type Workflow } from '@countersign/workflow-kit';
import { z } from 'zod';
import type { OutcomeType } from './outcome.js';
import { decideAccepted, decideOutcome, type Facts } from './decide.js';
import { decideDeadline } from './deadline.js';
import type { TurnBody, TurnOutcome, WakeBody } from './state.js';
import { DEADLINE, decideTurn, decideWake } from './turn.js';

/** A workflow of its own, so that nothing here depends on the one that is shipped. */
const text = classified('internal', z.string());
const tool = (name: string, effect: 'read' | 'write', roles: string[]) =>
  defineToolContract({
    name,
    version: '1.0.0',
    description: `${name}, in a spec`,
    effect,
    ...(effect === 'write' ? { class: 'A' as const } : {}),
    reversible: true,
    target: 'shelf',
    input: z.strictObject({ bookId: text }),
    output: z.strictObject({ title: text }),
    permissions: { roles },
  });

export const library: Workflow = defineWorkflow({
  name: 'library',
  version: '1.0.0',
  title: 'Library',
  prompt: 'You help readers.',
  model: { temperature: 0, maxTurns: 3, tokenBudget: 1_000, timeoutMs: 2_000 },
  roles: ['reader', 'librarian'],
  tools: [
    tool('get_book', 'read', ['reader', 'librarian']),
    tool('lend_book', 'write', ['reader']),
    tool('burn_book', 'write', ['librarian']),
  ],
  rules: [defineRule({ name: 'open-shelf', title: 'Open shelf', decide: () => allow('it is open') })],
  limits: { amountPerAction: {}, recordsPerAction: 1 },
  approval: { expiresInMs: 60_000 },
});

/** The same with a source: what a book's read shows, for five seconds. */
export const sourced: Workflow = {
  ...library,
  model: { ...library.model, maxTurns: 9, tokenBudget: 100_000 },
  sources: [
    defineSource({
      name: 'book',
      tool: 'get_book',
      argument: 'bookId',
      record: 'book',
      freshForMs: 5_000,
      fields: { title: 'system', copies: 'system', note: 'untrusted' },
    }),
  ],
};

export const NOW = new Date('2026-03-01T10:00:00.000Z');
const actor = { sub: 'alice', tenant: 'acme', roles: ['reader'] };
const policy = { workflow: 'library', workflowVersion: '1.0.0', session: 's-1' };

export function event<T extends EventType>(
  type: T,
  intentId: string,
  subject: string,
  data: EventData<T>,
): CloudEvent<T> {
  const attributes = {
    tenantid: 'acme',
    actorid: 'alice',
    session: 's-1',
    correlationid: intentId,
    causationid: 'evt_cause',
  };
  return {
    id: eventIdOf(type, subject),
    source: '/services/spec',
    type,
    time: NOW.toISOString(),
    subject,
    ...attributes,
    data,
  };
}

let offset = 0n;
export function incoming<E extends AnyEvent>(of: E): Incoming & { event: E } {
  const record = {
    topic: 'decisions',
    partition: 0,
    offset: offset++,
    timestamp: NOW.getTime(),
    key: null,
    value: null,
    headers: {},
  } as const;
  return { record, key: 'acme/s-1', event: of, text: '', headers: {}, signature: undefined } as Incoming & { event: E };
}

export const accepted = (intentId: string, data: Partial<EventData<'countersign.intent.accepted.v1'>> = {}) =>
  event('countersign.intent.accepted.v1', intentId, intentId, {
    intentId,
    source: '/product',
    requestId: `req-${intentId}`,
    kind: 'intent',
    ...policy,
    sessionId: 'ses_1',
    actor,
    authorityUntil: '2026-03-01T10:15:00.000Z',
    text: 'Lend me Emma',
    ...data,
  });

export const acceptedAction = (intentId: string, dryRun = false) =>
  accepted(intentId, {
    kind: 'action',
    text: undefined,
    action: { actionId: actionIdOf(intentId, 0, 0), tool: 'lend_book', arguments: { bookId: 'emma' }, dryRun },
  });

const decided = (intentId: string, actionId: string, name: string) => ({
  intentId,
  actionId,
  revision: 0,
  tenant: 'acme',
  actor,
  ...policy,
  tool: name,
  toolVersion: '1.0.0',
  rules: [],
  policyVersion: 'p1',
  decidedAt: NOW.toISOString(),
  arguments: { bookId: 'emma' },
});

const executed = (intentId: string, actionId: string, name: string, grant: Grant) => ({
  intentId,
  actionId,
  revision: 0,
  tenant: 'acme',
  tool: name,
  toolVersion: '1.0.0',
  jti: 'jti_1',
  grant,
  attempts: 1,
  endedAt: NOW.toISOString(),
});

export const RECORD = { system: 'shelf', type: 'book', id: 'emma', version: '7', at: NOW.toISOString() };

/** What may become of action `index` of turn `turn`, by name. */
export function outcomes(intentId: string, turn: number, index: number, name = 'lend_book') {
  const id = actionIdOf(intentId, turn, index);
  const of = <T extends OutcomeType>(type: T, data: EventData<T>) => event(type, intentId, id, data);
  const no = { code: 'PERMISSION_DENIED', detail: 'not this one', nextStep: 'Ask.' } as const;
  const preview = { effect: { lends: 'emma' }, basis: {}, digest: 'd1' };
  return {
    denied: (code: Code = no.code, final = true, more: Partial<EventData<'countersign.action.denied.v1'>> = {}) =>
      of('countersign.action.denied.v1', { ...decided(intentId, id, name), ...no, code, final, ...more }),
    drafted: () =>
      of('countersign.action.drafted.v1', { ...executed(intentId, id, name, 'draft'), recordsRead: [], preview }),
    escalated: () =>
      of('countersign.action.escalated.v1', {
        ...decided(intentId, id, name),
        provenance: {},
        approverRoles: ['librarian'],
        approvalsNeeded: 1,
        blast: { records: 1, reversible: true, affected: [] },
        actionHash: 'h1',
        expiresAt: '2026-03-02T10:00:00.000Z',
      }),
    read: (result: Json = { title: 'Emma' }, record: RecordRead = RECORD) =>
      of('countersign.action.read.v1', { ...executed(intentId, id, name, 'read'), recordsRead: [record], result }),
    failed: (code: Code) =>
      of('countersign.action.failed.v1', {
        ...executed(intentId, id, name, 'read'),
        ...{ recordsRead: [], code, detail: 'no', nextStep: 'Ask.' },
      }),
    previewed: () =>
      of('countersign.action.previewed.v1', { ...executed(intentId, id, name, 'preview'), recordsRead: [], preview }),
    committed: (more: Partial<EventData<'countersign.action.committed.v1'>> = {}) =>
      of('countersign.action.committed.v1', {
        ...executed(intentId, id, name, 'commit'),
        recordsRead: [],
        idempotencyKey: 'key_1',
        result: { loan: 'loan_1' },
        recordsChanged: [],
        ...more,
      }),
    inDoubt: () =>
      of('countersign.action.in-doubt.v1', {
        ...executed(intentId, id, name, 'commit'),
        code: 'IN_DOUBT',
        detail: 'no answer',
        nextStep: 'Wait.',
        idempotencyKey: 'key_1',
        known: 'sent once',
      }),
    resolved: (more: Partial<EventData<'countersign.action.resolved.v1'>> = {}) =>
      of('countersign.action.resolved.v1', {
        ...executed(intentId, id, name, 'commit'),
        outcome: 'committed',
        by: 'person',
        detail: 'sam saw it',
        idempotencyKey: 'key_1',
        result: { loan: 'loan_1' },
        recordsChanged: [],
        ...more,
      }),
  };
}

/** A tool message's own content. */
export const withoutRecords = (content: string) => content.split('\n\nKnown records', 1)[0]!;

/** An end for what was proposed. */
export function actOutcome(
  { intentId, turn, index, tool }: EventData<'countersign.action.proposed.v1'>,
  end: 'denied' | 'read' | 'committed' | 'failed',
): AnyEvent {
  const of = outcomes(intentId, turn, index, tool);
  return end === 'failed' ? of.failed('NOT_FOUND') : of[end]();
}

export const answered = (
  content: string | null,
  calls: [name: string, args: string][] = [],
  usage = { prompt: 10, completion: 5 },
): TurnOutcome => ({
  tag: 'answered',
  content,
  calls: calls.map(([name, args], index) => ({ id: `c${index}`, name, arguments: args })),
  finish: calls.length > 0 ? 'tool_calls' : 'stop',
  usage,
  attempts: 1,
  durationMs: 12,
});

/**
 * The pure planner with its states in a map: what the runtime does between two decides, and no more. A state read or put
 * that was not touched would be the runtime's to refuse; service.int.spec.ts shows that on the real one.
 */
export class PurePlanner {
  readonly rows = new Map<string, object>();
  readonly work: WorkDraft[] = [];
  readonly deadlines: WorkDraft[] = [];
  readonly emitted: EventDraft[] = [];
  now = NOW;
  readonly facts: Facts;

  constructor(workflow: Workflow = library) {
    this.facts = { forged: new Set(), workflows: new Map([[workflow.name, workflow]]) };
  }

  get states(): States {
    return { get: <S>(key: string) => this.rows.get(key) as S | undefined };
  }

  /** Takes an event in, answers what it led to. */
  take(taken: AnyEvent, headers: Record<string, string> = {}): Effect[] {
    const record = { ...incoming(taken), headers };
    const effects =
      record.event.type === 'countersign.intent.accepted.v1'
        ? decideAccepted(record as Parameters<typeof decideAccepted>[0], this.states, this.facts, this.now)
        : decideOutcome(record as Parameters<typeof decideOutcome>[0], this.states, this.facts, this.now);
    return this.apply(effects);
  }

  /** Ends the oldest turn that is still out with what the model said. */
  answer(outcome: TurnOutcome): Effect[] {
    const draft = this.nextWork('turn');
    return this.apply(
      decideTurn(rowOf(draft), outcome, this.states, { workflows: this.facts.workflows, model: 'm-1' }, this.now),
    );
  }

  wake(): Effect[] {
    const draft = this.nextWork('wake');
    return this.apply(decideWake(draft.body as unknown as WakeBody, this.states, this.facts.workflows, this.now));
  }

  /** The oldest deadline comes due. */
  comeDue(): Effect[] {
    const draft = this.deadlines.shift();
    if (!draft) throw new Error('no deadline is set');
    return this.apply(decideDeadline(rowOf(draft), this.states, draft.notBefore!));
  }

  /** The prompt of the oldest turn that is still out. */
  get asked(): TurnBody {
    const draft = this.work.find(({ kind }) => kind === 'turn');
    if (!draft) throw new Error('no turn is out');
    return draft.body as unknown as TurnBody;
  }

  replies() {
    return this.emitted.flatMap((draft) => (draft.type === 'countersign.reply.sent.v1' ? [draft.data] : []));
  }

  proposals() {
    return this.emitted.flatMap((draft) => (draft.type === 'countersign.action.proposed.v1' ? [draft.data] : []));
  }

  private nextWork(kind: string): WorkDraft {
    const index = this.work.findIndex((draft) => draft.kind === kind);
    if (index < 0) throw new Error(`no ${kind} is out`);
    return this.work.splice(index, 1)[0]!;
  }

  private apply(effects: Effect[]): Effect[] {
    for (const effect of effects) {
      if (effect.do === 'put') this.rows.set(effect.key, JSON.parse(JSON.stringify(effect.state)) as object);
      if (effect.do === 'work') (effect.work.kind === DEADLINE ? this.deadlines : this.work).push(effect.work);
      if (effect.do === 'emit') this.emitted.push(effect.event);
    }
    return effects;
  }
}

export const rowOf = (draft: WorkDraft): WorkRow => ({
  ...draft,
  fence: 1,
  attempts: 1,
  status: 'QUEUED',
  createdAt: NOW,
});
