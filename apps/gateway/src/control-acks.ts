import { parseControl, type EventData, type Incoming } from '@countersign/contracts';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { Applied, Consumer, SqlTx } from '@countersign/messaging';
import type { OnForged } from './genuine.js';
import { insertControlChanges } from './stream/changes.js';

/*
 * What policy and executor say of control records, kept for whoever asks what is stopped and whoever waits for it. It guarantees:
 * 1. Only what the service it names has signed is kept, of policy and executor alone.
 * 2. Whoever floods the control topic with what is refused pushes out nothing that was applied.
 * 3. The latest change of a scope stays for ever; of older ones the last fifty.
 */
export type Ack = Applications | Refusals;
interface Applications extends Known {
  tag: 'applied';
  data: EventData<'countersign.control.applied.v1'>;
}
interface Refusals extends Known {
  tag: 'refused';
  data: EventData<'countersign.control.refused.v1'>;
}
interface Known {
  /** When the broker took it, ms since 1970: by the same clock as the control record's `appendedAt`. */
  ackedAt: number;
  /** Id of the control event it answers. */
  cause: string;
}

export type Says = 'trip' | 're-arm' | 'stage';

/** What an applied change does; undefined for what is no switch and no stage. */
export function saysOf(scope: string, value: unknown): Says | undefined {
  const record = parseControl(scope, value);
  if (record?.kind === 'kill') return record.value.killed ? 'trip' : 're-arm';
  return record?.kind === 'stage' ? 'stage' : undefined;
}

/** The tenant whom a scope concerns alone; undefined if it concerns all. */
export const tenantOfScope = (scope: string): string | undefined =>
  /^(?:kill|stage\/workflow\/[^/]+)\/tenant\/([^/]+)$/.exec(scope)?.[1];

const INSERT = `
  insert into control_acks (scope, epoch, service, instance, tag, says, tenant, cause, acked_at, data)
  select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::bigint[], $10::text[])
  on conflict do nothing`;
const FORGET_APPLIED = `
  delete from control_acks a using (
    select scope, epoch, dense_rank() over (partition by scope order by epoch desc) as nth
      from control_acks where scope = any($1) and tag = 'applied') old
   where old.nth > 50 and a.scope = old.scope and a.epoch = old.epoch and a.tag = 'applied'`;
const FORGET_REFUSED = `
  delete from control_acks where tag = 'refused' and epoch <=
    (select epoch from control_acks where tag = 'refused' order by epoch desc offset 500 limit 1)`;

export const CONTROL_CONSUMER = 'gateway-control';

/** Reads control-acks on its own, so that whoever waits for a switch waits for nothing else. */
export const controlConsumer = (ring: KeyRing, onForged: OnForged): Consumer => ({
  name: CONTROL_CONSUMER,
  topics: {
    'control-acks': {
      'countersign.control.applied.v1': { touches: () => [], decide: () => [] },
      'countersign.control.refused.v1': { touches: () => [], decide: () => [] },
    },
  },
  project: (tx, applied) => project(tx, applied, ring, onForged),
});

async function project(tx: SqlTx, { incoming }: Applied, ring: KeyRing, onForged: OnForged): Promise<void> {
  const acks = incoming.filter((each) => isGenuine(ring, each, onForged));
  if (acks.length === 0) return;
  await tx.query('insert-control-acks', INSERT, columnsOf(acks));
  await tx.query('forget-applied', FORGET_APPLIED, [[...new Set(acks.map(({ event }) => dataOf(event).scope))]]);
  await tx.query('forget-refused', FORGET_REFUSED, []);
  await insertControlChanges(
    tx,
    acks.map(({ event }) => tenantOfScope(dataOf(event).scope) ?? null),
  );
}

const dataOf = (event: Incoming['event']) => event.data as Ack['data'];

function isGenuine(ring: KeyRing, incoming: Incoming, onForged: OnForged): boolean {
  const { topic, partition, offset } = incoming.record;
  const { service } = dataOf(incoming.event);
  const isOne = service === 'policy' || service === 'executor';
  const check = isOne
    ? checkSignature(ring, service, incoming)
    : { ok: false as const, because: `${service.slice(0, 100)} has no say in control` };
  if (!check.ok) onForged({ topic, partition, offset: String(offset), type: incoming.event.type }, check.because);
  return check.ok;
}

