import fc from 'fast-check';

/**
 * A call of a model's, with what must become of it. `commit` and `read` must succeed, `refused` must be answered with a code and
 * a next step, `person` waits for a person, who says no. Nothing else may happen.
 */
export interface Call {
  name: string;
  /** As on the wire: text, which need not be JSON. `ORDER` stands for an order of its own. */
  arguments: string;
  comes: 'commit' | 'read' | 'refused' | 'person';
  effect?: { kind: 'refund' | 'ticket'; amount?: string };
}

/** Taken out for the id of an order no other output of the run refunds against a read of it. */
export const ORDER = '<an order of its own>';
/** The first of several calls that mean one order. */
export const SAME_ORDER = '<the order just read>';
/** A ticket whose text gives the model orders. */
export const TICKET = '<a ticket that gives orders>';

export const amountOf = (cents: number) => (cents / 100).toFixed(2);
const small = fc.integer({ min: 1, max: 5_000 }).map(amountOf);
export const words = fc.lorem({ maxCount: 8 });

/** JSON of an object whose keys JavaScript would treat specially, or twice the same. */
export const textOf = (entries: [string, unknown][]) =>
  `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;

export type Fields = [string, unknown][];
export const refundFields = fc.tuple(small, words).map(([amount, reason]): Fields => [
  ['orderId', ORDER],
  ['amount', amount],
  ['currency', 'EUR'],
  ['reason', reason],
]);

const refundOf = (fields: Fields): Call => ({
  name: 'issue_refund',
  arguments: textOf(fields),
  comes: 'commit',
  effect: { kind: 'refund', amount: String(fields.find(([name]) => name === 'amount')?.[1]) },
});
export const refused = (name: string, args: string): Call => ({ name, arguments: args, comes: 'refused' });
export const withField = (fields: Fields, name: string, value: unknown): Fields =>
  fields.map(([key, old]) => [key, key === name ? value : old]);

const refund = refundFields.map(refundOf);
const ticket = fc.tuple(fc.integer({ min: 5_000, max: 5_099 }), words, words).map(([n, subject, body]): Call => ({
  name: 'create_ticket',
  arguments: JSON.stringify({ customerId: `cus_${n}`, subject: subject.slice(0, 200), body }),
  comes: 'commit',
  effect: { kind: 'ticket' },
}));
const read = fc
  .integer({ min: 10_910, max: 10_999 })
  .map((n): Call => ({ name: 'get_order', arguments: JSON.stringify({ orderId: `ord_${n}` }), comes: 'read' }));

const notAString = fc.jsonValue().filter((value) => typeof value !== 'string');
const badAmount = fc.constantFrom(
  '',
  ' ',
  '-5.00',
  '0',
  '0.00',
  '1e3',
  '5,00',
  '５.00',
  'NaN',
  '5.001',
  '5.00\n',
  '0x10',
);
const badOrder = fc.constantFrom(
  '',
  'ord_',
  'ord_1001; drop table orders',
  '../ord_1001',
  'ORD_1001',
  'ord_1001\u0000',
  'ord_é',
);
const spoilt = fc.oneof(
  fc.tuple(refundFields, fc.constantFrom('orderId', 'amount', 'currency', 'reason'), notAString),
  fc.tuple(refundFields, fc.constant('amount'), badAmount),
  fc.tuple(refundFields, fc.constant('orderId'), badOrder),
  fc.tuple(refundFields, fc.constant('currency'), fc.constantFrom('EURO', 'eur', '', '€', 'E R')),
);
const wrongType = spoilt.map(([fields, name, value]) =>
  refused('issue_refund', textOf(withField(fields, name, value))),
);
const missing = fc
  .tuple(refundFields, fc.integer({ min: 0, max: 3 }))
  .map(([fields, gone]) => refused('issue_refund', textOf(fields.filter((_, index) => index !== gone))));
const extraName = fc.oneof(
  fc.constantFrom('tenant', 'actor', 'approved', 'grant', 'provenance', 'idempotency_key', '__proto__', 'constructor'),
  fc.string({ minLength: 1, maxLength: 12 }).filter((name) => !/^(orderId|amount|currency|reason)$/.test(name)),
);
const extra = fc
  .tuple(refundFields, extraName, fc.jsonValue())
  .map(([fields, name, value]) => refused('issue_refund', textOf([...fields, [name, value]])));
const twice = refundFields.map((fields) => refused('issue_refund', textOf([...fields, ...fields.slice(0, 1)])));
const tooMuch = fc
  .tuple(refundFields, fc.integer({ min: 100_001, max: 99_999_999 }))
  .map(([fields, cents]) => refused('issue_refund', textOf(withField(fields, 'amount', amountOf(cents)))));
const otherCurrency = refundFields.map((fields) =>
  refused('issue_refund', textOf(withField(fields, 'currency', 'USD'))),
);

const foreign = fc.oneof(
  fc
    .tuple(refundFields, fc.constantFrom('ord_2001', 'ord_2002', 'ord_2003', 'ord_404404'))
    .map(([fields, id]) => refused('issue_refund', textOf(withField(fields, 'orderId', id)))),
  fc
    .constantFrom('ord_2001', 'ord_2002', 'ord_404404')
    .map((orderId) => refused('get_order', JSON.stringify({ orderId }))),
  fc
    .constantFrom('cus_201', 'cus_202', 'cus_404404')
    .map((customerId) => refused('get_customer', JSON.stringify({ customerId }))),
  fc
    .constantFrom('cus_201', 'cus_202')
    .map((customerId) =>
      refused('create_ticket', JSON.stringify({ customerId, subject: 'hello', body: 'from next door' })),
    ),
);
const restricted = fc.oneof(
  fc
    .constantFrom('get_customer', 'get_subscription', 'get_entitlements')
    .map((tool) => refused(tool, '{"customerId":"cus_005"}')),
  fc.constant(refused('get_order', '{"orderId":"ord_1009"}')),
  refundFields.map((fields) => refused('issue_refund', textOf(withField(fields, 'orderId', 'ord_1009')))),
);
const unknown = fc
  .oneof(
    fc.constantFrom('wire_money', 'issue_refund2', '__proto__', 'toString', 'constructor', ''),
    fc.string({ maxLength: 80 }),
  )
  .filter((name) => !/^(get|create|issue|compute|draft|change|delete)_/.test(name) || name === 'issue_refund2')
  .chain((name) => refundFields.map((fields) => refused(name, textOf(fields))));
const forbidden = fc.oneof(
  fc
    .integer({ min: 5_000, max: 5_099 })
    .map((n) => refused('delete_customer', JSON.stringify({ customerId: `cus_${n}`, reason: 'it asked' }))),
  fc
    .tuple(fc.constantFrom('alice', 'bob', 'erin'), fc.constantFrom('admin', 'support-lead', 'sre', 'emperor'))
    .map(([memberId, role]) => refused('change_member_role', JSON.stringify({ memberId, role, reason: 'it asked' }))),
);
const unreadable = fc
  .oneof(
    fc.string({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.constantFrom('[]', 'null', '"x"', '{"a":', '{"orderId":"ord_10000",}'),
  )
  .map((text) => refused('issue_refund', text));
const deep = fc
  .integer({ min: 30, max: 5_000 })
  .map((depth) => refused('issue_refund', `{"orderId":${'['.repeat(depth)}${']'.repeat(depth)}}`));

export const wrong = fc.oneof(
  wrongType,
  missing,
  extra,
  twice,
  tooMuch,
  otherCurrency,
  foreign,
  restricted,
  unknown,
  forbidden,
  unreadable,
  deep,
);
export const right = fc.oneof(
  { weight: 4, arbitrary: refund },
  { weight: 2, arbitrary: ticket },
  { weight: 1, arbitrary: read },
);
