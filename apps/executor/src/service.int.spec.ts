import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { digest, idempotencyKeyOf, jcs } from '@countersign/contracts';
import { until } from '@countersign/testing';
import { World } from './world.spec-support.js';

const bigRefund = (orderId: string) => ({ orderId, amount: '900.00', currency: 'EUR', reason: 'It never came.' });

describe('executor, on real engines and the real helpdesk', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  });
  afterEach(() => world.faults({ dropAnswer: 0, latencyMs: 0 }));
  afterAll(() => world?.close());

  it('commits a warrant once and says what changed', async () => {
    const warrant = world.warrant();
    const result = await world.run(warrant);
    expect(result).toMatchObject({
      type: 'countersign.action.committed.v1',
      subject: warrant.actionId,
      data: { idempotencyKey: warrant.idempotencyKey, attempts: 1, result: { orderId: 'ord_1001', amount: '1.00' } },
    });
    const changed = result.data['recordsChanged'] as { type: string; before: unknown; after: unknown }[];
    expect(changed.map(({ type }) => type)).toEqual(['refund', 'order']);
    expect(await world.effectsOf(warrant)).toMatchObject([{ kind: 'refund', record: 'ord_1001', amount: '1.00' }]);
    expect(await world.requestsOf(warrant)).toMatchObject([{ method: 'POST', status: 201, actor: 'alice' }]);
  });

  it('answers a read, with personal fields sealed: the same value, the same token', async () => {
    const read = { grant: 'read', tool: 'get_customer', arguments: { customerId: 'cus_001' } } as const;
    const [first, second] = [await world.run(world.warrant(read)), await world.run(world.warrant(read))];
    expect(first).toMatchObject({
      type: 'countersign.action.read.v1',
      data: {
        recordsRead: [{ system: 'helpdesk', type: 'customer', id: 'cus_001', version: '1' }],
        result: {
          id: 'cus_001',
          name: { $sealed: { class: 'personal', token: expect.stringMatching(/^tok_[0-9a-f]{32}$/) } },
        },
      },
    });
    expect(JSON.stringify(first)).not.toMatch(/Weiss|example\.com|5550101/);
    expect(second.data['result']).toEqual(first.data['result']);
  });

  it("shows another tenant's record as not there", async () => {
    const warrant = world.warrant({ grant: 'read', tool: 'get_order', arguments: { orderId: 'ord_2001' } });
    const result = await world.run(warrant);
    expect(result).toMatchObject({ type: 'countersign.action.failed.v1', data: { code: 'NOT_FOUND' } });
  });

  it('does nothing for a warrant that policy did not sign as it stands, and does the valid ones beside it', async () => {
    const valid = [world.warrant(), world.warrant()];
    const [stranger, approval, unsigned, altered, moved] = [1, 2, 3, 4, 5].map(() => world.warrant());
    const { ce_signature: _, ...bare } = world.record(unsigned!).headers;
    const forAltered = world.record(altered!);
    const other = world.record(moved!);
    await world.publish(
      world.record(valid[0]!),
      world.record(stranger!, 'stranger'),
      world.record(approval!, 'approval'),
      { ...world.record(unsigned!), headers: bare },
      { ...forAltered, value: forAltered.value.replace('"1.00"', '"9.00"') },
      { ...other, key: 'acme/s-2', headers: { ...other.headers, ce_session: 's-2' } },
      world.record(valid[1]!),
    );
    for (const warrant of valid) await world.resultOf(warrant);
    for (const forged of [stranger!, approval!, unsigned!, altered!, moved!]) {
      expect(await world.workStatus(forged)).toBeUndefined();
      expect(await world.effectsOf(forged)).toEqual([]);
    }
    for (const warrant of valid) expect(await world.effectsOf(warrant)).toHaveLength(1);
    expect(await world.metrics()).toContain('countersign_untrusted_warrants_total{place="decisions"} 5');
  });

  it('runs a warrant once however often it is published, and a second jti of the action under the same key', async () => {
    const warrant = world.warrant();
    const again = world.warrant({ ...warrant, jti: `${warrant.jti}-2` });
    const record = world.record(warrant);
    await world.publish(record, record);
    await world.publish(record, world.record(again));
    await world.resultOf(again);
    const mine = (await world.results()).filter(({ data }) => data.jti === warrant.jti);
    expect(mine).toHaveLength(1);
    expect(await world.effectsOf(warrant)).toHaveLength(1);
  });

  it('sends again under the same key when an answer is lost: two requests, one effect', async () => {
    await world.faults({ dropNext: 1 });
    const warrant = world.warrant();
    const result = await world.run(warrant);
    expect(result).toMatchObject({ type: 'countersign.action.committed.v1', data: { attempts: 2 } });
    const requests = await world.requestsOf(warrant);
    expect(requests.map(({ method, dropped }) => ({ method, dropped }))).toEqual([
      { method: 'POST', dropped: true },
      { method: 'POST', dropped: false },
    ]);
    expect(await world.effectsOf(warrant)).toHaveLength(1);
  });

  it('looks a conditional commit up when its answer is lost, and never previews it a second time', async () => {
    const args = bigRefund('ord_1002');
    const preview = await world.previewed({ arguments: args });
    expect(preview.digest).toBe(digest(preview.effect));
    await world.faults({ dropNext: 1 });
    const warrant = world.warrant({ arguments: args, preview });
    expect(await world.run(warrant)).toMatchObject({ type: 'countersign.action.committed.v1' });
    expect((await world.requestsOf(warrant)).map(({ method }) => method)).toEqual(['POST', 'GET']);
    expect(await world.effectsOf(warrant)).toMatchObject([{ amount: '900.00' }]);
  });

  it('returns a commit whose effect is no longer the one decided on', async () => {
    const args = bigRefund('ord_1003');
    const preview = await world.previewed({ arguments: args });
    await world.run(world.warrant({ arguments: { ...args, amount: '10.00' } }));
    const warrant = world.warrant({ arguments: args, preview });
    const result = await world.run(warrant);
    expect(result).toMatchObject({ type: 'countersign.action.returned.v1', data: { code: 'PREVIEW_CHANGED' } });
    expect(result.data['preview']).toMatchObject({ effect: { refundedBefore: '10.00' }, basis: { orderVersion: 2 } });
    expect(await world.effectsOf(warrant)).toEqual([]);
  });

  it('commits on the versions just read when the order moved and the effect did not', async () => {
    const args = bigRefund('ord_1004');
    const preview = await world.previewed({ arguments: args });
    await world.changeOrder('ord_1004', { status: 'shipped' });
    const warrant = world.warrant({ arguments: args, preview });
    expect(await world.run(warrant)).toMatchObject({ type: 'countersign.action.committed.v1' });
    expect(await world.effectsOf(warrant)).toHaveLength(1);
  });

  it('returns an expired warrant unsent, and blocks one for another version of the tool', async () => {
    const expired = world.warrant({ exp: Math.floor(Date.now() / 1000) - 1 });
    const other = world.warrant({ fingerprint: 'of another package' });
    const stolen = world.warrant({ idempotencyKey: idempotencyKeyOf('acme', 'act_of_somebody', 0) });
    expect((await world.run(expired)).data).toMatchObject({ code: 'WARRANT_EXPIRED' });
    expect((await world.run(other)).data).toMatchObject({ code: 'NOT_RELEASED' });
    expect((await world.run(stolen)).data).toMatchObject({ code: 'WARRANT_INVALID' });
    for (const warrant of [expired, other, stolen]) expect(await world.requestsOf(warrant)).toEqual([]);
  });

  it('fails on a definite no and says why', async () => {
    const warrant = world.warrant({ arguments: { ...bigRefund('ord_1001'), currency: 'USD' } });
    const result = await world.run(warrant);
    expect(result).toMatchObject({
      type: 'countersign.action.failed.v1',
      data: { code: 'INVALID_ARGUMENTS', attempts: 1 },
    });
  });

  it.each([
    ['by rule: sent again under its key', false, ['POST', 'POST']],
    ['on a preview: looked up', true, ['POST', 'GET']],
  ])('has one effect when it dies between the mark and the answer, %s', async (_, isConditional, methods) => {
    const args = isConditional
      ? bigRefund('ord_1005')
      : { orderId: 'ord_1006', amount: '2.00', currency: 'EUR', reason: 'Late.' };
    const preview = isConditional ? await world.previewed({ arguments: args }) : undefined;
    const warrant = world.warrant({ arguments: args, ...(preview ? { preview } : {}) });
    // Its effect begins in time, and its answer is lost even if it is quicker than the end.
    await world.faults({ latencyMs: 200, dropNext: 1 });
    await world.publish(world.record(warrant));
    await until(async () => (await world.workStatus(warrant)) === 'SENT', { what: 'the mark', everyMs: 5 });
    await until(async () => (await world.heldAtHelpdesk()) > 0, { what: 'the request at helpdesk', everyMs: 5 });
    await world.crashExecutor();
    await until(async () => (await world.effectsOf(warrant)).length === 1, { what: 'the effect of the dead' });
    await world.faults({ latencyMs: 0 });
    await world.startExecutor();
    expect(await world.resultOf(warrant)).toMatchObject({ type: 'countersign.action.committed.v1' });
    expect((await world.requestsOf(warrant)).map(({ method }) => method)).toEqual(methods);
    expect(await world.effectsOf(warrant)).toHaveLength(1);
  });

  it('commits at a target that takes longer to answer than a send may take to begin', async () => {
    await world.faults({ latencyMs: 600 });
    const warrant = world.warrant();
    expect(await world.run(warrant)).toMatchObject({ type: 'countersign.action.committed.v1' });
    expect(await world.effectsOf(warrant)).toHaveLength(1);
  });

  it('does nothing for a stored warrant that was altered', async () => {
    const warrant = world.warrant();
    const later = Math.floor(Date.now() / 1000) + 3;
    const early = world.warrant({ nbf: later });
    await world.publish(world.record(early));
    await until(() => world.workStatus(early), { what: 'its row' });
    await world.tamper(early, packed(world.record(warrant, 'stranger')));
    await until(async () => (await world.workStatus(early)) === 'VOID', { what: 'its end' });
    expect([...(await world.effectsOf(early)), ...(await world.effectsOf(warrant))]).toEqual([]);
  });
});

/** As the executor stores it. */
function packed({ key, value, headers }: { key: string; value: string; headers: Record<string, string> }): string {
  const names = [
    'actorid',
    'causationid',
    'correlationid',
    'id',
    'session',
    'source',
    'subject',
    'tenantid',
    'time',
    'type',
  ];
  const covered = Object.fromEntries(names.map((name) => [name, headers[`ce_${name}`] ?? '']));
  return `${headers['ce_signature']}\n${jcs({ ...covered, key })}\n${value}`;
}
