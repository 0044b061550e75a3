import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { refusal } from '@countersign/contracts';
import type { SqlTx } from '@countersign/messaging';
import { testServiceDatabase, type TestServiceDatabase } from '@countersign/testing';
import { decideEnding } from './decide.js';
import { aboutOf, givenRow, givenWarrant, NOW } from './given.spec-support.js';
import { migrations } from './migrations.js';
import { shown } from './doubt-shown.js';
import { Doubts, InDoubtRow, noteAsked, project } from './read-model.js';
import type { Ending, Sent } from './state.js';

const sent: Sent = { effectClass: 'A', arguments: { orderId: 'ord_1' }, canLookUp: true, firstAt: NOW.toISOString() };
const inDoubt: Ending = { tag: 'in-doubt', refusal: refusal('IN_DOUBT', 'nobody knows'), known: 'no answer', sent };
const resolved: Ending = { tag: 'resolved', outcome: 'committed', by: 'lookup', detail: 'found' };

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

  function putsOf(ending: Ending, actionId: string, tenant: string, at = NOW): (readonly [string, object])[] {
    const warrant = givenWarrant({ actionId, tenant });
    const outcome = { ending, about: aboutOf(warrant), attempts: 8 };
    const effects = decideEnding(givenRow(warrant), outcome, { get: () => undefined }, at);
    return effects.flatMap((effect) => (effect.do === 'put' ? [[effect.key, effect.state] as const] : []));
  }
  const write = (...puts: (readonly [string, object])[]) =>
    project(tx, { emitted: [], puts: new Map(puts), incoming: [] });
  const listed = async (tenant: string) => (await doubts.list(tenant, { limit: 10 })).map(({ actionId }) => actionId);

  it('shows a tenant its own open doubts, page by page, and none that is resolved', async () => {
    const later = new Date(NOW.getTime() + 1);
    await write(...putsOf(inDoubt, 'act_2', 'acme'), ...putsOf(inDoubt, 'act_1', 'acme'));
    await write(...putsOf(inDoubt, 'act_0', 'acme', later), ...putsOf(inDoubt, 'act_9', 'globex'));
    expect(await listed('acme')).toEqual(['act_1', 'act_2', 'act_0']);
    expect(await listed('globex')).toEqual(['act_9']);
    const [first, more] = await doubts.list('acme', { limit: 1 });
    expect(first).toMatchObject({
      tool: 'issue_refund',
      known: 'no answer',
      since: NOW.toISOString(),
      resolvedAt: null,
      target: 'helpdesk',
      asked: true,
      sent: { effectClass: 'A', arguments: { orderId: 'ord_1' } },
    });
    expect(more).toBeDefined();
    const after = { since: first!.since, actionId: first!.actionId };
    expect((await doubts.list('acme', { limit: 1, after }))[0]?.actionId).toBe('act_2');
    await write(...putsOf(resolved, 'act_1', 'acme'), ...putsOf(resolved, 'act_9', 'globex'));
    expect(await listed('acme')).toEqual(['act_2', 'act_0']);
    expect(await listed('globex')).toEqual([]);
  });

  it('takes what a target says though it holds characters that no database takes', async () => {
    const known = 'nul \u0000';
    await write(...putsOf({ ...inDoubt, known } as Ending, 'act_7', 'umbrella'));
    await write(...putsOf({ ...resolved, detail: known } as Ending, 'act_7', 'umbrella'));
    expect((await doubts.list('umbrella', { limit: 1 })).map(({ known }) => known)).toEqual([]);
  });

  it('tells of each what was to be done, what is known, and how to find out the rest', async () => {
    const about = aboutOf(givenWarrant({ actionId: 'act_8', tenant: 'hooli' }));
    await write(...putsOf(inDoubt, 'act_8', 'hooli'));
    await noteAsked(tx, about, 'it could not be looked up: silence \u0000');
    const [row] = await doubts.list('hooli', { limit: 1 });
    expect(shown(row!)).toEqual({
      ...{ actionId: 'act_8', revision: 0, intentId: about.intentId, tenant: 'hooli', tool: 'issue_refund' },
      ...{ jti: about.jti, target: 'helpdesk', idempotencyKey: about.idempotencyKey, attempts: 1, effectClass: 'A' },
      ...{ arguments: { orderId: 'ord_1' }, amount: null, firstSentAt: NOW.toISOString(), lastSentAt: null },
      ...{ since: NOW.toISOString(), known: 'no answer' },
      lookup: { asking: true, lastAskedAt: expect.any(String), said: 'it could not be looked up: silence ' },
      howToFindOut: `Ask helpdesk what it did under the idempotency key ${about.idempotencyKey} from ${NOW.toISOString()} on.`,
    });
    await write([`doubt/act_8/0`, { ...(putsOf(inDoubt, 'act_8', 'hooli')[0]![1] as object), asked: false }]);
    expect((await doubts.list('hooli', { limit: 1 }))[0]).toMatchObject({ asked: false });
  });

  it('takes the same doubt twice for one', async () => {
    await write(...putsOf(inDoubt, 'act_5', 'initech'));
    await write(...putsOf(inDoubt, 'act_5', 'initech'));
    expect(await listed('initech')).toEqual(['act_5']);
  });
});
