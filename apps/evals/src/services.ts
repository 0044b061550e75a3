import {
  approvalConsumer,
  clock as approvalClock,
  controlConsumer as approvalControl,
  controlNow,
  doubtsConsumer,
  fakeQueries as approvalQueries,
} from '@countersign/approval/parts';
import type { Incoming } from '@countersign/contracts';
import {
  Attempts,
  auditConsumer,
  CONTROL,
  controlConsumer as executorControl,
  drained,
  Drainer,
  executorConsumer,
  Executor,
  fakeDrain,
  fakeQueries as executorQueries,
  FakeSharedLock,
  Gate,
  Heartbeats,
  limitsOf,
  Recheck,
  Sealer,
  SendLock,
  WarrantBook,
  type Circuit,
  type Target,
  type Toolbox,
} from '@countersign/executor/parts';
import type { Verifier } from '@countersign/identity';
import type { FakeDatabase, FakeQueries, Messaging, MessagingOptions, SqlTx } from '@countersign/messaging';
import { deadlineWorker, planner, wakeWorker } from '@countersign/planner/parts';
import {
  control,
  ControlReader,
  fakeQueries as policyQueries,
  keyWaiter,
  policy,
  type ControlMeans,
  type Means,
} from '@countersign/policy/parts';
import { sealOpener, SealStore, type SealingSql } from '@countersign/sealing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { Keys } from './keys.js';
import { turnsOf, type ModelEndpoint } from './planning.js';

