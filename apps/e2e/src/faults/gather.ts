import type { LedgerEntry } from '@countersign/demo';
import { TOPICS } from '@countersign/contracts';
import { until } from '@countersign/testing';
import type { World } from '../world.js';
import type { Effect, History, Told } from './checker/history.js';
import { readTopics } from './checker/read-topics.js';

const CATCH_UP_MS = 30_000;

/** All that the checker reads: the topics, audit's store, the ledgers of the systems of record, the list of doubts. */
export async function gather(
  world: World,
  known: Pick<History, 'client' | 'auditLimitMs' | 'lastFaultAt' | 'drainedAt'> & { depot: readonly Effect[] },
): Promise<History> {
  const { depot, ...told } = known;
  const { system } = world;
  const records = await readTopics(system.urls.kafka.split(','), system.topicPrefix);
  const listedInDoubt = await doubtsListed(world);
  const effects = [...(await world.helpdesk.ledger()).map(effectOf), ...depot];
  return { ...told, records, listedInDoubt, effects, audited: await auditedOf(world, records) };
}

/** What audit holds, once it holds these records or has had its time. */
async function auditedOf(world: World, records: readonly Told[]): Promise<Map<string, Set<number>>> {
  let audited = new Map<string, Set<number>>();
  const holdsAll = async () => {
    audited = await rowsOf(world);
    return records.every(({ topic, partition, offset }) => audited.get(`${topic}/${partition}`)?.has(offset));
  };
  await until(holdsAll, { what: 'audit to hold every record', timeoutMs: CATCH_UP_MS, everyMs: 1_000 }).catch(
    () => undefined,
  );
  return audited;
}

async function rowsOf({ owner }: World): Promise<Map<string, Set<number>>> {
  const audited = new Map<string, Set<number>>();
  for (const topic of TOPICS) {
    const text = 'select partition, "offset" from audit.records where topic = $1';
    const { rows } = await owner.query<{ partition: number; offset: string }>(text, [topic]);
    for (const { partition, offset } of rows) {
      const place = `${topic}/${partition}`;
      const held = audited.get(place) ?? new Set<number>();
      audited.set(place, held.add(Number(offset)));
    }
  }
  return audited;
}

function effectOf({ seq, startedAt, tenant, kind, record, amount, currency, idempotencyKey }: LedgerEntry): Effect {
  return {
    ...{ ledger: 'helpdesk', seq, startedAt: Date.parse(startedAt), tenant, kind, record, idempotencyKey },
    ...(amount === undefined ? {} : { amount }),
    ...(currency === undefined ? {} : { currency }),
  };
}

interface Page {
  data: { actionId: string }[];
  nextCursor: string | null;
}

async function doubtsListed(world: World): Promise<string[]> {
  const bob = await world.person('bob');
  const listed: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const path = `/v1/in-doubt?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
    const { status, body } = await bob.call('GET', path);
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
    const { data, nextCursor } = body as Page;
    listed.push(...data.map(({ actionId }) => actionId));
    cursor = nextCursor;
  }
  return listed;
}
