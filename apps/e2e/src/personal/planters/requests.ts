import { ASCII, WORD } from '../encodings.js';
import { fresh, http, publish, remember, scripted, type Stage } from '../stage.js';

const READ = { tool: 'get_order', arguments: { orderId: 'ord_1001' } };
const ticket = (body: string, subject = 'Call back') => ({
  tool: 'create_ticket',
  arguments: { customerId: 'cus_5070', subject, body },
});

/** These values are in helpdesk afterwards. */
export const COMMITTED = 'an argument';

/** What a product says in words and arguments, by Kafka and over HTTP. */
export async function inWords(stage: Stage): Promise<void> {
  const { dealer, alice } = stage;
  const text = dealer.words('text of an intent');
  await Promise.all([
    publish(stage, { data: { text: `Please open a ticket for customer cus_5070: call back ${text}.` } }),
    scripted(stage, [{ content: 'I have read it.' }], `Here is ${dealer.words('text of an intent')}, keep it.`),
    publish(stage, { data: ticket(dealer.words(COMMITTED)) }),
    publish(stage, { data: { ...ticket(dealer.words('an argument of a dry run')), dry_run: true } }),
    publish(stage, { data: { ...READ, rationale: dealer.words('rationale') } }),
    publish(stage, {
      data: { tool: 'get_order', arguments: { orderId: dealer.one('an argument of the wrong form') } },
    }),
    publish(stage, {
      data: { tool: 'get_order', arguments: { orderId: 'ord_1001', [dealer.one('name of an argument')]: 1 } },
    }),
    publish(stage, { data: { tool: dealer.one('name of a tool'), arguments: {} } }),
    publish(stage, { data: { ...READ, workflow: dealer.one('name of a workflow') } }),
    publish(stage, { data: { text: 'Hello.', subject: { type: 'order', id: dealer.one('subject of an intent') } } }),
    publish(stage, { data: { text: dealer.words('text of a refused intent') }, token: undefined, nobodys: true }),
  ]);
  const bodies = [
    ['intents', { text: `Please keep ${dealer.words('text over HTTP')}. ` }],
    ['actions', ticket(dealer.words('an argument over HTTP'))],
    ['actions', { ...READ, rationale: dealer.words('rationale over HTTP') }],
    ['intents', { text: dealer.one('text over HTTP'), [dealer.one('an unknown field over HTTP')]: 1 }],
  ] as const;
  await Promise.all(
    bodies.map(async ([kind, data]) => {
      const session = fresh(stage, 'h');
      const headers = { 'idempotency-key': session };
      const body = { workflow: 'support-desk', session, ...data };
      remember(stage, await http(stage, alice.token, 'POST', `/v1/${kind}`, { headers, body }));
    }),
  );
}

/** What stands around the words: keys, ids, sessions, headers and extensions. */
export async function around(stage: Stage): Promise<void> {
  const { dealer, alice } = stage;
  const word = (path: string) => dealer.deal(path, { encodings: WORD }).map(({ text }) => text);
  const ascii = (path: string) => dealer.deal(path, { encodings: ASCII }).map(({ text }) => text);
  const all = (path: string) => dealer.deal(path).map(({ text }) => text);
  await Promise.all([
    ...all('a session').map((session) => publish(stage, { session, data: READ })),
    ...all('a session that the model answers').map((session) => publish(stage, { session, data: { text: 'Hello.' } })),
    ...all('id of an event').map((id) => publish(stage, { id, data: READ })),
    ...all('source of an event').map((source) => publish(stage, { source, data: READ })),
    ...all('key of a record').map((one) => publish(stage, { key: `acme/${one}`, data: READ })),
    ...all('tenant in a key').map((one) => publish(stage, { key: `${one}/s`, data: READ })),
    ...all('a header of Kafka').map((one) => publish(stage, { headers: { 'x-customer': one }, data: READ })),
    ...all('an extension').map((one) => publish(stage, { headers: { ce_customer: one }, data: READ })),
    ...all('an attribute').map((one) =>
      publish(stage, { headers: { ce_actorid: one, ce_subject: one, ce_correlationid: one }, data: READ }),
    ),
    ...all('an attribute of a refused intent').map((one) =>
      publish(stage, {
        headers: { ce_tenantid: one, ce_actorid: one },
        id: one,
        session: one,
        token: one,
        nobodys: true,
        data: READ,
      }),
    ),
  ]);
  const over = async (headers: Record<string, string>, session = fresh(stage, 'h')) => {
    const body = { workflow: 'support-desk', session, ...READ };
    const sent = { headers: { 'idempotency-key': fresh(stage, 'k'), ...headers }, body };
    remember(stage, await http(stage, alice.token, 'POST', '/v1/actions', sent));
  };
  await Promise.all([
    ...word('Idempotency-Key').map((one) => over({ 'idempotency-key': one })),
    ...all('a session over HTTP').map((one) => over({}, one)),
    ...ascii('a header of HTTP').map((one) =>
      over({ 'x-customer': one, 'user-agent': one, referer: one, tracestate: `a=${one}`, baggage: `customer=${one}` }),
    ),
  ]);
}
