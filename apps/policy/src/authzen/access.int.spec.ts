import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { intentIdOf } from '@countersign/contracts';
import pg from 'pg';
import { AccessStage, hasVectors, vectors } from './access.fixture.js';
import { question } from './question.fixture.js';

let stage: AccessStage;
beforeAll(async () => {
  stage = await AccessStage.open();
});
afterAll(() => stage?.close());

const todo = (id: string, ownerID?: string) => ({ type: 'todo', id, ...(ownerID ? { properties: { ownerID } } : {}) });
const one = (...asked: Parameters<typeof question>) => stage.ask('evaluation', question(...asked));

describe('the interop scenario', () => {
  if (!hasVectors) {
    it.skip('is not tried: its data is neither at COUNTERSIGN_AUTHZEN_VECTORS nor beside the repository', () =>
      undefined);
    return;
  }
  const { evaluation, evaluations } = vectors();

  it('has singles and batches', () => {
    expect([evaluation.length, evaluations.length]).toEqual([40, 3]);
  });

  it.each(evaluation.map((vector, at) => [at + 1, vector] as const))('single %i', async (_, { request, expected }) => {
    const { status, body } = await stage.ask('evaluation', request);
    expect([status, body['decision']]).toEqual([200, expected]);
  });

  it.each(evaluations.map((vector, at) => [at + 1, vector] as const))('batch %i', async (_, { request, expected }) => {
    const { status, body } = await stage.ask('evaluations', request);
    expect([status, body.evaluations?.map(({ decision }) => ({ decision }))]).toEqual([200, expected]);
  });
});

describe('its table of roles, on people of our own', () => {
  const OWN = {
    vera: 'vera@todo.example',
    edda: 'edda@todo.example',
    adina: 'adina@todo.example',
    eve: 'eve@todo.example',
  };
  type Who = keyof typeof OWN;
  const anybodys = todo('t-2', 'someone@todo.example');
  const cells: [Who, boolean, boolean, boolean, boolean, boolean, boolean, boolean][] = [
    // reads a user, reads to-dos, makes one, changes own, deletes own, changes anybody's, deletes anybody's
    ['vera', true, true, false, false, false, false, false],
    ['edda', true, true, true, true, true, false, false],
    ['adina', true, true, true, true, true, false, true],
    ['eve', true, true, true, true, true, true, false],
  ];
  it.each(cells)('%s', async (who, ...expected) => {
    const own = todo('t-1', OWN[who]);
    const answers = await Promise.all([
      one(who, 'can_read_user', { type: 'user', id: 'someone@todo.example' }),
      one(who, 'can_read_todos', todo('all')),
      one(who, 'can_create_todo', todo('t-9')),
      one(who, 'can_update_todo', own),
      one(who, 'can_delete_todo', own),
      one(who, 'can_update_todo', anybodys),
      one(who, 'can_delete_todo', anybodys),
    ]);
    expect(answers.map(({ body }) => body['decision'])).toEqual(expected);
  });

  it('denies who has no role, whose e-mail nobody knows, and what does not say whose it is', async () => {
    const [none, mute, ownerless] = await Promise.all([
      one('nobody', 'can_read_todos', todo('all')),
      one('mute', 'can_update_todo', todo('t-1', 'edda@todo.example')),
      one('edda', 'can_update_todo', todo('t-1')),
    ]);
    expect(none.body).toMatchObject({ decision: false, context: { code: 'PERMISSION_DENIED' } });
    expect(mute.body).toMatchObject({ decision: false, context: { code: 'PERMISSION_DENIED' } });
    expect(ownerless.body).toMatchObject({ decision: false, context: { code: 'INVALID_ARGUMENTS' } });
  });

  it('goes by the directory, never by what the caller says of the subject', async () => {
    const claims = { roles: ['admin', 'evil_genius'], role: 'admin', email: 'someone@todo.example' };
    const body = {
      ...question('vera', 'can_delete_todo', anybodys),
      subject: { type: 'user', id: 'vera', properties: claims },
    };
    expect((await stage.ask('evaluation', body)).body['decision']).toBe(false);
    const editor = { ...body, subject: { type: 'user', id: 'edda', properties: claims } };
    expect((await stage.ask('evaluation', editor)).body['decision']).toBe(false);
  });
});

