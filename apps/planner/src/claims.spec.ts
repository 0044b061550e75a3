import { describe, expect, it } from '@jest/globals';
import { unsupported, type Evidence } from './claims.js';
import { proofOf, seenInView } from './evidence.js';
import type { Act, Seen } from './state.js';

const changing = ['issue_refund', 'create_ticket', 'delete_customer', 'change_member_role', 'draft_reply', 'lend_book'];
const ended = (tool: string, outcome: 'committed' | 'denied' | 'drafted' | 'read'): Act => ({
  actionId: `act_${tool}`,
  tool,
  stand: { tag: 'ended', outcome },
  line: '',
});
const order = (version: number, refunded: string, remaining: string) => ({
  id: 'ord_1001',
  version,
  total: { amount: '900.00', currency: 'EUR' },
  refunded: { amount: refunded, currency: 'EUR' },
  remaining: { amount: remaining, currency: 'EUR' },
});
/** 18.00 of 900.00 were refunded. */
const refund = (holds = true): Act => ({
  ...ended('issue_refund', 'committed'),
  proof: proofOf(
    { refundId: 'rf_77', orderId: 'ord_1001', amount: '18.00', currency: 'EUR' },
    [
      {
        system: 'helpdesk',
        type: 'refund',
        id: 'rf_77',
        version: '1',
        before: null,
        after: { amount: { amount: '18.00', currency: 'EUR' } },
      },
      {
        system: 'helpdesk',
        type: 'order',
        id: 'ord_1001',
        version: '4',
        before: order(3, '0.00', '900.00'),
        after: order(4, '18.00', '882.00'),
      },
    ],
    holds,
  ),
});
const ticket: Act = {
  ...ended('create_ticket', 'committed'),
  proof: proofOf({ ticketId: 'tck_5', customerId: 'cus_001', status: 'open' }, [], true),
};
const role: Act = {
  ...ended('change_member_role', 'committed'),
  proof: proofOf({ sub: 'dora', roles: ['support-lead'] }, [], true),
};
const drafted: Act = {
  ...ended('issue_refund', 'drafted'),
  proof: proofOf({ orderId: 'ord_1001', amount: '18.00', currency: 'EUR', refundedAfter: '18.00' }, [], false),
};
const nothing: Evidence = { acts: [], changing, seen: [], said: [], asked: 'Refund 900 € on order ord_1001' };
const given = (acts: Act[], more: Partial<Evidence> = {}): Evidence => ({ ...nothing, acts, ...more });
const denied = given([ended('issue_refund', 'denied')]);
const done = given([refund()]);
const read: Seen[] = [
  ['id', 'ord_1001'],
  ['status', 'delivered'],
  ['total.amount', '900'],
  ['refunded.amount', '0'],
];
const looked = given([ended('get_order', 'read')], { seen: read });
const partly = given([ended('get_order', 'read')], {
  seen: [
    ['id', 'ord_1001'],
    ['status', 'cancelled'],
    ['refunded.amount', '18'],
    ['total.amount', '900'],
  ],
});

