import type { KeyObject } from 'node:crypto';
import { HttpProblem } from '@countersign/host';
import {
  checkpointLine,
  headerLine,
  openCheckpoint,
  originOf,
  placeLine,
  rowLine,
  signWritten,
  Verification,
  type Head,
  type Proof,
  type Finding,
  type storeVerdict,
  type StoredRecord,
} from '@countersign/evidence';
import { readAs } from '@countersign/migrations';
import type { Signer } from '@countersign/signing';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { ARCHIVED, ArchivedIndexes, type ArchivedRow } from '../archive/archive-note.js';
import { Notes, type Note } from './notes.js';
import type { Rows } from './rows.js';
import { BY_PLACE, lineOf, PRECISE, RECORD, storedLines, textOf } from './stored-lines.js';
import { BrokenTree, StoredTree } from './stored-tree.js';

/** Rows read at once. */
const STRIDE = 500;

export type StoreVerdict = z.infer<typeof storeVerdict>;

/** What is told of one tenant's tree, read in the tenant's name. */
export class Evidence {
  constructor(
    private readonly source: DataSource,
    private readonly system: string,
    private readonly signer: Signer,
    private readonly keys: () => KeyObject[],
    /** What this process remembers to have signed last: a store that was cut back does not say so itself. */
    private readonly remembered: (tenant: string) => Head | undefined,
  ) {}

  /** Checks the rows from an index on, some `limit` of them, up to a size that is signed. */
  verify(tenant: string, from: number, limit: number): Promise<StoreVerdict> {
    // Before the store is looked at, which grows while it is checked.
    const head = this.remembered(tenant);
    return this.as(tenant, async (rows) => {
      const newest = await this.notes(rows, tenant).newest();
      const size = newest?.size ?? 0;
      if (from > size) throw new HttpProblem('INVALID_ARGUMENTS', `from: the tree is signed up to index ${size}`);
      const to = (await this.notes(rows, tenant).from(from + limit))?.size ?? size;
      const check = await this.check(rows, tenant, from, to);
      const last = to === size;
      const extra = last ? this.cut(tenant, newest, head) : [];
      const inserted = await insertedRows(rows, tenant, from, last ? undefined : to);
      const findings = [...check.findings, ...extra, ...inserted];
      return {
        ok: findings.length === 0,
        tenant,
        size,
        since: await firstCame(rows, tenant),
        checked: { from, to },
        archived: check.archived,
        checkpoint: newest?.note ?? null,
        findings,
        more: check.more,
        next: last ? null : to,
      };
    });
  }

  private cut(tenant: string, newest: Note | undefined, head: Head | undefined): Finding[] {
    const size = newest?.size ?? 0;
    if (!head || size > head.size) return [];
    if (newest && openCheckpoint(newest.note, this.keys())?.root.equals(head.root)) return [];
    if (size === head.size) return [finding(tenant, 'forked', size, `another root was signed at size ${size}`)];
    return [finding(tenant, 'truncated', size, `it ends at index ${size}, and ${head.size} were signed`)];
  }

  private async check(rows: Rows, tenant: string, from: number, to: number) {
    const verification = new Verification({ keys: this.keys(), partial: true });
    const findings: Finding[] = [];
    const elsewhere = await this.archived(rows, tenant);
    if (from === 0)
      for (const file of elsewhere.unsigned)
        findings.push(finding(tenant, 'unsigned', null, `that records are in the file ${file} is not signed by audit`));
    let archived = 0;
    try {
      verification.take({ kind: 'header', line: 0, header: await this.header(rows, tenant, from, to) });
      const notes = await this.notes(rows, tenant).within(from, to);
      for (let at = from; at < to; at += STRIDE) {
        for (const line of await storedLines(rows, tenant, at, Math.min(at + STRIDE, to))) {
          verification.take(lineOf(line));
          if (line.text === undefined && elsewhere.has(line.index)) archived++;
          else if (line.text === undefined)
            findings.push(finding(tenant, 'deleted', line.index, `the record at index ${line.index} is not there`));
          while (notes[0]?.size === line.index + 1)
            verification.take({ kind: 'checkpoint', line: line.index, note: notes.shift()!.note });
        }
      }
    } catch (error) {
      if (!(error instanceof BrokenTree)) throw error;
      findings.push(finding(tenant, 'deleted', null, error.message));
    }
    const verdict = verification.end();
    return { findings: [...findings, ...verdict.findings], more: verdict.more, archived };
  }