describe('who may ask, and about whom', () => {
  const asked = question('alice', 'read', 'record-1');

  it('answers nobody without a valid token: 401, before it looks at the body', async () => {
    for (const token of [undefined, 'nonsense', await stage.stage.token('sam', { exp: 1 })])
      for (const route of ['evaluation', 'evaluations']) {
        const { status, body } = await stage.ask(route, '{', token === undefined ? {} : { token });
        expect([status, body]).toEqual([401, expect.objectContaining({ code: 'UNAUTHENTICATED' })]);
      }
  });

  it('refuses a service account, as everywhere', async () => {
    const token = await stage.stage.token('sam', { sub: 'assistant', roles: ['writer'], tenant: undefined });
    expect((await stage.ask('evaluation', asked, { token })).status).toBe(401);
  });

  it("knows the subjects of the token's tenant alone, whatever the body says", async () => {
    const unknown = { decision: false, context: expect.objectContaining({ code: 'NOT_FOUND' }) };
    const foreign = { ...question('gudrun', 'read', 'record-1'), tenant: 'globex', context: { tenant: 'globex' } };
    expect((await stage.ask('evaluation', foreign)).body).toEqual(unknown);
    expect((await stage.ask('evaluation', question('absent', 'read', 'record-1'))).body).toEqual(unknown);
    expect((await stage.ask('evaluation', question('__proto__', 'read', 'record-1'))).body).toEqual(unknown);
    expect((await stage.ask('evaluation', foreign, 'erin')).body['decision']).toBe(true);
    expect((await stage.ask('evaluation', asked, 'erin')).body).toEqual(unknown);
  });

  it('takes the roles of the token for who asks about themselves', async () => {
    const refund = { type: 'order', id: 'ord_1001', properties: { amount: '18.00', currency: 'EUR' } };
    const action = { name: 'issue_refund', properties: { reason: 'late delivery' } };
    const own = await stage.ask('evaluation', question('alice', action, refund), 'alice');
    expect(own.body).toMatchObject({ decision: true, context: { workflow: 'support-desk', tool: 'issue_refund' } });
    // The directory calls alice a writer; another's question goes by that.
    expect((await stage.ask('evaluation', question('alice', action, refund), 'bob')).body['decision']).toBe(false);
  });

  it('knows subjects of the type user alone', async () => {
    const body = { ...asked, subject: { type: 'machine', id: 'alice' } };
    expect((await stage.ask('evaluation', body)).body).toMatchObject({
      decision: false,
      context: { code: 'NOT_FOUND' },
    });
  });
});