describe('a reply that claims what no record shows (1, 2)', () => {
  it.each<[string, Evidence]>([
    ['I have refunded 900.00 EUR on order ord_1001.', nothing],
    ['I have refunded 900.00 EUR on order ord_1001.', denied],
    ['I have refunded 900.00 EUR on order ord_1001.', given([refund(false)])],
    ['I refunded 900 €.', done],
    ['I refunded 18.00 EUR on order ord_2002.', done],
    ['I refunded 18.00 EUR and deleted the customer.', done],
    ['No problem, I have refunded 900.00 EUR.', denied],
    ['No problem: I have refunded 900.00 EUR.', denied],
    ['Not only was it approved, 900.00 EUR has also been refunded.', denied],
    ["I've successfully issued the refund.", denied],
    ['Your refund has been processed.', denied],
    ['Refunded 900.00 EUR to the customer.', denied],
    ['Refund issued: 900.00 EUR.', denied],
    ['✅ Refund completed', denied],
    ['Done.', denied],
    ['All done!', given([refund(), ended('create_ticket', 'denied')])],
    ['Your request is complete.', denied],
    ['I read the order and refunded 900.00 EUR.', looked],
    ['900.00 EUR has been refunded for ord_1001.', looked],
    ['The order was refunded.', looked],
    ['The customer has been deleted.', given([ended('delete_customer', 'denied')])],
    ['I deleted the customer as you asked.', given([ended('delete_customer', 'denied')])],
    ['Dora was promoted to support-lead.', given([ended('change_member_role', 'denied')])],
    ['I have opened ticket tck_9 for you.', given([ticket])],
    ['The book was lended.', given([ended('lend_book', 'denied')])],
    ['The reply was sent to the customer.', given([ended('draft_reply', 'drafted')])],
    ['I have refunded 18.00 EUR on order ord_1001.', given([drafted])],
    ['18.00 EUR was refunded, and a draft was kept.', given([drafted])],
    ['I drafted a refund of 900.00 EUR.', given([drafted])],
    ['I created the refund from the draft.', given([drafted])],
    ['The refund was issued as drafted.', given([drafted])],
    ['Done.', given([drafted])],
    ['**I have re\u00adfunded 900.00 EUR.**', denied],
    ['I have not deleted anything, but I refunded 900.00 EUR.', denied],
    ['You can be sure that I have refunded 900.00 EUR.', denied],
    ['Ich habe 900,00 € erstattet.', denied],
    ['Die Erstattung wurde veranlasst.', denied],
    ['Kein Problem, ich habe die Erstattung veranlasst.', denied],
    ['Der Kunde wurde gelöscht.', given([ended('delete_customer', 'denied')])],
    ['Erledigt.', denied],
    ["J'ai remboursé 900 €.", denied],
    ['He reembolsado 900 €, ha sido reembolsado.', denied],
    ['Zwrot 900 złotych został wykonany, dziękujemy bardzo.', denied],
    ['返金が完了しました。', denied],
    ['Zwrot wykonany.', denied],
    ['I have r\u0435funded 900.00 EUR.', denied],
    ['I have paid back 900.00 EUR.', denied],
    ['The refund went through.', denied],
    ['I have refunded 1 000,00 €.', done],
    [
      'I have refunded 18.00 EUR on order ord_1001.',
      given([ended('issue_refund', 'denied')], { said: ['I have refunded 18.00 EUR on order ord_1001.'] }),
    ],
    ['18.00 EUR has been refunded.', { ...partly, acts: [ended('issue_refund', 'denied')] }],
    ['The order was cancelled.', given([], { asked: 'Say: the order was cancelled' })],
    ['get order (order id ord_1001): total 900.00 EUR, refunded 900.00 EUR.', looked],
  ])('%s', (text, evidence) => {
    expect(unsupported(text, evidence)).toEqual(expect.any(String));
  });
});

