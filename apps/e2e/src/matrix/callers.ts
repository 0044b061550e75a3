import { testIssuer } from '@countersign/testing';
import type { World } from '../world.js';

/** Who asks. Tenant and roles are those of the token's own claims. */
export interface Caller {
  name: string;
  token: string | undefined;
  /** Undefined: nobody vouches for a person, so nothing is permitted. */
  person: { sub: string; tenant: string; roles: string[] } | undefined;
}

export const PEOPLE = ['alice', 'bob', 'carol', 'sam', 'ruth', 'audra', 'adam', 'erin', 'gil'] as const;

/** Everybody of both tenants, and three whom nobody vouches for: no token, a service account, a token of another issuer. */
export async function callersOf(world: World): Promise<Caller[]> {
  const stranger = await testIssuer();
  const foreign = await stranger.token({ sub: 'alice', tenant: 'acme', roles: ['admin', 'sre', 'support-lead'] });
  await stranger.stop();
  const people = PEOPLE.map(async (name) => {
    const token = await world.token(name);
    return { name, token, person: claimsOf(token) };
  });
  return [
    ...(await Promise.all(people)),
    { name: 'assistant', token: await world.token('assistant'), person: undefined },
    { name: 'no token', token: undefined, person: undefined },
    { name: 'another issuer', token: foreign, person: undefined },
  ];
}

function claimsOf(token: string): Caller['person'] {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Caller['person'];
  return { sub: claims!.sub, tenant: claims!.tenant, roles: claims!.roles };
}

export interface Answer {
  status: number;
  /** As it came. */
  text: string;
  body: Record<string, unknown>;
}

let asked = 0;

/** One HTTP request of a caller's, as curl would send it. */
export async function ask(
  world: World,
  { token }: Caller,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(body ? { 'content-type': 'application/json' } : {}),
    ...(method === 'POST' ? { 'idempotency-key': `matrix-${process.pid}-${Date.now()}-${asked++}` } : {}),
  };
  const request = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
  const response = await fetch(`${world.system.urls.gateway}${path}`, request);
  const text = await textOf(response);
  return { status: response.status, text, body: parsed(text) };
}

/** Of a stream, which does not end, what is said first. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get('content-type') !== 'text/event-stream') return response.text();
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
