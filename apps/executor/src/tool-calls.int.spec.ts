import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { digest, type JsonObject, type RecordRead } from '@countersign/contracts';
import { until } from '@countersign/testing';
import type { Warrant } from './state.js';
import { World } from './world.spec-support.js';

const COMMITTED = 'countersign.action.committed.v1';
const RETURNED = 'countersign.action.returned.v1';
const FAILED = 'countersign.action.failed.v1';
const refundOf = (orderId: string) => ({ orderId, amount: '1.00', currency: 'EUR', reason: 'It came late.' });
const lead = { sub: 'bob', tenant: 'acme', roles: ['support-lead'] };

describe('tool calls, on real engines and the real helpdesk (numbers: the guarantees of recheck.ts)', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  });
  afterEach(() => world.faults({ latencyMs: 0 }));
  afterAll(() => world?.close());

  const reading = (tool: string, args: JsonObject, change: Partial<Warrant> = {}) =>
    world.run(world.warrant({ grant: 'read', tool, arguments: args, ...change }));
  const contextOf = async (orderId: string) =>
    (await reading('get_order', { orderId })).data['recordsRead'] as unknown as RecordRead[];

  it('commits on records that are as they were read, and says what the system of record shows afterwards', async () => {
    const context = await contextOf('ord_1007');
    const warrant = world.warrant({ arguments: refundOf('ord_1007'), context });
    const result = await world.run(warrant);
    expect(result).toMatchObject({
      type: COMMITTED,
      data: {
        recordsRead: [{ type: 'order', id: 'ord_1007', version: '1' }],
        done: { holds: true, statement: expect.stringContaining('helpdesk has the refund') },
      },
    });
    const done = result.data['done'] as unknown as { checked: RecordRead[] };
    expect(done.checked.map(({ type, version }) => `${type} ${version}`)).toEqual(['refund 1', 'order 2']);
  });

  it('1: commits nothing on an order that changed since it was read', async () => {
    const context = await contextOf('ord_1008');
    await world.changeOrder('ord_1008', { status: 'shipped' });
    const warrant = world.warrant({ arguments: refundOf('ord_1008'), context });
    expect(await world.run(warrant)).toMatchObject({
      type: RETURNED,
      data: {
        code: 'STALE_CONTEXT',
        detail: 'order ord_1008 is at version 2, no longer at 1',
        recordsRead: [{ id: 'ord_1008', version: '2' }],
      },
    });
    expect(await world.effectsOf(warrant)).toEqual([]);
    expect((await world.requestsOf(warrant)).map(({ method }) => method)).toEqual([]);
  });

  it('1: reads by its source again what its preview does not read', async () => {
    const context = await contextOf('ord_1014');
    const ticket = { customerId: 'cus_002', subject: 'Late', body: 'It came late.' };
    const opening = { tool: 'create_ticket', arguments: ticket, context };
    expect(await world.run(world.warrant(opening))).toMatchObject({ type: COMMITTED, data: { done: { holds: true } } });
    await world.changeOrder('ord_1014', { status: 'shipped' });
    const late = world.warrant(opening);
    expect(await world.run(late)).toMatchObject({ type: RETURNED, data: { code: 'STALE_CONTEXT' } });
    expect(await world.effectsOf(late)).toEqual([]);
  });

  it('3: writes nothing when the order changes between the last look and the write', async () => {
    const context = await contextOf('ord_1002');
    await world.faults({ latencyMs: 700 });
    const warrant = world.warrant({ arguments: refundOf('ord_1002'), context });
    await world.publish(world.record(warrant));
    await until(async () => (await world.workStatus(warrant)) === 'SENT', { what: 'the mark', everyMs: 5 });
    await until(async () => (await world.heldAtHelpdesk()) > 0, { what: 'the write at helpdesk', everyMs: 5 });
    await world.faults({ latencyMs: 0 });
    await world.changeOrder('ord_1002', { status: 'shipped' });
    expect(await world.resultOf(warrant)).toMatchObject({ type: RETURNED, data: { code: 'STALE_CONTEXT' } });
    expect(await world.effectsOf(warrant)).toEqual([]);
    expect((await world.requestsOf(warrant)).map(({ method, status }) => [method, status])).toEqual([['POST', 412]]);
  });

  it('says with a preview who people are now', async () => {
    const people = ['alice', 'bob', 'nobody'];
    const result = await world.run(world.warrant({ grant: 'preview', people }));
    expect(result.data['people']).toMatchObject([
      { sub: 'alice', roles: ['support-agent'], active: true, system: 'helpdesk' },
      { sub: 'bob', roles: ['support-lead'], active: true, system: 'helpdesk' },
      { sub: 'nobody', roles: [], active: false, system: 'helpdesk' },
    ]);
  });

  it('fails with IDEMPOTENCY_CONFLICT when the same key comes with other arguments', async () => {
    const first = world.warrant();
    await world.run(first);
    const { actionId, intentId } = first;
    const other = world.warrant({ actionId, intentId, arguments: { ...refundOf('ord_1001'), amount: '2.00' } });
    expect(await world.run(other)).toMatchObject({ type: FAILED, data: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(await world.effectsOf(first)).toMatchObject([{ amount: '1.00' }]);
  });

  it("tells audit alone that an order is another tenant's", async () => {
    const [other, absent] = [
      await reading('get_order', { orderId: 'ord_2001' }),
      await reading('get_order', { orderId: 'ord_1' }),
    ];
    expect(other).toMatchObject({
      type: FAILED,
      data: { code: 'NOT_FOUND', auditCode: 'TENANT_MISMATCH', recordsRead: [] },
    });
    const words = ({ data }: typeof other) => String(data['detail']).replaceAll(/ord_\d+/g, 'it');
    expect(words(other)).toBe(words(absent));
    expect(absent.data).not.toHaveProperty('auditCode');
  });

  it('gives a restricted record to nobody but those who may touch it', async () => {
    const agent = await reading('get_customer', { customerId: 'cus_005' });
    expect(agent).toMatchObject({ type: FAILED, data: { code: 'RECORD_RESTRICTED' } });
    const refused = await world.run(world.warrant({ arguments: refundOf('ord_1009') }));
    expect(refused).toMatchObject({ type: FAILED, data: { code: 'RECORD_RESTRICTED' } });
    expect(await reading('get_customer', { customerId: 'cus_005' }, { actor: lead })).toMatchObject({
      type: 'countersign.action.read.v1',
    });
  });

  it('gives a sealed value it may open to the target, and to nobody else', async () => {
    const { email } = (await reading('get_customer', { customerId: 'cus_003' })).data['result'] as {
      email: { $sealed: { token: string } };
    };
    const { token } = email.$sealed;
    const ticket = { customerId: 'cus_003', subject: 'Call back', body: `Write to ${token}, please.` };
    const opening = { tool: 'create_ticket', arguments: ticket };
    const result = await world.run(world.warrant({ ...opening, opens: [token] }));
    expect(result).toMatchObject({ type: COMMITTED, data: { done: { holds: true } } });
    const { ticketId } = result.data['result'] as { ticketId: string };
    const written = await world.recordAt(`/v1/tickets/${ticketId}`);
    expect(written['body']).toBe('Write to priya.raman@example.com, please.');
    const preview = await world.previewed({ ...opening, opens: [token] });
    expect(preview).toMatchObject({ effect: { body: ticket.body }, digest: digest(preview.effect) });
    expect(await world.run(world.warrant(opening))).toMatchObject({
      type: FAILED,
      data: { code: 'INVALID_ARGUMENTS' },
    });
    expect(await world.everythingStored()).not.toContain('priya.raman');
  });

  it("has named every record that helpdesk's own log names, and no other", async () => {
    const named = new Set((await world.results()).flatMap(({ data }) => recordsOf(data)));
    const ours = (await world.requests()).filter(({ actor }) => actor !== undefined);
    const logged = new Set(
      ours.flatMap(({ records }) => records.map(({ type, id, version }) => `${type} ${id} ${version}`)),
    );
    expect([...named].sort()).toEqual([...logged].sort());
  });
});

/** What an event says was read, changed, checked, and asked of the directory. */
function recordsOf(data: JsonObject): string[] {
  const {
    recordsRead = [],
    recordsChanged = [],
    done,
  } = data as unknown as {
    recordsRead?: RecordRead[];
    recordsChanged?: RecordRead[];
    done?: { checked: RecordRead[] };
  };
  return [...recordsRead, ...recordsChanged, ...(done?.checked ?? [])].map(
    ({ type, id, version }) => `${type} ${id} ${version}`,
  );
}