  /** A tenant's records as a file, in the order of the tree, up to the next checkpoint from `to` on. */
  async *export(tenant: string, fromTime: Date | undefined, toTime: Date | undefined): AsyncGenerator<string> {
    const { from, to, header } = await this.as(tenant, async (rows) => {
      const range = await rangeOf(rows, this.notes(rows, tenant), tenant, fromTime, toTime);
      return { ...range, header: await this.header(rows, tenant, range.from, range.to) };
    });
    yield headerLine(header);
    for (let at = from; at < to; at += STRIDE) {
      const end = Math.min(at + STRIDE, to);
      yield await this.as(tenant, async (rows) => {
        const notes = await this.notes(rows, tenant).within(at, end);
        const lines: string[] = [];
        for (const { index, leaf, text } of await storedLines(rows, tenant, at, end)) {
          lines.push(text === undefined ? placeLine(index, leaf) : rowLine(index, leaf, text));
          while (notes[0]?.size === index + 1) lines.push(checkpointLine(notes.shift()!.note));
        }
        return lines.join('');
      });
    }
  }

  prove(tenant: string, eventId: string): Promise<Proof> {
    return this.as(tenant, async (rows) => {
      const found = await rows.query<Found[]>(PLACE, [tenant, eventId]);
      const [row] = found;
      if (!row) throw new HttpProblem('NOT_FOUND', `no event ${eventId.slice(0, 100)} is stored that you may see`);
      const newest = await this.notes(rows, tenant).newest();
      if (row.index === null || !newest || newest.size <= row.index)
        throw new HttpProblem('NOT_FOUND', `event ${eventId.slice(0, 100)} is stored and not signed yet`, {
          nextStep: 'Ask again in a second or two; if it stays so, `countersign audit verify` says why.',
        });
      const path = await new StoredTree(rows, tenant).path(row.index, newest.size);
      return {
        tenant,
        index: row.index,
        size: newest.size,
        leaf: row.leaf.toString('base64'),
        path: path.map((hash) => hash.toString('base64')),
        checkpoint: newest.note,
        record: JSON.parse(textOf(row)!) as Proof['record'],
      };
    });
  }

  private async archived(rows: Rows, tenant: string): Promise<ArchivedIndexes> {
    const found = await rows.query<ArchivedRow[]>(ARCHIVED, [tenant]);
    return new ArchivedIndexes(found, originOf(this.system, tenant), this.keys());
  }

  private notes(rows: Rows, tenant: string): Notes {
    return new Notes(rows, tenant, originOf(this.system, tenant));
  }

  private async header(rows: Rows, tenant: string, from: number, to: number) {
    const frontier = await new StoredTree(rows, tenant).frontier(from);
    const origin = originOf(this.system, tenant);
    const hashes = frontier.subtrees.map((hash) => hash.toString('base64'));
    const written = { origin, at: new Date().toISOString(), from, to };
    const signed = signWritten(written, this.signer);
    return { countersign: 'export/1' as const, tenant, ...written, frontier: hashes, signed };
  }

  private as<T>(tenant: string, read: (rows: Rows) => Promise<T>): Promise<T> {
    return readAs(this.source, tenant, async (manager) => {
      await manager.query(BY_PLACE);
      return read(manager);
    });
  }
}

async function firstCame(rows: Rows, tenant: string): Promise<string | null> {
  const select = `SELECT from_at AS since FROM leaves WHERE tenant = $1 ORDER BY "first" LIMIT 1`;
  return (await rows.query<{ since: Date }[]>(select, [tenant]))[0]?.since.toISOString() ?? null;
}

