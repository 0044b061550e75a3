import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { refusal, type EventDraft } from '@countersign/contracts';
import type { SqlTx } from '@countersign/messaging';
import { testServiceDatabase, type TestServiceDatabase } from '@countersign/testing';
import { decideEnding } from './decide.js';
import { aboutOf, givenRow, givenWarrant, NOW } from './given.spec-support.js';
import { migrations } from './migrations.js';
import { Doubts, InDoubtRow, project } from './read-model.js';
import type { Ending } from './state.js';

const inDoubt: Ending = { tag: 'in-doubt', refusal: refusal('IN_DOUBT', 'nobody knows'), known: 'no answer' };
const resolved: Ending = { tag: 'resolved', outcome: 'committed', detail: 'found' };

describe('the read model of doubts', () => {
  let database: TestServiceDatabase;
  let pool: pg.Pool;
  let source: DataSource;
  let doubts: Doubts;

  beforeAll(async () => {
    database = await testServiceDatabase('executor', { migrations });
    pool = new pg.Pool({ connectionString: database.serviceUrl, max: 1 });
    source = await new DataSource({ type: 'postgres', url: database.serviceUrl, entities: [InDoubtRow] }).initialize();
    doubts = new Doubts(source);
  });
  afterAll(async () => {
    await source?.destroy();
    await pool?.end();
    await database?.drop();
  });

  const tx: SqlTx = {
    query: async <R extends object>(name: string, text: string, values: unknown[]) =>
      (await pool.query({ name, text, values })).rows as R[],
  };

  function eventsOf(ending: Ending, actionId: string, tenant: string, at = NOW): EventDraft[] {
    const warrant = givenWarrant({ actionId, tenant });
    const outcome = { ending, about: aboutOf(warrant), attempts: 8 };
    const effects = decideEnding(givenRow(warrant), outcome, { get: () => undefined }, at);
    return effects.flatMap((effect) => (effect.do === 'emit' ? [effect.event] : []));
  }
  const write = (...emitted: EventDraft[]) => project(tx, { emitted, puts: new Map(), incoming: [] });
  const listed = async (tenant: string) => (await doubts.list(tenant, { limit: 10 })).map(({ actionId }) => actionId);

  it('shows a tenant its own open doubts, page by page, and none that is resolved', async () => {
    const later = new Date(NOW.getTime() + 1);
    await write(...eventsOf(inDoubt, 'act_2', 'acme'), ...eventsOf(inDoubt, 'act_1', 'acme'));
    await write(...eventsOf(inDoubt, 'act_0', 'acme', later), ...eventsOf(inDoubt, 'act_9', 'globex'));
    expect(await listed('acme')).toEqual(['act_1', 'act_2', 'act_0']);
    expect(await listed('globex')).toEqual(['act_9']);
    const [first, more] = await doubts.list('acme', { limit: 1 });
    expect(first).toMatchObject({
      tool: 'issue_refund',
      known: 'no answer',
      since: NOW.toISOString(),
      resolvedAt: null,
    });
    expect(more).toBeDefined();
    const after = { since: first!.since, actionId: first!.actionId };
    expect((await doubts.list('acme', { limit: 1, after }))[0]?.actionId).toBe('act_2');
    await write(...eventsOf(resolved, 'act_1', 'acme'), ...eventsOf(resolved, 'act_9', 'globex'));
    expect(await listed('acme')).toEqual(['act_2', 'act_0']);
    expect(await listed('globex')).toEqual([]);
  });

  it('takes what a target says though it holds characters that no database takes', async () => {
    const known = 'nul \u0000';
    await write(...eventsOf({ ...inDoubt, known } as Ending, 'act_7', 'umbrella'));
    await write(...eventsOf({ ...resolved, detail: known } as Ending, 'act_7', 'umbrella'));
    expect((await doubts.list('umbrella', { limit: 1 })).map(({ known }) => known)).toEqual([]);
  });

  it('takes the same doubt twice for one', async () => {
    await write(...eventsOf(inDoubt, 'act_5', 'initech'));
    await write(...eventsOf(inDoubt, 'act_5', 'initech'));
    expect(await listed('initech')).toEqual(['act_5']);
  });
});
