import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import { topicName } from '@countersign/contracts';
import { until } from '@countersign/testing';
import { dataOf } from './forge.js';
import type { World } from './world.js';

const ask = (world: World, token: string, orderId: string) => {
  const session = `stale-${orderId}`;
  const data = {
    workflow: 'support-desk',
    session,
    tool: 'issue_refund',
    arguments: { orderId, amount: '333.00', currency: 'EUR', reason: 'damaged' },
  };
  return world.product.publish({ id: session, tenant: 'acme', session, token, data });
};

/** What a person approved is what happens, or nothing does. */
export function staleScenario(open: () => World): void {
  it('commits nothing when the order changed between escalation and approval, and asks anew with what it says now', async () => {
    const world = open();
    const [alice, bob] = await Promise.all([world.person('alice'), world.person('bob')]);
    const [intentId = ''] = await ask(world, alice.token, 'ord_13001');
    const item = await bob.approvalOf(intentId);
    await refundBehindItsBack(world, 'ord_13001');
    const answer = await bob.decide(item!, 'approve', 'as I saw it');
    expect(answer.status).toBe(200);
    const renewed = await until(
      async () => {
        const now = await bob.approvalOf(intentId, 100);
        return now && now.actionHash !== item!.actionHash && now;
      },
      { what: 'a new escalation on the new preview', timeoutMs: 30_000 },
    );
    const effects = (await world.helpdesk.ledger())
      .filter(({ record }) => record === 'ord_13001')
      .map(({ amount }) => Number(amount));
    expect(effects).toEqual([50]);
    const stale = await bob.decide({ ...item!, approvalId: renewed.approvalId }, 'approve', 'with the old hash');
    expect(stale).toMatchObject({ status: 409, body: { code: 'APPROVAL_STALE' } });
    expect((await bob.decide(renewed, 'reject', 'changed meanwhile')).status).toBe(200);
    expect((await alice.intent(intentId, 30))?.actions.at(-1)).toMatchObject({
      outcome: 'denied',
      code: 'APPROVAL_REJECTED',
    });
  });

  it("otherwise does what the warrant's digest says, recomputed here", async () => {
    const world = open();
    const [alice, bob] = await Promise.all([world.person('alice'), world.person('bob')]);
    const [intentId = ''] = await ask(world, alice.token, 'ord_13002');
    const item = await bob.approvalOf(intentId);
    await bob.decide(item!, 'approve', 'as I saw it');
    expect((await alice.intent(intentId, 30))?.actions.at(-1)).toMatchObject({ outcome: 'committed' });
    const warrant = (await world.plain.readAll(topicName('decisions', world.system.topicPrefix)))
      .map(dataOf)
      .find((data) => data['intentId'] === intentId && data['grant'] === 'commit');
    const preview = warrant?.['preview'] as { effect: Record<string, unknown>; digest: string };
    const recomputed = createHash('sha256')
      .update(canonicalize(preview.effect) ?? '')
      .digest('base64url');
    expect(recomputed).toBe(preview.digest);
    expect(item!.preview?.effect).toEqual(preview.effect);
    const [effect, ...more] = (await world.helpdesk.ledger()).filter(({ record }) => record === 'ord_13002');
    expect(more).toEqual([]);
    expect([effect?.record, Number(effect?.amount), effect?.currency, effect?.idempotencyKey]).toEqual([
      'ord_13002',
      333,
      'EUR',
      warrant?.['idempotencyKey'],
    ]);
    expect(JSON.stringify(preview.effect)).toContain('333');
  });
}

/** Somebody else refunds on the same order, straight at helpdesk. */
async function refundBehindItsBack(world: World, orderId: string): Promise<void> {
  const refund = { orderId, amount: '50.00', currency: 'EUR', reason: 'by hand' };
  await world.helpdesk.refund(world.system.helpdeskToken('acme'), `behind-${orderId}`, refund);
}
