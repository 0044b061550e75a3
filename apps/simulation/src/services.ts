import type { KeyObject } from 'node:crypto';
import type { Incoming, Json } from '@countersign/contracts';
import {
  approvalConsumer,
  clock as approvalClock,
  controlConsumer as approvalControl,
  controlNow,
  doubtsConsumer,
  fakeQueries as approvalQueries,
} from '@countersign/approval/parts';
import {
  Attempts,
  auditConsumer,
  Circuit,
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
  Target,
  WarrantBook,
  type Warrant,
} from '@countersign/executor/parts';
import { createVerifier } from '@countersign/identity';
import type { SqlTx } from '@countersign/messaging';
import { deadlineWorker, planner, turnWorker, wakeWorker } from '@countersign/planner/parts';
import {
  control,
  ControlReader,
  fakeQueries as policyQueries,
  keyWaiter,
  policy,
  type ControlMeans,
  type Means,
} from '@countersign/policy/parts';
import { AUDIT_LIMIT_MS, DESK, TOOLS } from './desk.js';
import { ISSUER } from './keys.js';
import type { Blueprint, Parts, ServiceName, Surroundings } from './world.js';

const workflows = new Map([[DESK.workflow.name, DESK]]);
const nothingToSeal = { seal: () => Promise.reject(new Error('nothing of the desk is to be sealed')) };
const placeOf = ({ record }: Incoming) => `${record.topic}/${record.partition}/${record.offset}`;
/** Nobody here forges: whatever is not trusted is a flaw. */
const distrust =
  ({ world, life }: Surroundings) =>
  (incoming: Incoming, because: string) => {
    world.flaws.push(`${life.name} does not trust ${incoming.event.type} at ${placeOf(incoming)}: ${because}`);
  };

export async function policyParts(around: Surroundings): Promise<Parts> {
  const { world, instance, messaging } = around;
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: 'countersign',
    tenantClaim: 'tenant',
    rolesClaim: 'roles',
  });
  await verifier.warm();
  const reader = new ControlReader(messaging);
  const openKey = world.keys.seal.privateKey as unknown as KeyObject;
  const means: Means = {
    ...{ workflows, verifier, ring: world.ring, openKey, store: nothingToSeal, freshAfterMs: 5_000, control: reader },
    onUntrusted: distrust(around),
  };
  const controlMeans: ControlMeans = { verifier, openKey, ring: world.ring, instance, messaging };
  return {
    subscriptions: [...policy(means), control(controlMeans)],
    workers: [keyWaiter(means, controlMeans)],
    project: (_, applied) => reader.project(applied),
  };
}

const toolOf = ({ tool }: Pick<Warrant, 'tool'>) => TOOLS.find(({ contract }) => contract.name === tool);

export function executorParts(around: Surroundings): Parts {
  const { world, life, instance, owner, database, network, messaging, warn } = around;
  const { ring, clock } = world;
  const onForged = distrust(around);
  const book = new WarrantBook(ring);
  const sql = () => messaging().sql;
  const tell = (run: () => void) => clock.inLife(life, run);
  const circuit = new Circuit('bank', (target, state) => warn(`the circuit of ${target} is ${state}`));
  const bank = new Target({
    ...{ name: 'bank', url: 'http://bank', concurrency: 8, circuit, credentials: { tokenFor: async () => 'token' } },
    pool: world.bank.over(network('bank'), () => world.random.chance(world.garbage)),
  });
  const heartbeats = new Heartbeats(AUDIT_LIMIT_MS);
  const sealer = new Sealer(nothingToSeal);
  const attempts = new Attempts({
    ...{ targetOf: () => bank, seal: (tenant, parts) => sealer.seal(tenant, parts) },
    opener: { open: async () => new Map<string, Json>() },
    ...{ directoryOf: () => undefined, statementOf: () => undefined, doneTimeoutMs: 2_000 },
  });
  const locks = { owner, database, wire: network('database').wire, after: clock.after.bind(clock) };
  const connect = async () => new FakeSharedLock(locks, tell);
  const executor = new Executor({
    ...{ book, heartbeats, attempts, toolOf, limits: () => limitsOf([circuit]), doubtAfterMs: 20_000 },
    mayBegin: () => messaging().caughtUp(CONTROL) && heartbeats.coversNow(),
    lock: new SendLock('', instance, connect),
    gate: new Gate(sql, toolOf, () => DESK.fingerprint),
    recheck: new Recheck({ attempts, sourceOf: () => undefined }),
    onForged: (row, because) =>
      void world.flaws.push(`${life.name}: the stored warrant ${row.id} is forged: ${because}`),
    ...{ onAsked: async () => {}, showsContent: false },
  });
  const drainer = new Drainer({
    drained: () =>
      drained({
        ...{ databaseUrl: '', instance, onEnded: (holders) => warn(`${holders} senders were ended`) },
        connect: async () => fakeDrain(locks),
      }),
    ...{ peers: () => messaging().peers(), sql, book, onDrained: () => {} },
  });
  return {
    subscriptions: [
      executorConsumer({ book, ring, targetOf: (warrant) => toolOf(warrant)?.contract.target, onForged }),
      executorControl({ instance, ring, onForged }),
      auditConsumer({ ring, heartbeats, onForged, clock: () => databaseClock(sql()) }),
    ],
    workers: [executor, drainer],
  };
}

async function databaseClock(sql: SqlTx): Promise<{ now: number; at: number }> {
  const at = performance.now();
  const [row] = await sql.query<{ now: string }>('clock', '', []);
  return { now: Number(row!.now), at };
}

export function approvalParts(around: Surroundings): Parts {
  const { world, messaging } = around;
  const report = distrust(around);
  const view = () => controlNow(messaging().sql);
  return {
    subscriptions: [
      approvalConsumer(world.ring, report, false),
      doubtsConsumer(world.ring, report),
      approvalControl(world.ring, report),
    ],
    workers: [approvalClock(view, () => messaging().now())],
  };
}

export function plannerParts(around: Surroundings): Parts {
  const { world, network } = around;
  const loaded = new Map([...workflows].map(([name, { workflow }]) => [name, workflow]));
  return {
    subscriptions: [planner({ ring: world.ring, workflows: loaded, onForged: distrust(around) })],
    workers: [
      turnWorker({
        ...{ workflows: loaded, model: 'scripted', concurrency: 4 },
        ask: (request) => network('model').wire('the model', () => world.model(request)),
      }),
      wakeWorker(loaded),
      deadlineWorker,
    ],
  };
}

export const BLUEPRINTS: Record<ServiceName, Blueprint> = {
  policy: { assemble: policyParts, queries: policyQueries },
  executor: { assemble: executorParts, queries: executorQueries },
  approval: { assemble: approvalParts, queries: approvalQueries },
  planner: { assemble: plannerParts, queries: {} },
};