export const SERVICES = ['policy', 'planner', 'approval', 'executor'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What the services of a run are made with. */
export interface Surroundings {
  keys: Keys;
  workflows: ReadonlyMap<string, LoadedWorkflow>;
  toolbox: Toolbox;
  verifier: Verifier;
  sealing: SealingSql;
  model: ModelEndpoint;
  targets: ReadonlyMap<string, { target: Target; circuit: Circuit }>;
  /** Told of what no case may bring about: a signature that is not right. */
  flaw: (what: string) => void;
}
export interface Around extends Surroundings {
  instance: string;
  database: FakeDatabase;
  messaging: () => Messaging;
}

type Parts = Pick<MessagingOptions, 'subscriptions' | 'workers'> & Pick<Partial<MessagingOptions>, 'project'>;
interface Blueprint {
  assemble: (around: Around) => Parts;
  queries: FakeQueries;
}

/** As policy decides it in a system at its defaults. */
const FRESH_AFTER_MS = 60_000;
const AUDIT_LIMIT_MS = 30_000;
const DOUBT_AFTER_MS = 2_000;
const DONE_TIMEOUT_MS = 2_000;

const distrust =
  ({ flaw, instance }: Around) =>
  ({ event, record }: Incoming, because: string) =>
    flaw(
      `${instance} does not trust ${event.type} at ${record.topic}/${record.partition}/${record.offset}: ${because}`,
    );

function policyParts(around: Around): Parts {
  const { keys, workflows, verifier, sealing, instance, messaging } = around;
  const reader = new ControlReader(messaging);
  const openKey = keys.tokens.privateKey;
  const means: Means = {
    ...{ workflows, verifier, ring: keys.ring, openKey, freshAfterMs: FRESH_AFTER_MS, control: reader },
    store: new SealStore({ keys: keys.sealing, sql: () => sealing }),
    onUntrusted: distrust(around),
  };
  const controlMeans: ControlMeans = { verifier, openKey, ring: keys.ring, instance, messaging };
  return {
    subscriptions: [...policy(means), control(controlMeans)],
    workers: [keyWaiter(means, controlMeans)],
    project: (_, applied) => reader.project(applied),
  };
}

function executorParts(around: Around): Parts {
  const { keys, toolbox, instance, database, messaging, targets, flaw } = around;
  const onForged = distrust(around);
  const book = new WarrantBook(keys.ring);
  const sql = () => messaging().sql;
  const heartbeats = new Heartbeats(AUDIT_LIMIT_MS);
  const attempts = attemptsOf(around);
  const toolOf = toolbox.toolOf.bind(toolbox);
  const locks = { owner: instance, database, wire: direct, after: later };
  const executor = new Executor({
    ...{ book, heartbeats, attempts, toolOf, doubtAfterMs: DOUBT_AFTER_MS },
    limits: () => limitsOf([...targets.values()].map(({ circuit }) => circuit)),
    mayBegin: () => messaging().caughtUp(CONTROL) && heartbeats.coversNow(),
    lock: new SendLock('', instance, async () => new FakeSharedLock(locks)),
    gate: new Gate(sql, toolOf, toolbox.fingerprintOf.bind(toolbox)),
    recheck: new Recheck({ attempts, sourceOf: toolbox.sourceOf.bind(toolbox) }),
    onForged: (row, because) => flaw(`the stored warrant ${row.id} is forged: ${because}`),
    ...{ onAsked: async () => {}, showsContent: false },
  });
  const onEnded = (holders: number) => flaw(`${holders} senders did not let go in time and were ended`);
  const drainer = new Drainer({
    drained: () => drained({ databaseUrl: '', instance, onEnded, connect: async () => fakeDrain(locks) }),
    ...{ peers: () => messaging().peers(), sql, book, onDrained: () => {} },
  });
  return {
    subscriptions: [
      executorConsumer({ book, ring: keys.ring, targetOf: (one) => toolOf(one)?.contract.target, onForged }),
      executorControl({ instance, ring: keys.ring, onForged }),
      auditConsumer({ ring: keys.ring, heartbeats, onForged, clock: () => databaseClock(sql()) }),
    ],
    workers: [executor, drainer],
  };
}

function attemptsOf({ keys, toolbox, sealing, targets }: Around): Attempts {
  const sealer = new Sealer(new SealStore({ keys: keys.sealing, sql: () => sealing }));
  return new Attempts({
    targetOf: (name) => targets.get(name)!.target,
    seal: sealer.seal.bind(sealer),
    opener: sealOpener(() => sealing, keys.opening),
    directoryOf: toolbox.directoryOf.bind(toolbox),
    statementOf: toolbox.statementOf.bind(toolbox),
    doneTimeoutMs: DONE_TIMEOUT_MS,
  });
}

const direct = async <T>(_: string, run: () => T | Promise<T>): Promise<T> => run();

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

async function databaseClock(sql: SqlTx): Promise<{ now: number; at: number }> {
  const at = performance.now();
  const [row] = await sql.query<{ now: string }>('clock', '', []);
  return { now: Number(row!.now), at };
}

function approvalParts(around: Around): Parts {
  const { keys, messaging } = around;
  const report = distrust(around);
  return {
    subscriptions: [
      approvalConsumer(keys.ring, report, false),
      doubtsConsumer(keys.ring, report),
      approvalControl(keys.ring, report),
    ],
    workers: [
      approvalClock(
        () => controlNow(messaging().sql),
        () => messaging().now(),
      ),
    ],
  };
}

function plannerParts(around: Around): Parts {
  const { keys, model } = around;
  const workflows = new Map([...around.workflows].map(([name, { workflow }]) => [name, workflow]));
  return {
    subscriptions: [planner({ ring: keys.ring, workflows, onForged: distrust(around) })],
    workers: [turnsOf(model, workflows), wakeWorker(workflows), deadlineWorker],
  };
}

/** The services of a run as they are in production, but for Nest, Kafka and their own PostgreSQL. */
export const BLUEPRINTS: Record<ServiceName, Blueprint> = {
  policy: { assemble: policyParts, queries: policyQueries },
  executor: { assemble: executorParts, queries: executorQueries },
  approval: { assemble: approvalParts, queries: approvalQueries },
  planner: { assemble: plannerParts, queries: {} },
};
