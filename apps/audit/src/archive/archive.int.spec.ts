import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import pg from 'pg';
import { readExport, recordOf, verifyExport, type StoredRecord } from '@countersign/evidence';
import { migrateService, readerOf, roleName } from '@countersign/migrations';
import { Signer } from '@countersign/signing';
import { testDatabase, type TestDatabase } from '@countersign/testing';
import * as migrations from '../migrations.js';
import { storeTerms } from '../search/store-terms.js';
import { storeRows } from '../store-rows.js';
import { queueLeaves } from '../tree/queue-leaves.js';
import { Trees } from '../tree/trees.js';
import { ARCHIVED, isSigned, type ArchivedRow } from './archive-note.js';
import { archive, type ArchiveOptions } from './archive.js';
import { ArchiveRefused } from './refused.js';

const DAY = 24 * 3600 * 1000;
const PASSWORD = 'of-a-test-and-nothing-else';
const D1 = Date.UTC(2026, 2, 1);
const D2 = D1 + DAY;
/** By a broker whose clock was off. */
const STRAY = Date.UTC(1999, 11, 31);

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const KEYS = { signer: new Signer(privateKey), trusted: [publicKey] };

function row(n: number, at: number, tenant = 'acme'): StoredRecord {
  const nothing = { action: null, causation: null, traceId: null, tool: null, code: null, auditCode: null };
  return {
    ...nothing,
    ...{ topic: 'decisions', partition: n % 4, offset: String(n), appendedAt: new Date(at + n), key: `${tenant}/s-1` },
    ...{ id: `evt_${n}`, type: 'countersign.intent.accepted.v1', source: '/services/policy', subject: `int_${n}` },
    ...{ tenant, claimedTenant: tenant, actor: 'alice', session: 's-1', intent: `int_${n}`, outcome: 'accepted' },
    ...{ rules: [], about: [`ord_${n}`], value: JSON.stringify({ text: `a "word" ${n}` }), headers: '{}' },
    ...{ signature: 'valid', flaw: null, poisonReason: null, poisonDetail: null },
  };
}

