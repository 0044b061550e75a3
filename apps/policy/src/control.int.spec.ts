import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { intentIdOf } from '@countersign/contracts';
import { Stage } from './service.fixture.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

const KILL = 'kill/tool/issue_refund';
const STAGE = 'stage/workflow/support-desk';
async function refund(id: string) {
  const args = { orderId: 'ord_1001', amount: '18.00', currency: 'EUR', reason: 'late delivery' };
  const data = { workflow: 'support-desk', session: 's-1', tool: 'issue_refund', arguments: args };
  await stage.request('countersign.action.requested.v1', id, data, await stage.token('alice'));
  return stage.became(intentIdOf('acme', '/shop', id));
}

describe('switches and stages on real Kafka and PostgreSQL', () => {
  it('a stage that stood on the topic before it started is known before it is ready', async () => {
    expect(await refund('first')).toEqual({ became: 'commit', epoch: 1 });
  });

  it('a trip by a plain client holds against forgeries and a tombstone, and for an instance that joins late', async () => {
    await stage.control(KILL, { killed: true, reason: 'INC-42', by: 'anyone' });
    expect((await stage.acked(KILL, 1)).data).toMatchObject({ value: { killed: true }, by: 'anyone', instances: 1 });
    expect((await refund('tripped')).became).toBe('KILLED');
    const [head, body] = (await stage.token('sam')).split('.');
    await stage.control(KILL, { killed: false, by: 'sam' });
    await stage.control(KILL, { killed: false }, `${head}.${body}.${'A'.repeat(86)}`);
    await stage.control(KILL, { killed: false }, await stage.token('sam', { exp: 1 }));
    await stage.control(KILL, { killed: false }, await stage.token('ruth'));
    await stage.control(KILL, null, await stage.token('sam'));
    const codes = async (instance: string) =>
      Promise.all([2, 3, 4, 5, 6].map(async (at) => (await stage.acked(KILL, at, instance)).data));
    const refused = [...Array<string>(3).fill('UNAUTHENTICATED'), 'PERMISSION_DENIED', 'INVALID_ARGUMENTS'];
    expect(await codes('policy-1')).toMatchObject(refused.map((code) => ({ code })));
    await stage.stop();
    await stage.start('policy-2');
    expect((await refund('late-joiner')).became).toBe('KILLED');
    expect(await codes('policy-2')).toMatchObject(refused.map((code) => ({ code })));
  });

  it("an sre's re-arm, once acknowledged, holds for the very next call", async () => {
    await stage.control(KILL, { killed: false }, await stage.token('sam'));
    const { type, data } = await stage.acked(KILL, 7, 'policy-2');
    expect([type, data.by]).toEqual(['countersign.control.applied.v1', 'sam']);
    expect(await refund('re-armed')).toEqual({ became: 'commit', epoch: data.epoch });
  });

  it('a stage of the release engineer is in force once acknowledged', async () => {
    await stage.control(`${STAGE}/tenant/acme`, { stage: 'draft-only' }, await stage.token('ruth'));
    await stage.acked(`${STAGE}/tenant/acme`, 1, 'policy-2');
    expect((await refund('drafted')).became).toBe('draft');
    await stage.control(`${STAGE}/tenant/acme`, { stage: 'scoped' }, await stage.token('alice'));
    expect((await stage.acked(`${STAGE}/tenant/acme`, 2, 'policy-2')).data).toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect((await refund('still')).became).toBe('draft');
  });
});
