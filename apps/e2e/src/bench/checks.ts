import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { topicName, TOPICS } from '@countersign/contracts';
import { Helpdesk } from '@countersign/demo';
import type { System } from '@countersign/embedded';
import { PlainKafka, until, type StoredRecord } from '@countersign/testing';
import { effectFlaws, type Asked } from './ledger.js';
import type { LoadDriver } from './load.js';

const sha256 = (...parts: (Buffer | string)[]) =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part as string))))
    .digest();

/** The root of a tree of `size` leaves above this one, as RFC 6962, section 2.1.1, defines the path. */
function rootAbove(leaf: Buffer, index: number, size: number, path: Buffer[]): Buffer | undefined {
  if (size === 1) return path.length ? undefined : leaf;
  const [below, sibling] = [path.slice(0, -1), path.at(-1)];
  const split = 2 ** Math.floor(Math.log2(size - 1));
  const child =
    index < split ? rootAbove(leaf, index, split, below) : rootAbove(leaf, index - split, size - split, below);
  if (!sibling || !child) return undefined;
  return index < split ? sha256('\u0001', child, sibling) : sha256('\u0001', sibling, child);
}

/** In the order of canonical JSON. */
const COVERED = [
  'actorid',
  'causationid',
  'correlationid',
  'id',
  'key',
  'session',
  'source',
  'subject',
  'tenantid',
  'time',
  'type',
];

/** What the service signed for this record: one root for all that a transaction emitted. */
function isSigned({ key, value, headers }: StoredRecord, isGenuine: (jws: string) => boolean): boolean {
  const [jws = '', place = ''] = (headers['ce_signature'] ?? '').split('~');
  const [index, ...path] = place.split('.');
  if (!isGenuine(jws)) return false;
  const { root, size } = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as {
    root: string;
    size: number;
  };
  const covered = JSON.stringify(
    Object.fromEntries(COVERED.map((name) => [name, name === 'key' ? key : (headers[`ce_${name}`] ?? '')])),
  );
  const leaf = sha256(`\u0000${covered}\n`, value ?? '');
  return (
    rootAbove(
      leaf,
      Number(index),
      size,
      path.map((node) => Buffer.from(node, 'base64url')),
    )?.toString('base64url') === root
  );
}

/** Every decision and result carries its service's valid signature. Verified here with node:crypto alone. */
export async function signatureFlaws(
  kafka: PlainKafka,
  prefix: string,
  keysDir: string,
): Promise<{ checked: number; flaws: string[] }> {
  let checked = 0;
  const flaws: string[] = [];
  for (const [topic, service] of [
    ['decisions', 'policy'],
    ['results', 'executor'],
  ] as const) {
    const key = createPublicKey(readFileSync(path.join(keysDir, 'trusted', `${service}.pub.pem`), 'utf8'));
    const judged = new Map<string, boolean>();
    const isGenuine = (jws: string) => {
      const [head, body, signature] = jws.split('.');
      if (!judged.has(jws))
        judged.set(
          jws,
          signature !== undefined &&
            verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')),
        );
      return judged.get(jws) === true;
    };
    for (const record of await kafka.readAll(topicName(topic, prefix))) {
      if (!isSigned(record, isGenuine)) flaws.push(`${topic} ${record.partition}/${record.offset}`);
      checked++;
    }
  }
  return { checked, flaws: flaws.length ? [`${flaws.length} signatures do not verify, the first of ${flaws[0]}`] : [] };
}

/** Audit holds one row for each record of each topic (its own heartbeats aside, which never stop coming). */
export async function auditFlaws(
  driver: LoadDriver,
  prefix: string,
  databaseUrl: string,
): Promise<{ rows: number; flaws: string[] }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const topics = TOPICS.filter((topic) => topic !== 'audit');
  let rows = 0;
  let records = 0;
  try {
    await until(
      async () => {
        records = 0;
        for (const topic of topics) records += await driver.written(topicName(topic, prefix));
        const { rows: counted } = await client.query<{ n: string }>(
          'select count(*) n from audit.records where topic = any($1)',
          [topics],
        );
        rows = Number(counted[0]?.n);
        return rows === records;
      },
      { timeoutMs: 30_000, what: 'audit to hold every record' },
    );
  } catch {
    return { rows, flaws: [`audit holds ${rows} rows for ${records} records`] };
  } finally {
    await client.end();
  }
  return { rows, flaws: [] };
}

/** How long after now audit has stored all that stands on the topics now (its own aside), in ms. */
export async function auditLag(driver: LoadDriver, prefix: string, databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const began = performance.now();
  const topics = TOPICS.filter((topic) => topic !== 'audit');
  const ends = await Promise.all(topics.map((topic) => driver.written(topicName(topic, prefix))));
  const written = ends.reduce((sum, end) => sum + end, 0);
  try {
    await until(
      async () => {
        const { rows } = await client.query<{ stored: string }>(
          'select coalesce(sum(next), 0) stored from audit.progress where topic = any($1)',
          [topics],
        );
        return Number(rows[0]?.stored) >= written;
      },
      { timeoutMs: 60_000, what: 'audit to store what is there' },
    );
    return performance.now() - began;
  } finally {
    await client.end();
  }
}

/** What is wrong in helpdesk's ledger alone: for runs whose trace store was filled by hand. */
export const ledgerFlaws = async ({ urls }: System, asked: Asked): Promise<string[]> =>
  effectFlaws(await new Helpdesk(urls.helpdesk).ledger(), asked);

/** Every effect that was asked for is in the ledger once, every decision and result signed, every record in the audit. */
export async function recordFlaws(
  system: System,
  driver: LoadDriver,
  asked: Asked,
): Promise<{ signatures: number; rows: number; flaws: string[] }> {
  const { urls, topicPrefix, dataDir } = system;
  const plain = await PlainKafka.connect(urls.kafka.split(','));
  try {
    const audit = await auditFlaws(driver, topicPrefix, urls.postgres);
    const signatures = await signatureFlaws(plain, topicPrefix, path.join(dataDir, 'keys', 'policy'));
    const effects = effectFlaws(await new Helpdesk(urls.helpdesk).ledger(), asked);
    const flaws = [...effects, ...signatures.flaws, ...audit.flaws];
    return { signatures: signatures.checked, rows: audit.rows, flaws };
  } finally {
    await plain.close();
  }
}
