import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { intentIdOf } from '@countersign/contracts';
import { Stage } from './service.fixture.js';

const IBAN = 'DE89 3704 0044 0532 0130 00';
const EMAIL = 'planted.dana@example.com';
const TOKEN = /tok_[0-9a-f]{32}/g;

describe('what a person says to policy', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(() => stage.close());

  const ask = async (id: string, type: 'intent' | 'action', data: object) => {
    const all = { workflow: 'support-desk', session: 's-1', ...data };
    await stage.request(`countersign.${type}.requested.v1`, id, all, await stage.token('alice'));
    return intentIdOf('acme', '/shop', id);
  };
  const ticket = (body: string) => ({
    tool: 'create_ticket',
    arguments: { customerId: 'cus_001', subject: 'Refund', body },
  });

  it('goes on with tokens for known shapes, the same in words and arguments; its warrant opens those', async () => {
    const spoken = await ask('req-words', 'intent', { text: `Pay to ${IBAN} and write to ${EMAIL}.` });
    const { text } = (await stage.decided('countersign.intent.accepted.v1', spoken)).data;
    const [iban, email] = text!.match(TOKEN)!;
    expect(text).toBe(`Pay to ${iban} and write to ${email}.`);
    const called = await ask('req-call', 'action', ticket(`Write to ${EMAIL}.`));
    const { action } = (await stage.decided('countersign.intent.accepted.v1', called)).data;
    const warrant = (await stage.decided('countersign.action.approved.v1', called)).data;
    for (const args of [action!.arguments, warrant.arguments]) expect(args['body']).toBe(`Write to ${email}.`);
    expect(warrant.opens).toEqual([email]);
  });

  it('a token that somebody types is no value this session has read', async () => {
    const spoken = await ask('req-first', 'intent', { text: `Write to ${EMAIL}.` });
    const token = (await stage.decided('countersign.intent.accepted.v1', spoken)).data.text!.match(TOKEN)![0];
    const typed = await ask('req-typed', 'action', ticket(`Write to ${token}.`));
    expect((await stage.decided('countersign.action.denied.v1', typed)).data.code).toBe('INVALID_ARGUMENTS');
  });

  it('stands in no decision, log or stored byte in the clear', async () => {
    const decisions = JSON.stringify(await stage.decisions());
    const stored: string[] = [];
    const owner = new pg.Client({ connectionString: stage.databaseUrl });
    await owner.connect();
    const tables = await owner.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('policy', 'sealing')`,
    );
    for (const { name } of tables.rows) {
      const { rows } = await owner.query<{ row: string }>(`select t::text as row from ${name} t`);
      stored.push(...rows.map(({ row }) => `${name} ${row}`));
    }
    await owner.end();
    expect(stored.filter((row) => row.startsWith('sealing.boxes'))).toHaveLength(2);
    expect(`${decisions}${stored.join()}${stage.output}`).not.toMatch(/planted|3704 ?0044/);
  });
});
