import { describe, expect, it } from '@jest/globals';
import { actionIdOf, decodeRecord, intentIdOf } from '@countersign/contracts';
import { Publisher, type Producer } from './kafka.js';

type Sent = Parameters<Producer['send']>[0];
const text = { workflow: 'support-desk', session: 's-1', text: 'Where is order ord_1001?' };
const call = { workflow: 'support-desk', session: 's-1', tool: 'get_order', arguments: { orderId: 'ord_1001' } };

/** A producer of the caller's: what it is given. */
function publisher() {
  const records: Sent[] = [];
  const producer = { send: async (record: Sent) => void records.push(record) };
  return { records, publisher: new Publisher(producer, { source: '/services/shop', tenant: 'acme' }) };
}

/** As the system reads it. */
function read({ messages: [message] }: Sent) {
  return decodeRecord({
    ...{ topic: 'intents', partition: 0, offset: 0n, timestamp: 0, headers: message!.headers },
    key: Buffer.from(message!.key),
    value: Buffer.from(message!.value),
  });
}

describe('what is published', () => {
  it('is an intent as the system reads it, with the token beside it and the id it will have', async () => {
    const { records, publisher: shop } = publisher();
    const published = await shop.sendIntent(text, { token: () => 'of-the-user', id: 'order-7' });
    expect(published).toEqual({
      id: 'order-7',
      intentId: intentIdOf('acme', '/services/shop', 'order-7'),
      session: 's-1',
    });
    expect(records[0]).toMatchObject({ topic: 'countersign.intents.v1', acks: -1 });
    const { event, key, headers } = read(records[0]!);
    expect(key).toBe('acme/s-1');
    expect(headers['authorization']).toBe('Bearer of-the-user');
    expect(event).toMatchObject({
      ...{ type: 'countersign.intent.requested.v1', id: 'order-7', source: '/services/shop', tenantid: 'acme' },
      data: text,
    });
  });

  it('is an action request, of another tenant and trace where the call says so, under another prefix', async () => {
    const records: Sent[] = [];
    const producer = { send: async (record: Sent) => void records.push(record) };
    const shop = new Publisher(producer, { source: '/shop', tenant: 'acme', topicPrefix: 'test' });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const published = await shop.requestAction(call, { token: 't', tenant: 'globex', traceparent });
    expect(published.intentId).toBe(intentIdOf('globex', '/shop', published.id));
    expect(published.actionId).toBe(actionIdOf(published.intentId, 0, 0));
    expect(records[0]!.topic).toBe('test.intents.v1');
    const { event, key, headers } = read(records[0]!);
    expect([key, headers['traceparent']]).toEqual(['globex/s-1', traceparent]);
    expect(event).toMatchObject({ type: 'countersign.action.requested.v1', data: call });
  });

  it('has an id of its own for each call', async () => {
    const { publisher: shop } = publisher();
    const ids = [await shop.sendIntent(text, { token: 't' }), await shop.sendIntent(text, { token: 't' })];
    expect(ids[0]!.intentId).not.toBe(ids[1]!.intentId);
  });

  it('is nothing when the system could not read it, with what to correct', async () => {
    const { records, publisher: shop } = publisher();
    const flawed = { ...call, arguments: { amount: Infinity } };
    await expect(shop.requestAction(flawed, { token: 't' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENTS',
      fields: [{ path: 'arguments' }],
    });
    await expect(shop.sendIntent({ ...text, text: '' }, { token: 't' })).rejects.toMatchObject({
      fields: [{ path: 'text' }],
    });
    await expect(shop.sendIntent(text, { token: 't', id: 'a\nb' })).rejects.toMatchObject({ fields: [{ path: 'id' }] });
    expect(() => new Publisher({ send: async () => undefined }, { source: '', tenant: 'acme' })).toThrow('source');
    expect(records).toEqual([]);
  });

  it('may have been taken when the broker did not confirm it: the error names the id that makes another try safe', async () => {
    const producer = { send: () => Promise.reject(new Error('broker gone')) };
    const shop = new Publisher(producer, { source: '/services/shop', tenant: 'acme' });
    const failed = shop.sendIntent(text, { token: 't', id: 'order-7' });
    await expect(failed).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT', idempotencyKey: 'order-7' });
    await expect(failed).rejects.toThrow('broker gone');
  });
});
