import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TOPICS } from '@countersign/contracts';
import { ASCII, WORD } from '../encodings.js';
import { http, produce, publish, type Stage } from '../stage.js';

const event = (type: string, id: string) => ({
  ...{ ce_specversion: '1.0', ce_id: id, ce_source: '/stranger', ce_type: type, 'content-type': 'application/json' },
});
const REQUEST = 'countersign.intent.requested.v1';

/** What can never be read, on every topic: in its bytes, its type, its keys, its headers. */
export async function poison(stage: Stage): Promise<void> {
  const { dealer, run } = stage;
  await Promise.all(
    TOPICS.map((topic) => {
      const one = () => dealer.one(`poison on ${topic}`);
      const key = () => (topic === 'control' ? `kill/tool/${one()}` : `acme/${one()}`);
      const id = `personal-poison-${run}`;
      const [a, b, c, d] = [one(), one(), one(), one()];
      return produce(
        stage,
        topic,
        { key: key(), value: `${a}`, headers: event(REQUEST, id) },
        { key: key(), value: JSON.stringify({ a }).slice(0, -1), headers: event(REQUEST, id) },
        { key: key(), value: '{}', headers: event(b, one()) },
        { key: key(), value: `{${JSON.stringify(c)}: 1, ${JSON.stringify(c)}: 2}`, headers: event(REQUEST, id) },
        {
          key: key(),
          value: JSON.stringify({ [d]: 1, workflow: d }),
          headers: { ...event(REQUEST, id), 'x-note': one(), ce_note: one() },
        },
      );
    }),
  );
}

/** What stands in paths, queries and headers of requests that come to nothing. */
export async function requests(stage: Stage): Promise<void> {
  const { dealer, alice, sam, bob } = stage;
  const paths = dealer.deal('a path', { encodings: WORD }).flatMap(({ text }) => {
    const one = encodeURIComponent(text);
    return [`/v1/${one}`, `/v1/intents/${one}`, `/v1/actions/${one}/explanation`, `/v1/traces/${one}`, `/${one}`];
  });
  const queries = dealer.deal('a query', { encodings: WORD }).flatMap(({ text }) => {
    const one = encodeURIComponent(text);
    return [
      `/v1/traces?q=${one}`,
      `/v1/traces?text=${one}&cursor=${one}`,
      `/v1/approvals?status=${one}`,
      `/v1/tools?x=${one}`,
    ];
  });
  await Promise.all([...paths, ...queries].map((one) => http(stage, alice.token, 'GET', one)));
  const posts = dealer.deal('a body that is refused').flatMap(({ text }) => [
    http(stage, bob.token, 'POST', `/v1/approvals/apr_none/decisions`, {
      body: { decision: 'approve', actionHash: text, reason: text },
    }),
    http(stage, bob.token, 'POST', `/v1/in-doubt/act_none/resolve`, { body: { outcome: 'committed', reason: text } }),
    http(stage, sam.token, 'PUT', `/v1/control/kill/${encodeURIComponent(text)}`, {
      body: { killed: true, reason: text },
    }),
    http(stage, sam.token, 'POST', `/v1/parked/${encodeURIComponent(text)}/redrive`),
    http(stage, alice.token, 'POST', '/v1/intents', { headers: { 'idempotency-key': 'x' }, body: `{"a": ${text}` }),
  ]);
  const headers = dealer.deal('a header of HTTP that is refused', { encodings: ASCII }).map(({ text }) =>
    http(stage, text, 'GET', '/v1/intents/int_none', {
      headers: { 'x-forwarded-for': text, cookie: text, origin: text },
    }),
  );
  await Promise.all([...posts, ...headers]);
}

/** Tokens of the identity provider's own key with claims no event needs, and tokens that prove nothing. */
export async function tokens(stage: Stage): Promise<void> {
  const { dealer, alice } = stage;
  const claims = JSON.parse(Buffer.from(alice.token.split('.')[1] ?? '', 'base64url').toString()) as object;
  const READ = { tool: 'get_order', arguments: { orderId: 'ord_1001' } };
  const forms = dealer
    .deal('a claim')
    .flatMap(({ text }) => [
      jwtOf(stage, { ...claims, name: text, email: text, phone_number: text, address: { formatted: text } }),
      jwtOf(stage, { ...claims, act: { sub: 'agent-7', email: text, [text]: text } }),
      jwtOf(stage, { ...claims, tenant: `${text}/`, sub: text }),
      jwtOf(stage, { ...claims, roles: [`${text}/`], sub: `${text}\u0000` }),
      jwtOf(stage, { ...claims, iss: `https://${text}/`, aud: text, exp: text }),
      `${Buffer.from(JSON.stringify({ alg: 'RS256', kid: text })).toString('base64url')}.e30.${text}`,
    ]);
  const unknown = jwtOf(stage, claims, `k-${stage.run}`);
  const text = `Keep ${dealer.words('text beside a token of an unknown key')}.`;
  await Promise.all([
    publish(stage, { token: unknown, nobodys: true, data: { text } }),
    ...forms.map((token) => publish(stage, { token, nobodys: true, data: READ })),
    ...forms
      .filter((token) => /^[\x20-\x7e]*$/.test(token))
      .map((token) => http(stage, token, 'GET', '/v1/intents/int_none')),
  ]);
}

function jwtOf({ world }: Stage, claims: object, kid?: string): string {
  const file = path.join(world.system.dataDir, 'identity', 'identity-keys.json');
  const { jwks } = JSON.parse(readFileSync(file, 'utf8')) as { jwks: { keys: { kid: string; kty: string }[] } };
  const jwk = jwks.keys[0]!;
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ alg: 'RS256', kid: kid ?? jwk.kid, typ: 'at+jwt' })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), createPrivateKey({ key: jwk, format: 'jwk' }));
  return `${input}.${signature.toString('base64url')}`;
}