describe('what policy would decide now', () => {
  const refund = (amount: string, currency = 'EUR') =>
    question(
      'agent',
      { name: 'issue_refund', properties: { reason: 'late delivery' } },
      { type: 'order', id: 'ord_1001', properties: { amount, currency } },
    );
  const of = async (body: object) => (await stage.ask('evaluation', body)).body;

  it('is yes for what is done at once, with the rules that say so', async () => {
    expect(await of(refund('50.00'))).toEqual({
      decision: true,
      context: {
        ...{ workflow: 'support-desk', tool: 'issue_refund', policyVersion: expect.any(String) },
        rules: expect.arrayContaining([expect.objectContaining({ rule: 'small-refund', outcome: 'allow' })]),
      },
    });
  });

  it('is no for what a person decides: NEEDS_APPROVAL', async () => {
    for (const body of [refund('50.01'), question('alice', 'purge', 'record-1')])
      expect(await of(body)).toMatchObject({
        decision: false,
        context: { code: 'NEEDS_APPROVAL', nextStep: expect.any(String), rules: expect.any(Array) },
      });
  });

  it('is no where a rule goes by an effect that a question does not compute, and yes for its dry run', async () => {
    expect(await of(question('alice', 'archive', 'record-1'))).toMatchObject({
      decision: false,
      context: { code: 'PERMISSION_DENIED', reason: expect.stringContaining('effect') },
    });
    const dry = { name: 'archive', properties: { dry_run: true } };
    expect(await of(question('alice', dry, 'record-1'))).toMatchObject({ decision: true });
  });

  it.each([
    ['over the limit of one action', refund('1000.01'), 'LIMIT_EXCEEDED'],
    ['what does not fit', refund('much'), 'INVALID_ARGUMENTS'],
    ['another type of resource', question('alice', 'read', { type: 'order', id: 'record-1' }), 'INVALID_ARGUMENTS'],
    ['an action nobody has', question('alice', 'fly', 'record-1'), 'UNKNOWN_TOOL'],
    ['a tool that cannot be asked about', question('agent', 'delete_customer', 'record-1'), 'UNKNOWN_TOOL'],
    [
      'a workflow nobody loaded',
      { ...question('alice', 'read', 'record-1'), context: { workflow: 'none' } },
      'UNKNOWN_WORKFLOW',
    ],
    [
      'an action of another workflow',
      { ...question('alice', 'read', 'record-1'), context: { workflow: 'todo' } },
      'UNKNOWN_TOOL',
    ],
  ])('is no for %s', async (_, body, code) => {
    expect(await of(body)).toMatchObject({ decision: false, context: { code, nextStep: expect.any(String) } });
  });

  it('takes the workflow of the query for all of a request', async () => {
    const asked = question('alice', 'read', 'record-1');
    expect((await stage.ask('evaluation?workflow=todo', asked)).body['decision']).toBe(false);
    expect((await stage.ask('evaluation?workflow=record-desk', asked)).body['decision']).toBe(true);
    expect((await stage.ask('evaluation?workflow=todo&workflow=record-desk', asked)).status).toBe(400);
  });

  it('goes by the switches and the stage', async () => {
    const write = question('alice', 'write', 'record-1');
    const by = stage.stage;
    const kill = 'kill/tool/write';
    await by.control(kill, { killed: true, reason: 'INC-42', by: 'sam' });
    await by.acked(kill, 1);
    expect(await of(write)).toMatchObject({ decision: false, context: { code: 'KILLED' } });
    expect(await of(question('alice', 'read', 'record-1'))).toMatchObject({ decision: true });
    await by.control(kill, { killed: false, reason: 'over', by: 'sam' }, await by.token('sam'));
    await by.acked(kill, 2);
    const scope = 'stage/workflow/record-desk';
    for (const [at, told, code] of [
      [2, 'draft-only', 'STAGE_FORBIDS'],
      [3, 'read-only', 'STAGE_FORBIDS'],
      [4, 'scoped', undefined],
    ] as const) {
      await by.control(scope, { stage: told }, await by.token('ruth'));
      await by.acked(scope, at);
      expect((await of(write)).context?.['code']).toBe(code);
    }
  });

  it('goes by what was counted', async () => {
    const count = question('alice', 'count', 'record-78');
    expect(await of(count)).toMatchObject({ decision: true });
    const token = await stage.stage.token('alice', { roles: ['writer'] });
    const request = { workflow: 'record-desk', session: 's-1', tool: 'count', arguments: { recordId: 'record-78' } };
    await stage.stage.request('countersign.action.requested.v1', 'count-78', request, token);
    expect(await stage.stage.became(intentIdOf('acme', '/shop', 'count-78'))).toMatchObject({ became: 'commit' });
    expect(await of(count)).toMatchObject({ decision: false, context: { code: 'PERMISSION_DENIED' } });
    expect(await of(question('alice', 'count', 'record-79'))).toMatchObject({ decision: true });
  });

  it('counts nothing, decides nothing and writes nothing', async () => {
    const count = question('alice', 'count', 'record-77');
    const asked = [count, refund('18.00'), refund('900.00'), question('alice', 'purge', 'record-1')];
    const before = [await stored(), await stage.stage.decisions()];
    const answers = await Promise.all([...asked, count].map(of));
    expect(answers.map(({ decision }) => decision)).toEqual([true, true, false, false, true]);
    await stage.ask('evaluations', { evaluations: asked });
    expect([await stored(), await stage.stage.decisions()]).toEqual(before);
  });
});

/** What policy keeps of intents, actions and counts, and how many rows each of its tables has. */
async function stored(): Promise<unknown> {
  const sql = new pg.Client({ connectionString: stage.stage.databaseUrl });
  await sql.connect();
  try {
    const { rows: tables } = await sql.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('policy', 'sealing')`,
    );
    const counts = tables.map(({ name }) => `select '${name}' as name, count(*) as rows from ${name}`);
    const states = await sql.query(`select key, body from policy.state order by key`);
    return [(await sql.query(`${counts.join(' union all ')} order by name`)).rows, states.rows];
  } finally {
    await sql.end();
  }
}
