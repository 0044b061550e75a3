import { AsyncLocalStorage } from 'node:async_hooks';
import { connectModel, turnWorker, type Model, type TurnOutcome } from '@countersign/planner/parts';
import type { Worker } from '@countersign/messaging';
import type { Workflow } from '@countersign/workflow-kit';

export interface ModelEndpoint {
  apiKey: string;
  model: string;
  maxRetries: number;
  /** Where the turns of an intent are asked for. */
  urlFor: (intentId: string) => string;
}

const CONCURRENCY = 64;

/** The planner's own worker and client; each intent's turns go to its own place. */
export function turnsOf(endpoint: ModelEndpoint, workflows: ReadonlyMap<string, Workflow>): Worker<TurnOutcome> {
  const here = new AsyncLocalStorage<string>();
  const { urlFor, ...connection } = endpoint;
  const ask: Model = (request) => connectModel({ ...connection, baseUrl: urlFor(here.getStore()!) })(request);
  const worker = turnWorker({ workflows, ask, model: endpoint.model, concurrency: CONCURRENCY });
  return {
    ...worker,
    perform: (rows, round) => here.run(intentOf(rows), () => worker.perform(rows, round)),
  };
}

/** A round of the planner's is one turn. */
const intentOf = ([row]: readonly { body: unknown }[]) => (row!.body as { intentId: string }).intentId;
