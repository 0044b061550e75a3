import { expect, it } from '@jest/globals';
import { Client, CountersignError } from '@countersign/client';
import { connectPublisher } from '@countersign/client/kafka';
import { decideOn } from './decided.js';
import type { World } from './world.js';

const WORKFLOW = 'support-desk';
const refund = (session: string, orderId: string, amount: string) => ({
  workflow: WORKFLOW,
  session,
  tool: 'issue_refund',
  arguments: { orderId, amount, currency: 'EUR', reason: 'late delivery' },
});

/** A product's own program, with the client it would install. */
export function clientScenario(open: () => World): void {
  const clientOf = async (user: string) =>
    new Client({ url: open().system.urls.gateway, token: () => open().token(user), timeoutMs: 60_000 });
  const refunds = async (record: string) =>
    (await open().helpdesk.ledger()).filter((effect) => effect.kind === 'refund' && effect.record === record).length;

  it('asks for a tool call over HTTP, and for the same again: done once', async () => {
    const client = await clientOf('alice');
    const request = refund('client-1', 'ord_14011', '2.00');
    const first = await client.requestAction(request, { idempotencyKey: 'client-e2e-1' });
    const again = await client.requestAction(request, { idempotencyKey: 'client-e2e-1' });
    expect(again).toEqual({ ...first, replayed: true });
    expect(await client.waitForAction(first.actionId)).toMatchObject({ state: 'ended', outcome: 'committed' });
    expect(await refunds('ord_14011')).toBe(1);
  });

  it('is told at once that a person decides, and from elsewhere what came of it', async () => {
    const client = await clientOf('alice');
    const { actionId } = await client.requestAction(refund('client-2', 'ord_1004', '900.00'));
    const waiting = await client.waitForAction(actionId);
    expect(waiting).toMatchObject({ state: 'waiting', code: 'NEEDS_APPROVAL', approvalId: expect.any(String) });
    await decideOn(await open().person('bob'), waiting.approvalId!, 'reject');
    const elsewhere = await clientOf('alice');
    expect(await elsewhere.waitForAction(actionId, { throughApproval: true })).toMatchObject({
      state: 'ended',
      outcome: 'denied',
      code: 'APPROVAL_REJECTED',
    });
  });

  it('publishes over Kafka and awaits the reply by the id it has before anybody read the record', async () => {
    const { urls, topicPrefix } = open().system;
    const publisher = await connectPublisher(
      { brokers: urls.kafka.split(',') },
      { source: '/e2e/client', tenant: 'acme', topicPrefix },
    );
    const token = await open().token('alice');
    const intent = { workflow: WORKFLOW, session: 'client-3', text: 'Where is ord_1006?' };
    const { intentId } = await publisher.sendIntent(intent, { token });
    const { actionId } = await publisher.requestAction(refund('client-4', 'ord_14012', '3.00'), { token });
    await publisher.close();
    const client = await clientOf('alice');
    expect(await client.waitForIntent(intentId)).toMatchObject({ state: 'ended', reply: expect.any(String) });
    expect(await client.waitForAction(actionId)).toMatchObject({ outcome: 'committed' });
    expect(await refunds('ord_14012')).toBe(1);
  });

  it('says what is wrong in the system’s own words, and shows nobody another’s action', async () => {
    const alice = await clientOf('alice');
    const { actionId } = await alice.requestAction({
      ...refund('client-5', 'ord_14013', '1.00'),
      tool: 'no_such_tool',
    });
    expect(await alice.waitForAction(actionId)).toMatchObject({ outcome: 'denied', code: 'UNKNOWN_TOOL' });
    const erin = await clientOf('erin');
    const error = await erin.action(actionId).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404, nextStep: expect.stringMatching(/\w/) });
  });
}
