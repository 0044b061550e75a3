import type { Round, Worker, WorkRow } from '@countersign/messaging/stream';
import type { Workflow } from '@countersign/workflow-kit';
import type { Model } from './model.js';
import { decideDeadline } from './deadline.js';
import { intentKey, sessionKey, type TurnBody, type TurnOutcome, type WakeBody } from './state.js';
import { DEADLINE, decideTurn, decideWake } from './turn.js';

export interface TurnWorkerSettings {
  workflows: ReadonlyMap<string, Workflow>;
  ask: Model;
  model: string;
  /** Model calls at once. */
  concurrency: number;
  span?: NonNullable<Worker<TurnOutcome>['span']>;
}

/**
 * Takes turns: one model call each. Its answer is stored in the transaction that ends the row, so a stored turn is never
 * asked again; a crash before that asks again under the same turn id, which changes nothing outside.
 */
export function turnWorker({ workflows, ask, model, concurrency, span }: TurnWorkerSettings): Worker<TurnOutcome> {
  return {
    ...(span && { span }),
    kinds: ['turn'],
    roundSize: 1,
    rounds: concurrency,
    leaseMs: 30_000,
    perform: (rows, round) => each(rows, (row) => takeTurn(row, round, workflows, ask)),
    touches: ({ body }) => keysOf(body as unknown as WakeBody),
    decide: (row, outcome, states, now) => decideTurn(row, outcome, states, { workflows, model }, now),
    // The model is not asked for ever about what cannot be decided on.
    undecidable: ({ attempts }) => {
      const error = 'the turn could not be decided on';
      return { status: 'FAILED', outcome: { tag: 'failed', error, attempts, durationMs: 0 } satisfies TurnOutcome };
    },
  };
}

async function takeTurn(
  row: WorkRow,
  round: Round,
  workflows: ReadonlyMap<string, Workflow>,
  ask: Model,
): Promise<void> {
  const { workflow: name, messages, tools: offered, maxTokens } = row.body as unknown as TurnBody;
  const workflow = workflows.get(name);
  const outcome: TurnOutcome = workflow
    ? await ask({
        messages,
        tools: workflow.tools.filter((contract) => offered.includes(contract.name)),
        settings: workflow.model,
        maxTokens,
        signal: round.signal,
      })
    : { tag: 'failed', error: `the workflow ${name} is not loaded`, attempts: 0, durationMs: 0 };
  await round.finish(row, { tag: 'done', status: outcome.tag === 'failed' ? 'FAILED' : 'ANSWERED', outcome });
}

/** Gives a freed session to the next in line, whose row the freeing transaction did not hold. */
export function wakeWorker(workflows: ReadonlyMap<string, Workflow>): Worker<null> {
  return {
    kinds: ['wake'],
    roundSize: 100,
    rounds: 1,
    leaseMs: 30_000,
    perform: (rows, round) => each(rows, (row) => round.finish(row, { tag: 'done', status: 'DONE', outcome: null })),
    touches: ({ body }) => keysOf(body as unknown as WakeBody),
    decide: (row, _outcome, states, now) => decideWake(row.body as unknown as WakeBody, states, workflows, now),
  };
}

/** Ends an intent whose actions nobody answers for: the row is claimable once its time has passed. */
export const deadlineWorker: Worker<null> = {
  kinds: [DEADLINE],
  roundSize: 100,
  rounds: 1,
  leaseMs: 30_000,
  perform: (rows, round) => each(rows, (row) => round.finish(row, { tag: 'done', status: 'DONE', outcome: null })),
  touches: ({ body }) => keysOf(body as unknown as WakeBody),
  decide: (row, _outcome, states, now) => decideDeadline(row, states, now),
};

const keysOf = ({ intentId, sessionId }: WakeBody) => [intentKey(intentId), sessionKey(sessionId)];

const each = async <T>(rows: readonly T[], act: (row: T) => Promise<void>): Promise<void> => {
  await Promise.all(rows.map(act));
};
