import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadKeyRing, loadStoredKeyRing, Signer } from '@countersign/signing';
import { testDatabase, type TestDatabase } from '@countersign/testing';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { TamperEvidence1700000007000 } from './migration.js';
import { newer } from './outside.js';
import { Trees, type Outside, type Signed } from './trees.js';
import type { Rows } from './rows.js';

describe('the trees of one instance after another', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let database: TestDatabase;
  let client: pg.Client;
  let blocks = 0;
  const rows: Rows = {
    query: async <T>(statement: string, values?: unknown[]) => (await client.query(statement, values)).rows as T,
  };
  const fresh = () => new Trees({ rows, system: 'here', signer: new Signer(privateKey), keys: () => [publicKey] });
  const block = (tenant: string) =>
    rows.query(
      `INSERT INTO pending_leaves (tenant, topics, partitions, offsets, appended_at, from_at, to_at, leaves)
       VALUES ($1, '{results}', '{0}', '{0}', ARRAY[now()], now(), now(), $2)`,
      [tenant, createHash('sha256').update(`${tenant} ${++blocks}`).digest()],
    );
  /** What one publishes of its step. */
  const published = async (trees: Trees): Promise<{ signed: Signed[]; event: Outside }> => {
    await trees.grow();
    const signed = await trees.sign(() => true);
    return { signed, event: { checkpoints: signed, ...trees.headsWith(signed) } };
  };

  beforeAll(async () => {
    database = await testDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await new TamperEvidence1700000007000().up(rows as unknown as QueryRunner);
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('go on where one published and died before it had marked that', async () => {
    await block('acme');
    await block('globex');
    const first = fresh();
    await first.open(undefined);
    const { event: ofFirst } = await published(first);

    await block('acme');
    const second = fresh();
    await second.open(ofFirst);
    const { signed, event: ofSecond } = await published(second);
    expect(signed.map(({ tenant }) => tenant)).toEqual(['acme']);
    await second.confirm(signed);

    await fresh().open(ofSecond);
  });

  it('go on with a tree that nobody wrote to since audit’s key was changed, and its old one retired', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'retired-'));
    for (const folder of ['trusted', 'retired']) mkdirSync(path.join(dir, folder));
    const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' });
    const next = generateKeyPairSync('ed25519');
    writeFileSync(path.join(dir, 'trusted/audit.2.pub.pem'), pem(next.publicKey));
    const after = () => {
      const ring = loadStoredKeyRing(dir);
      return new Trees({ rows, system: 'here', signer: new Signer(next.privateKey), keys: () => ring.keysOf('audit') });
    };
    await block('acme');
    await expect(after().open(undefined)).rejects.toThrow('is not signed by audit');
    writeFileSync(path.join(dir, 'retired/audit.1.pub.pem'), pem(publicKey));
    const trees = after();
    await trees.open(undefined);
    const { signed, event } = await published(trees);
    expect(signed.map(({ tenant }) => tenant)).toContain('acme');
    await trees.confirm(signed);
    await after().open(event);
    expect(loadKeyRing(dir).keysOf('audit')).toHaveLength(1);
    rmSync(dir, { recursive: true });
    await rows.query('DELETE FROM trees');
    for (const table of ['leaves', 'tiles', 'checkpoints']) await rows.query(`DELETE FROM ${table}`);
  });

  it('know the newest event by what it holds, wherever an older one comes again', async () => {
    const trees = fresh();
    await trees.open(undefined);
    await block('acme');
    const { signed, event: older } = await published(trees);
    await trees.confirm(signed);
    await block('globex');
    const next = await published(trees);
    await trees.confirm(next.signed);
    const outside = [undefined, older, next.event, undefined, older].reduce(newer);
    expect(outside).toBe(next.event);
    await fresh().open(outside);
  });
});
