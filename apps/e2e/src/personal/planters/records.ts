import pg from 'pg';
import { calls, Target } from '../../target.js';
import { publish, scripted, type Stage } from '../stage.js';

const FIRST = 5_060;

/**
 * Values that live in the system of record: of customers by field, whose class hides them whatever they look like, and in the words of
 * tickets, where only what has a shape is found.
 */
export async function recordsOf(stage: Stage): Promise<void> {
  const { world, dealer } = stage;
  const ids = Array.from({ length: Math.max(1, Math.floor(dealer.share / 2)) }, (_, n) => `cus_${FIRST + n}`);
  const client = new pg.Client({ connectionString: world.system.env('helpdesk')['DATABASE_URL'] });
  await client.connect();
  try {
    for (const id of ids) {
      const row = ['name', 'email', 'phone', 'iban'] as const;
      const values = row.map((kind) => dealer.one(`${kind} of a customer`, { kinds: [kind] }));
      await client.query(
        "update customers set name = $2, email = $3, phone = $4, iban = $5, version = version + 1 where tenant = 'acme' and id = $1",
        [id, ...values],
      );
    }
    await client.query("update members set name = $1, email = $2 where tenant = 'acme' and sub = 'carol'", [
      dealer.one('name of a member', { kinds: ['name'] }),
      dealer.one('e-mail of a member', { kinds: ['email'] }),
    ]);
  } finally {
    await client.end();
  }
  const address = dealer.one('address on an order', { kinds: ['address'] });
  const target = new Target(world, 'acme');
  const shipments = [
    { id: 'shp_14921', kind: 'whole', status: 'delivered', shippedAt: '2025-12-18T08:00:00Z', note: address },
  ];
  await target.change('PATCH', '/v1/orders/ord_14921', { shipments });
  const body = {
    customerId: ids[0]!,
    subject: dealer.one('subject of a ticket'),
    body: dealer.words('body of a ticket'),
  };
  const made = await target.change('POST', '/v1/tickets', body);
  const ticketId = String((made['record'] as { id: string }).id);
  const read = (tool: string, args: object) => publish(stage, { data: { tool, arguments: args } });
  await Promise.all([
    ...ids.map((customerId) => read('get_customer', { customerId })),
    read('get_ticket', { ticketId }),
    read('get_order', { orderId: 'ord_14921' }),
    read('get_member', { memberId: 'carol' }),
    read('draft_reply', { ticketId, body: `Dear customer, ${dealer.words('body of a reply')}` }),
    scripted(stage, [
      calls(['get_customer', { customerId: ids[0]! }], ['get_ticket', { ticketId }]),
      calls(['get_order', { orderId: 'ord_14921' }]),
      { content: 'I have read all of it.' },
    ]),
  ]);
}