export function columnsOf(acks: Incoming[]): unknown[][] {
  const column = (pick: (data: Ack['data'], incoming: Incoming) => unknown) =>
    acks.map((incoming) => pick(dataOf(incoming.event), incoming));
  return [
    column(({ scope }) => scope),
    column(({ epoch }) => epoch),
    column(({ service }) => service),
    column(({ instance }) => instance),
    column((data) => ('value' in data ? 'applied' : 'refused')),
    column((data) => ('value' in data ? (saysOf(data.scope, data.value) ?? null) : null)),
    column(({ scope }) => tenantOfScope(scope) ?? null),
    column((_, { event }) => event.causationid),
    column((_, { record }) => record.timestamp),
    column((_, { text }) => text),
  ];
}

/** Whose scopes somebody sees: a tenant's own and what concerns all, or every tenant's and what was refused. */
export type Seen = { tenant: string } | 'all';

interface Row {
  tag: Ack['tag'];
  cause: string;
  acked_at: string;
  data: string;
}
const ackOf = ({ tag, cause, acked_at, data }: Row): Ack =>
  ({ tag, cause, ackedAt: Number(acked_at), data: JSON.parse(data) as Ack['data'] }) as Ack;

const COLUMNS = 'tag, cause, acked_at, data';
const SEEN = `($1::text is null or ((tenant is null or tenant = $1) and tag = 'applied'))`;
/** A re-arm and a stage count once policy has judged them; a trip whoever knows of it. */
const COUNTS = `tag = 'applied' and (service = 'policy' or says = 'trip') and says is not null`;
const LATEST = `
  select ${COLUMNS} from control_acks join (
    select scope, max(epoch) as epoch from control_acks where ${COUNTS} and ${SEEN} group by scope) latest
   using (scope, epoch) where tag = 'applied' order by scope`;
const HISTORY = `
  select ${COLUMNS} from control_acks where ${SEEN} and epoch in (
    select distinct epoch from control_acks where ${SEEN} order by epoch desc limit 50) order by epoch desc`;
const RELEASES = `
  select ${COLUMNS} from control_acks
   where tag = 'applied' and service = 'policy' and starts_with(scope, 'release/') order by epoch`;
const OF_CAUSE = `select ${COLUMNS} from control_acks where cause = $1 order by epoch`;
const COUNTED = 'select cause as id, count(*) as n from control_acks where cause = any($1) group by cause';

/** What is asked of them. */
export class ControlAcks {
  constructor(private readonly sql: SqlTx) {}

  /** Of every scope the change that holds now, in the words of all who applied it. */
  latest(seen: Seen): Promise<Ack[]> {
    return this.read('latest-control', LATEST, [tenantOf(seen)]);
  }

  /** The last fifty changes, the newest first. */
  history(seen: Seen): Promise<Ack[]> {
    return this.read('control-history', HISTORY, [tenantOf(seen)]);
  }

  /** What policy let act of each workflow, the first first: the last fifty changes of each. */
  releases(): Promise<Ack[]> {
    return this.read('releases', RELEASES, []);
  }

  /** What was said of one control event, the first record of that id first. */
  of(cause: string): Promise<Ack[]> {
    return this.read('acks-of-cause', OF_CAUSE, [cause]);
  }

  /** How many there are of each of these events. */
  async counts(causes: string[]): Promise<Map<string, number>> {
    const rows = await this.sql.query<{ id: string; n: string }>('count-control-acks', COUNTED, [causes]);
    return new Map(rows.map(({ id, n }) => [id, Number(n)]));
  }

  private async read(name: string, text: string, values: unknown[]): Promise<Ack[]> {
    return (await this.sql.query<Row>(name, text, values)).map(ackOf);
  }
}

const tenantOf = (seen: Seen): string | null => (seen === 'all' ? null : seen.tenant);