const finding = (tenant: string, kind: Finding['kind'], index: number | null, says: string): Finding => ({
  kind,
  tenant,
  index,
  line: null,
  says,
});

/** The indexes of a stretch of time, and of what stands between them in the tree. */
async function rangeOf(rows: Rows, notes: Notes, tenant: string, from: Date | undefined, to: Date | undefined) {
  const size = (await notes.newest())?.size ?? 0;
  const first = from && (await indexOf(rows, `min("first")`, 'to_at >= $2', tenant, from));
  const last = to && (await indexOf(rows, `max("first" + cardinality(topics))`, 'from_at < $2', tenant, to));
  const end = last === undefined ? size : ((await notes.from(last ?? 0))?.size ?? size);
  return { from: Math.min(first === undefined ? 0 : (first ?? size), end), to: end };
}

async function indexOf(rows: Rows, what: string, where: string, tenant: string, at: Date): Promise<number | null> {
  const select = `SELECT ${what}::float8 AS "index" FROM leaves WHERE tenant = $1 AND ${where}`;
  return (await rows.query<{ index: number | null }[]>(select, [tenant, at]))[0]!.index;
}

type Found = StoredRecord & { precise: string; index: number | null; leaf: Buffer };

/** An event's record and where it stands in the tree: in a block of its time. */
const PLACE = `SELECT ${RECORD}, ${PRECISE}, p."index"::float8 AS "index", p.leaf FROM records r LEFT JOIN LATERAL (
    SELECT l."first" + n - 1 AS "index", substring(l.leaves FROM (32 * (n - 1) + 1)::int FOR 32) AS leaf
      FROM leaves l, unnest(l.topics, l.partitions, l.offsets, l.appended_at) WITH ORDINALITY AS p (topic, partition, "offset", at, n)
     WHERE l.tenant = $1 AND l.to_at >= r.appended_at AND l.from_at <= r.appended_at
       AND p.topic = r.topic AND p.partition = r.partition AND p."offset" = r."offset" AND p.at = r.appended_at
     LIMIT 1
  ) p ON true WHERE r.tenant = $1 AND r.id = $2 ORDER BY r.appended_at LIMIT 1`;

/** When the block before an index ended; nothing is said of the begin. */
const ENDED = `SELECT to_at FROM leaves WHERE tenant = $1 AND "first" < $2 ORDER BY "first" DESC LIMIT 1`;
const PLACES = ['leaves', 'pending_leaves']
  .map(
    (table) => `SELECT p.* FROM ${table}, unnest(topics, partitions, offsets, appended_at) AS p
      WHERE tenant = $1 AND to_at >= $2 AND from_at <= $3`,
  )
  .join(' UNION ALL ');
const EXTRA = `SELECT topic, partition, "offset" FROM (SELECT topic, partition, "offset", appended_at AS at FROM records
    WHERE tenant = $1 AND appended_at >= $2 AND appended_at <= $3 EXCEPT (${PLACES})) x LIMIT 50`;

/**
 * Records of the tenant that have no place in the tree and do not wait for one, of the time in which the rows between two indexes came:
 * one stretch of indexes after the other leads from the begin of time to its end, so none is left out.
 */
async function insertedRows(rows: Rows, tenant: string, from: number, to: number | undefined): Promise<Finding[]> {
  const endedBefore = async (index: number) =>
    (await rows.query<{ to_at: Date }[]>(ENDED, [tenant, index]))[0]?.to_at ?? '-infinity';
  const since = from === 0 ? '-infinity' : await endedBefore(from);
  const until = to === undefined ? 'infinity' : await endedBefore(to);
  await rows.query(`SELECT set_config('enable_hashjoin', 'on', true)`);
  const found = await rows.query<{ topic: string; partition: number; offset: string }[]>(EXTRA, [tenant, since, until]);
  return found.map(({ topic, partition, offset }) =>
    finding(tenant, 'inserted', null, `the record ${topic}/${partition}@${offset} has no place in the tree`),
  );
}
