import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { openToken, sealedDigest } from '@countersign/identity';
import { checkSignature, loadKeyRing } from '@countersign/signing';
import { until } from '@countersign/testing';
import { World, type Answer } from './world.spec-support.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

type Who = Parameters<World['ask']>[0];
const settle = (who: Who, actionId: string, body: object = { outcome: 'committed', reason: 'it is there' }) =>
  world.ask(who, 'POST', `/v1/in-doubt/${actionId}/resolve`, body);
/** An action that is known to be in doubt, here too. */
async function doubt(actionId: string): Promise<void> {
  await world.result('countersign.action.in-doubt.v1', actionId);
  await answered('alice', actionId, 403);
}
const answered = (who: Who, actionId: string, status: number, body?: object): Promise<Answer> =>
  until(
    async () => {
      const answer = await settle(who, actionId, body);
      return answer.status === status && answer;
    },
    { what: `${who}'s verdict on ${actionId} to be answered ${status}` },
  );

describe('a verdict on an action in doubt', () => {
  it('goes to policy with the token of who gave it, sealed, and is answered the same when it is given again', async () => {
    await doubt('act_1');
    const answer = await settle('bob', 'act_1');
    expect(answer).toMatchObject({
      status: 202,
      body: { actionId: 'act_1', intentId: 'int_act_1', state: 'said', verdict: { by: 'bob', outcome: 'committed' } },
    });
    expect(await settle('bob', 'act_1')).toEqual(answer);
    const said = await until(async () => (await world.said('act_1'))[0], { what: 'the verdict to be published' });
    expect(checkSignature(loadKeyRing(world.keys.dir), 'approval', said)).toMatchObject({ ok: true });
    const sealed = said.headers['authorization']!.replace('Bearer ', '');
    expect(said.event).toMatchObject({
      ...{ type: 'countersign.approval.settled.v1', tenantid: 'acme', actorid: 'alice', subject: 'act_1' },
      data: { approver: { sub: 'bob', roles: ['support-lead'] }, tokenDigest: sealedDigest(sealed) },
    });
    const token = (await openToken(createPrivateKey(world.keys.sealPem), sealed)) ?? '';
    expect(JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())).toMatchObject({ sub: 'bob' });
    expect(await world.said('act_1')).toHaveLength(1);
  });

  it('is only for somebody of the tenant who may approve the tool, and never for who asked', async () => {
    await doubt('act_2');
    expect((await settle('alice', 'act_2')).body).toMatchObject({ code: 'SELF_APPROVAL' });
    expect(await settle('sam', 'act_2')).toMatchObject({ status: 403, body: { code: 'PERMISSION_DENIED' } });
    const absent = (await settle('gil', 'act_absent')).body;
    for (const who of ['gil', 'namesake'] as const) {
      const { status, body } = await settle(who, 'act_2');
      expect([status, { ...body, detail: '' }]).toEqual([404, { ...absent, detail: '' }]);
    }
    expect((await settle(undefined, 'act_2')).status).toBe(401);
    expect(await world.said('act_2')).toEqual([]);
  });

  it('has an outcome and a reason, and nothing else', async () => {
    await doubt('act_3');
    for (const body of [
      {},
      { outcome: 'done', reason: 'x' },
      { outcome: 'failed' },
      { outcome: 'failed', reason: ' ' },
    ])
      expect(await settle('bob', 'act_3', body)).toMatchObject({ status: 422, body: { code: 'INVALID_ARGUMENTS' } });
    const more = { outcome: 'failed', reason: 'x', actionHash: 'y' };
    expect((await settle('bob', 'act_3', more)).status).toBe(422);
  });

  it('is heard once: the second, and whoever comes after a look-up, is told how it stands', async () => {
    await doubt('act_4');
    await settle('bob', 'act_4');
    const late = await settle('carol', 'act_4', { outcome: 'failed', reason: 'not there' });
    expect(late).toMatchObject({
      status: 410,
      body: { code: 'INTENT_ENDED', detail: expect.stringMatching(/^bob said/) },
    });
    await doubt('act_5');
    await world.result('countersign.action.resolved.v1', 'act_5', { outcome: 'failed' });
    const { body } = await answered('bob', 'act_5', 410);
    expect(body).toMatchObject({ detail: expect.stringMatching(/^a look-up found out at .* failed$/) });
  });

  it('may be given anew once policy could not take it', async () => {
    await doubt('act_6');
    const { body } = await settle('bob', 'act_6');
    const { id } = body['verdict'] as { id: string };
    await world.unsettled('act_6', id);
    await answered('carol', 'act_6', 202, { outcome: 'failed', reason: 'not there' });
    await until(async () => (await world.said('act_6')).length === 2, { what: 'the second verdict' });
  });

  it('needs a doubt that the executor has signed, and leaves no row behind without one', async () => {
    await world.result('countersign.action.in-doubt.v1', 'act_forged', {}, 'policy');
    await doubt('act_after_forged');
    expect((await settle('bob', 'act_forged')).status).toBe(404);
    expect((await settle('bob', 'act_x')).status).toBe(404);
    expect((await settle('bob', '%00')).status).toBe(404);
    const client = new pg.Client({ connectionString: world.database.serviceUrl });
    await client.connect();
    const { rows } = await client.query("select key from state where key like 'doubt/act_x%' or key like 'doubt/%00'");
    await client.end();
    expect(rows).toEqual([]);
  });
});
