import type { CloudEvent, EventDraft, Incoming } from '@countersign/contracts';
import { createMessaging, type Messaging, type MessagingOptions } from '../messaging.js';
import { silentLog } from '../log.js';
import type { Batch, Broker, Store } from '../ports.js';
import {
  emit,
  ignore,
  put,
  work,
  type Consumer,
  type Effect,
  type States,
  type Worker,
  type WorkRow,
} from '../stream.js';
import { encodePlain, type World, type Written } from './world.js';

type Requested = CloudEvent<'countersign.intent.requested.v1'>;

export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** The event a test writes; its text says what the service under test does with it. */
export function intent(id: string, text: string, session = 's'): Written {
  const headers = {
    ce_id: id,
    ce_source: '/product',
    ce_type: 'countersign.intent.requested.v1',
    ce_session: session,
    traceparent: TRACEPARENT,
  };
  return { key: `acme/${session}`, headers, value: Buffer.from(JSON.stringify({ workflow: 'w', session, text })) };
}

const draft = (id: string, session: string) =>
  ({ id, session, type: 'countersign.reply.sent.v1' }) as unknown as EventDraft;

/** Counting is not idempotent on purpose: whatever is applied twice shows. */
function decide({ event }: Incoming & { event: Requested }, states: States): Effect[] {
  const [verb, of = event.id, tenant = 'acme'] = event.data.text.split(' ');
  switch (verb) {
    case 'count': {
      const count = (states.get<{ count: number }>(`counter/${event.session}`)?.count ?? 0) + 1;
      return [put(`counter/${event.session}`, { count }), emit(draft(`${event.id}#${count}`, event.session))];
    }
    case 'once':
      return states.get(`seen/${event.id}`)
        ? [ignore('seen before')]
        : [put(`seen/${event.id}`, { seen: true }), emit(draft(`once/${event.id}`, event.session))];
    case 'work':
      return [
        ...(states.get(`job/${event.id}`) ? [] : [put(`job/${event.id}`, { tag: 'waiting' })]),
        work({ id: `work/${event.id}`, kind: 'job', target: of, tenant, body: { job: event.id } }),
      ];
    case 'cancel':
      return [{ do: 'cancel', workId: `work/${of}` }];
    case 'point':
      return [put(`pointer/${event.session}`, { to: of })];
    case 'follow': {
      const to = states.get<{ to: string }>(`pointer/${event.session}`)?.to;
      return to ? [put(`target/${to}`, { by: event.id })] : [ignore('nowhere to go')];
    }
    case 'trespass':
      return [put('elsewhere', {})];
    case 'nul':
      return [put(`seen/${event.id}`, { text: '\u0000' })];
    case 'huge':
      return [emit(draft('x'.repeat(2_000_000), event.session))];
    default:
      throw new Error(`told to fail: ${event.data.text}`);
  }
}

const touches = ({ event }: Incoming & { event: Requested }): string[] => {
  const [verb] = event.data.text.split(' ');
  if (verb === 'count') return [`counter/${event.session}`];
  if (verb === 'nulkey') return ['seen/\0'];
  if (verb === 'point' || verb === 'follow') return [`pointer/${event.session}`];
  return verb === 'work' ? [`job/${event.id}`] : [`seen/${event.id}`];
};

const touchesAlso = ({ event }: Incoming & { event: Requested }, states: States): string[] => {
  if (!event.data.text.startsWith('follow')) return [];
  const to = states.get<{ to: string }>(`pointer/${event.session}`)?.to;
  return to ? [`target/${to}`] : [];
};

export const subjectConsumer: Consumer = {
  name: 'subject',
  topics: {
    intents: {
      'countersign.intent.requested.v1': { touches, touchesAlso, decide },
      'countersign.action.requested.v1': 'ignore',
    },
  },
};

interface Job {
  job: string;
}

export type Perform = Worker<{ ok: boolean }>['perform'];

/** Sends nothing anywhere; write-ahead and finish as an executor does. */
export const plainPerform: Perform = async (rows, round) => {
  const ours = await round.markSent(rows);
  await Promise.all(ours.map((row) => round.finish(row, { tag: 'done', status: 'COMMITTED', outcome: { ok: true } })));
};

const jobOf = (row: WorkRow) => (row.body as unknown as Job).job;

export const subjectWorker = (perform: Perform, leaseMs = 30_000): Worker<{ ok: boolean }> => ({
  kinds: ['job'],
  roundSize: 10,
  rounds: 2,
  leaseMs,
  perform,
  touches: (row) => [`job/${jobOf(row)}`],
  decide: (row, outcome) => {
    if (!outcome.ok) throw new Error('told to fail');
    return [put(`job/${jobOf(row)}`, { tag: 'done' }), emit(draft(`done/${jobOf(row)}`, 's'))];
  },
  undecidable: () => ({ status: 'GIVEN_UP', outcome: { ok: true } }),
});

export interface Subject {
  messaging: Messaging;
  broker: Broker;
  store: Store;
  /** Every batch that was delivered. */
  batches: Batch[];
  fatal: unknown[];
}

export interface SubjectOptions extends Partial<MessagingOptions> {
  perform?: Perform;
  leaseMs?: number;
  wrap?: (ports: { broker: Broker; store: Store }) => { broker: Broker; store: Store };
  /** Called instead of handing the batch on. */
  deliver?: (batch: Batch, messaging: Messaging) => Promise<void>;
}

/** A process of the service under test, consuming and working. */
export async function startSubject(world: World, instance: string, options: SubjectOptions = {}): Promise<Subject> {
  const {
    perform = plainPerform,
    leaseMs,
    wrap = (ports) => ports,
    deliver = (batch, messaging) => messaging.handle(batch),
    ...rest
  } = options;
  const bare = world.connect(instance);
  const fatal: unknown[] = [];
  const batches: Batch[] = [];
  const messaging = createMessaging({
    ...{
      service: 'subject',
      instance,
      databaseUrl: '',
      kafka: { brokers: [], ssl: false },
      topicPrefix: world.prefix,
      parkingKey: Buffer.alloc(32, 7),
    },
    ...{ log: silentLog, onFatal: (error: unknown) => fatal.push(error), encode: encodePlain('/services/subject') },
    ...{ subscriptions: [subjectConsumer], workers: [subjectWorker(perform, leaseMs)], ports: wrap(bare) },
    ...rest,
  });
  const started = messaging.start((batch) => {
    batches.push(batch);
    return deliver(batch, messaging);
  });
  started.catch(() => {});
  await Promise.race([started, new Promise((resolve) => setImmediate(resolve))]);
  return { messaging, batches, fatal, ...bare };
}