/** A trace store as the embedded system has it: its owner is no superuser, so that every wall holds it too. */
class Store {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'archive-'));
  private constructor(
    private readonly database: TestDatabase,
    readonly ownerUrl: string,
    readonly service: pg.Pool,
    readonly root: pg.Pool,
    private readonly trees: Trees,
  ) {}

  static async open(): Promise<Store> {
    const database = await testDatabase();
    const root = new pg.Pool({ connectionString: database.url, max: 2, options: '-c search_path=audit' });
    const owner = new URL(database.url);
    owner.username = `${database.name}_owner`;
    owner.password = PASSWORD;
    await root.query(`CREATE ROLE ${owner.username} LOGIN CREATEROLE PASSWORD '${PASSWORD}'`);
    await root.query(`ALTER DATABASE ${database.name} OWNER TO ${owner.username}`);
    await migrateService({ ...migrations, databaseUrl: owner.href, service: 'audit', password: PASSWORD });
    const service = new URL(database.url);
    service.username = roleName(database.name, 'audit');
    service.password = PASSWORD;
    const pool = new pg.Pool({ connectionString: service.href, max: 1 });
    const rows = { query: async <T>(sql: string, values?: unknown[]) => (await pool.query(sql, values)).rows as T };
    const trees = new Trees({ rows, system: 'test', signer: new Signer(privateKey), keys: () => [publicKey] });
    await trees.open(undefined);
    return new Store(database, owner.href, pool, root, trees);
  }

  async close(): Promise<void> {
    await Promise.all([this.service.end(), this.root.end()]);
    await this.database.drop();
    const role = roleName(this.database.name, 'audit');
    for (const each of [readerOf(role), role, `${this.database.name}_owner`]) await this.database.dropRole(each);
    rmSync(this.dir, { recursive: true });
  }

  /** The day's partition, as it was made when the day began. */
  async partition(at: number): Promise<void> {
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const name = `records_${day(at).replaceAll('-', '')}`;
    await this.asOwner(
      `CREATE TABLE ${name} PARTITION OF records FOR VALUES FROM ('${day(at)}') TO ('${day(at + DAY)}')`,
    );
    await this.asOwner(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  }

  async asOwner(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.ownerUrl, options: '-c search_path=audit -c timezone=UTC' });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  }

  /** As the ingester stores them. */
  async ingest(...rows: StoredRecord[]): Promise<void> {
    const tx = {
      query: async <R>(_: string, sql: string, values: unknown[]) =>
        (await this.service.query(sql, values)).rows as R[],
    };
    await storeRows(tx, rows);
    await storeTerms(tx, rows);
    await queueLeaves(tx, rows);
  }

  async sign(): Promise<void> {
    while (await this.trees.grow());
    await this.trees.sign(() => true);
  }

  archive(more: Partial<ArchiveOptions> = {}) {
    return archive({ databaseUrl: this.ownerUrl, keys: KEYS, olderThanMs: 90 * DAY, dir: this.dir, ...more });
  }

  async left(): Promise<number[]> {
    const { rows } = await this.root.query<{ offset: string }>('SELECT "offset" FROM records ORDER BY "offset"');
    return rows.map(({ offset }) => Number(offset));
  }

  async found(): Promise<string[]> {
    const { rows } = await this.root.query<{ intent: string }>('SELECT intent FROM begun ORDER BY intent');
    return rows.map(({ intent }) => intent);
  }

  /** All records of all files below the folder, each verified from its file, the checkpoints in it and the key alone. */
  async filed(): Promise<number[]> {
    const offsets: number[] = [];
    for (const file of readdirSync(this.dir, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ndjson.gz') || file.startsWith('.')) continue;
      const open = () => createReadStream(path.join(this.dir, file)).pipe(createGunzip()) as AsyncIterable<Buffer>;
      const verdict = await verifyExport(readExport(open()), { keys: [publicKey], partial: true });
      expect(verdict.findings).toEqual([]);
      for await (const lines of readExport(open()))
        for (const line of lines) if (line.kind === 'row' && line.text) offsets.push(Number(recordOf(line)!.offset));
    }
    return offsets.sort((a, b) => a - b);
  }

  walls() {
    return this.root.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'audit'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'migrations'
         AND NOT (relrowsecurity AND relforcerowsecurity)`,
    );
  }
}

const refusal = async (work: Promise<unknown>): Promise<[string, number]> => {
  const error = await work.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ArchiveRefused)) throw error;
  return [error.code, error.exitCode];
};

describe('the archive of the trace store (the numbers are those of archive.ts)', () => {
  let store: Store;
  const today = Date.now();
  const recent = () => row(90, today);
  const OLD = [1, 2, 3, 11, 12, 21, 22, 31, 51];
  beforeAll(async () => {
    store = await Store.open();
    await store.partition(D1);
    await store.partition(D2);
    await store.ingest({ ...row(51, D1, 'unverified'), topic: 'control', key: 'kill/*', intent: null, type: null });
    // What came around midnight is of both days in one block; the second day's first leaf stands before the first day's last.
    await store.ingest(row(1, D1), row(21, D1, 'globex'), row(31, STRAY));
    await store.ingest(row(11, D2), row(2, D1), row(22, D2, 'globex'));
  });
  afterAll(() => store.close());

  it('takes nothing out that is not in the tree yet (1)', async () => {
    expect(await refusal(store.archive())).toEqual(['NOT_IN_TREE', 3]);
    await store.ingest(row(3, D1), row(12, D2), recent());
    await store.sign();
  });

  it('says what it would take out, and touches nothing', async () => {
    const days = await store.archive({ dryRun: true });
    expect(days.map(({ day, rows }) => [day, rows])).toEqual([
      ['1999-12-31', 1],
      ['2026-03-01', 5],
      ['2026-03-02', 3],
    ]);
    expect(await store.left()).toEqual([...OLD, 90].sort((a, b) => a - b));
  });

  it.each(['writing', 'written', 'read back'] as const)('loses nothing when it ends while it is %s (3)', async (at) => {
    const before = await store.left();
    const interrupted = store.archive({
      onStep: ({ step, day }) => {
        if (step === at && day === '2026-03-01') throw new Error('interrupted');
      },
    });
    await expect(interrupted).rejects.toThrow('interrupted');
    // The day before it was taken out whole the first time.
    expect(await store.left()).toEqual(before.filter((offset) => offset !== 31));
    expect((await store.walls()).rows).toEqual([]);
  });

  it('takes nothing out that came after it was written (1)', async () => {
    const late = store.archive({
      onStep: async ({ step, day }) => {
        if (step === 'read back' && day === '2026-03-01') await store.ingest(row(4, D1));
      },
    });
    expect(await refusal(late)).toEqual(['CAME_LATE', 3]);
    expect(await refusal(store.archive())).toEqual(['NOT_IN_TREE', 3]);
    await store.sign();
    OLD.push(4);
  });

  it('takes nothing out that the disk does not give back (2)', async () => {
    const cut = store.archive({
      dir: path.join(store.dir, 'cut'),
      onStep: ({ step, day }) => {
        if (step !== 'written' || day !== '2026-03-01') return;
        const folder = path.join(store.dir, 'cut', day);
        const file = readdirSync(folder).find((name) => name.startsWith('acme'))!;
        truncateSync(path.join(folder, file), 200);
      },
    });
    expect(await refusal(cut)).toEqual(['NOT_AS_WRITTEN', 5]);
    expect(await store.left()).toEqual(
      OLD.filter((offset) => offset !== 31)
        .concat(90)
        .sort((a, b) => a - b),
    );
    rmSync(path.join(store.dir, 'cut'), { recursive: true });
  });

  it('finishes what was interrupted: every record is in the files, provable, and no more in the store (1, 3, 4)', async () => {
    const days = await store.archive();
    expect(days.map(({ day, rows }) => [day, rows])).toEqual([
      ['2026-03-01', 6],
      ['2026-03-02', 3],
    ]);
    // A switch of long ago may be in force: explanations rest on what was said of it.
    expect(await store.left()).toEqual([51, 90]);
    expect(await store.found()).toEqual(['int_90']);
    // The attempt before the late record came was another set of the day, and stands beside.
    expect([...new Set(await store.filed())]).toEqual([...OLD].sort((a, b) => a - b));
    expect((await store.walls()).rows).toEqual([]);
    const partitions = `SELECT count(*)::int AS n FROM pg_class WHERE relname IN ('records_20260301', 'records_20260302')`;
    expect((await store.root.query(partitions)).rows).toEqual([{ n: 0 }]);
    expect(await store.archive()).toEqual([]);
  });

  it('says of every index in which file it is, as the manifest does', async () => {
    const { rows } = await store.root.query<{ file: string; sha256: string; rows: string }>(
      'SELECT file, sha256, rows FROM archives ORDER BY file',
    );
    expect(rows.reduce((sum, each) => sum + Number(each.rows), 0)).toBe(OLD.length);
    for (const { file, sha256 } of rows) {
      const bytes = readFileSync(path.join(store.dir, file));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      const manifest = readFileSync(path.join(store.dir, path.dirname(file), 'manifest.json'), 'utf8');
      expect(manifest).toContain(sha256);
    }
    const { rows: leaves } = await store.root.query<{ n: number }>(
      'SELECT sum(cardinality(topics))::int AS n FROM leaves',
    );
    expect(leaves).toEqual([{ n: OLD.length + 1 }]);
  });

  it('takes a record that comes for a day that is gone out again, into a file of its own', async () => {
    await store.ingest(row(5, D1));
    await store.sign();
    expect((await store.archive()).map(({ day, rows }) => [day, rows])).toEqual([['2026-03-01', 1]]);
    expect(await store.left()).toEqual([51, 90]);
    expect(await store.filed()).toContain(5);
  });

  it('takes out no day of which a record was changed, or deleted (1)', async () => {
    const D3 = D1 + 2 * DAY;
    await store.partition(D3);
    await store.ingest(row(41, D3), row(42, D3), row(43, D3));
    await store.sign();
    await store.root.query(`UPDATE records SET code = 'KILLED' WHERE "offset" = 41`);
    expect(await refusal(store.archive())).toEqual(['CHANGED', 5]);
    await store.root.query(`UPDATE records SET code = NULL WHERE "offset" = 41`);
    await store.root.query(
      `UPDATE records SET appended_at = appended_at + interval '1 microsecond' WHERE "offset" = 42`,
    );
    expect(await refusal(store.archive())).toEqual(['DELETED', 5]);
    await store.root.query(`DELETE FROM records WHERE "offset" = 42`);
    expect(await refusal(store.archive())).toEqual(['DELETED', 5]);
    // Not even if the owner says that it is in a file.
    await store.root.query(
      `INSERT INTO archives (tenant, file, day, indexes, rows, sha256) VALUES ('acme', 'x', now(), '{[0,1000)}', 0, 'x')`,
    );
    expect(await refusal(store.archive())).toEqual(['DELETED', 5]);
    await store.root.query(`DELETE FROM archives WHERE file = 'x'`);
    expect(await store.left()).toEqual([41, 43, 51, 90]);
  });

  it('says what it took out with the key of audit, each word of it (4)', async () => {
    const { rows } = await store.root.query<ArchivedRow>(ARCHIVED, ['acme']);
    const signed = (row: ArchivedRow) => isSigned(row, row.note, 'test/acme', [publicKey]);
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) {
      expect(signed(row)).toBe(true);
      for (const [word, value] of Object.entries({
        file: 'y',
        day: '2026-01-01',
        indexes: '{[0,9)}',
        rows: 0,
        sha256: '',
      }))
        expect([word, signed({ ...row, [word]: value })]).toEqual([word, false]);
      expect(isSigned(row, row.note, 'test/globex', [publicKey])).toBe(false);
    }
  });

  it('lets one at a time', async () => {
    const client = new pg.Client({ connectionString: store.ownerUrl });
    await client.connect();
    await client.query(`SELECT pg_advisory_lock(hashtext('countersign.audit.archive'))`);
    expect(await refusal(store.archive())).toEqual(['BUSY', 3]);
    await client.end();
  });

  it('never writes over what stands', async () => {
    const before = readdirSync(store.dir).sort();
    writeFileSync(path.join(store.dir, '2026-03-01', 'of somebody else'), '');
    await expect(store.archive()).rejects.toThrow(ArchiveRefused);
    expect(
      readdirSync(store.dir)
        .filter((name) => !name.startsWith('.'))
        .sort(),
    ).toEqual(before.filter((name) => !name.startsWith('.')));
  });
});