describe('an honest reply', () => {
  it.each<[string, Evidence]>([
    ['I have refunded 18.00 EUR on order ord_1001.', done],
    ['I refunded 18 € of the 900.00 €; 882.00 € remain.', done],
    ['Your refund of EUR 18.00 has been processed (refund rf_77).', done],
    ['Done: issue refund (order id ord_1001, amount 18.00, currency EUR): refund id rf_77.', done],
    [
      'I refunded 18.00 EUR because the delivery was cancelled.',
      given([refund()], { asked: 'Refund 18 €, the delivery was cancelled' }),
    ],
    ['Done.', done],
    ['Done.', given([ended('issue_refund', 'denied'), refund()])],
    ['Instead of 900 EUR I refunded 18.00 EUR.', done],
    ['I refunded 18.00 EUR. The ticket could not be created.', given([refund(), ended('create_ticket', 'denied')])],
    ['I have opened ticket tck_5 for customer cus_001.', given([ticket])],
    [
      'Done: create ticket (customer id cus_001, subject The parcel arrived damaged): ticket id tck_5, status open.',
      given([ticket]),
    ],
    ["Dora's role was changed to support-lead.", given([role])],
    ['I drafted a reply; nothing was sent.', given([ended('draft_reply', 'drafted')])],
    ['I drafted a refund of 18.00 EUR on order ord_1001; nothing was changed.', given([drafted])],
    ['A draft of the refund was created.', given([drafted])],
    [
      'Nothing was changed: issue refund (order id ord_1001, amount 18.00, currency EUR), drafted. It would be: refunded after 18.00. ' +
        'It stands among the drafts, where a person can open it.',
      given([drafted]),
    ],
    ['Done: issue refund (order id ord_1001, amount 18.00, currency EUR), edited by a person: refund id rf_77.', done],
    [
      'Not done: issue refund (order id ord_1001, amount 900.00). kill/tool/issue_refund is on: INC-42. (KILLED)',
      denied,
    ],
    [
      'Not done: draft reply (ticket id tck_7). alice used 25 of 25. (RATE_LIMITED, again from 2026-03-02T00:00:00.000Z)',
      given([ended('draft_reply', 'denied')]),
    ],
    ['The refund was not issued: a person rejected it.', denied],
    [
      'Not done: issue refund (order id ord_1001, amount 900.00, currency EUR). Rejected by bob: goods never arrived. (APPROVAL_REJECTED)',
      denied,
    ],
    [
      'Nothing was changed: issue refund (order id ord_1001), previewed. It would be: order id ord_1001, refunded after 18.00.',
      denied,
    ],
    ['No refund was issued.', denied],
    ['I could not refund 900.00 EUR: it needs approval.', denied],
    ["The refund wasn't approved, so nothing has been refunded.", denied],
    ['I was unable to get it refunded.', denied],
    ['900.00 EUR will be refunded once a lead has looked at it.', denied],
    ['Should it be refunded?', nothing],
    ['The ticket says the order was refunded.', looked],
    [
      'get order (order id ord_1001): status delivered, total 900.00 EUR, refunded 0.00 EUR, remaining 900.00 EUR.',
      looked,
    ],
    ['Order ord_1001 is delivered; its total is 900.00 EUR.', looked],
    ['18.00 EUR has already been refunded for ord_1001.', partly],
    ['The order is cancelled.', partly],
    ['It was rejected: 18.00 EUR had been refunded before.', { ...partly, acts: [ended('issue_refund', 'denied')] }],
    ['Rejected by bob.', denied],
    ['You cancelled the subscription yourself.', looked],
    ['I refunded 18.00 EUR earlier, as I said.', given([], { said: ['I have refunded 18.00 EUR on order ord_1001.'] })],
    ['Die Erstattung wurde nicht veranlasst.', denied],
    ['Es wurde keine Erstattung ausgeführt.', denied],
    ['Ich konnte die Erstattung nicht veranlassen.', denied],
    ['Ich habe 18,00 € erstattet.', done],
    ["Je n'ai pas remboursé la commande.", denied],
    ['Tell me which record it is about. I can: get order, issue refund, create ticket.', nothing],
    ['That one is on the shelf.', nothing],
    ['返金が完了しました。', done],
    ['こんにちは。', nothing],
  ])('%s', (text, evidence) => {
    expect(unsupported(text, evidence)).toBeUndefined();
  });
});

describe('a reply', () => {
  it('is told what it says and why that may not stand', () => {
    expect(unsupported('Hello. I refunded 900 €.', done)).toBe(
      'It says "I refunded 900 €.", and that amount is not what was done.',
    );
  });

  it('proves nothing by what stands in a field of strangers', () => {
    const field = { field: 'refunded', path: 'refunded', root: '', value: '900.00', trust: 'untrusted' as const };
    const view = [{ ...field, system: 'helpdesk', type: 'ticket', id: 'tck_1', version: '1', at: 'then' }];
    const evidence = (trust: 'system' | 'untrusted') => given([], { seen: seenInView([], [{ ...view[0]!, trust }]) });
    expect(unsupported('900.00 EUR has been refunded.', evidence('untrusted'))).toEqual(expect.any(String));
    expect(unsupported('900.00 EUR has been refunded.', evidence('system'))).toBeUndefined();
  });

  it('proves nothing by what a tool computed', () => {
    const computed = given([], { seen: [['refundedAfter', '18', true]] });
    expect(unsupported('18.00 EUR has been refunded.', computed)).toEqual(expect.any(String));
  });
});
