import { expect, it } from '@jest/globals';
import type { World } from './world.js';

/** A workflow that `countersign workflow new` wrote, run by services that know nothing of it. */
export function generatedScenario(open: () => World, workflow: string): void {
  const publish = async (id: string, data: object): Promise<string> => {
    const world = open();
    const session = `generated-${id}`;
    const alice = await world.token('alice');
    const all = { workflow, session, ...data } as { workflow: string; session: string; text: string };
    const [intentId = ''] = await world.product.publish({
      id: session,
      tenant: 'acme',
      session,
      token: alice,
      data: all,
    });
    return intentId;
  };
  const ticket = (urgency: string) => ({
    tool: 'open_ticket',
    arguments: { orderId: 'ord_14910', subject: 'Wet box', body: 'It stood in the rain.', urgency },
  });
  const tickets = async (from: number) =>
    (await open().helpdesk.ledger()).filter(({ seq, kind }) => seq > from && kind === 'ticket').length;

  it('commits what its rules approve, asks a person where its permission map says so, and knows no other tool', async () => {
    const world = open();
    const [alice, bob] = await Promise.all([world.person('alice'), world.person('bob')]);
    const booksFrom = (await world.helpdesk.ledger()).at(-1)?.seq ?? 0;
    const plain = await alice.intent(await publish('plain', ticket('normal')), 30);
    expect(plain).toMatchObject({ state: 'ended', actions: [{ tool: 'open_ticket', outcome: 'committed' }] });
    const urgentId = await publish('urgent', ticket('urgent'));
    const item = await bob.approvalOf(urgentId);
    expect([item?.tool, await tickets(booksFrom)]).toEqual(['open_ticket', 1]);
    await bob.decide(item!, 'approve', 'it is');
    expect(await alice.intent(urgentId, 30)).toMatchObject({ state: 'ended', actions: [{ outcome: 'committed' }] });
    const refund = { orderId: 'ord_14910', amount: '5.00', currency: 'EUR', reason: 'x' };
    const foreign = await alice.intent(await publish('foreign', { tool: 'issue_refund', arguments: refund }), 30);
    expect(foreign?.actions).toMatchObject([{ outcome: 'denied', code: 'UNKNOWN_TOOL' }]);
    expect(await tickets(booksFrom)).toBe(2);
  });

  it("takes a user's words, reads the order through its source and opens the ticket", async () => {
    const world = open();
    const alice = await world.person('alice');
    const text = 'Please open a ticket about order ord_14910: the box arrived wet.';
    const state = await alice.intent(await publish('words', { text }), 30);
    expect(state).toMatchObject({
      state: 'ended',
      actions: [
        { tool: 'get_order', outcome: 'read' },
        { tool: 'open_ticket', outcome: 'committed' },
      ],
    });
  });
}
