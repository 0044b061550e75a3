import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Person } from '@countersign/contracts';

/*
 * 1. A session id says itself whose it is: a random name and a MAC over name, tenant, user and workflow. No instance has to remember it,
 *    and one of another user, tenant or workflow is as good as none.
 * 2. It is no credential: every request needs its token as well.
 */
const SESSION_ID = /^([\w-]{22})\.([\w-]{43})$/;

/** What an MCP session id is bound to. */
export interface Bound {
  person: Pick<Person, 'tenant' | 'sub'>;
  workflow: string;
}

export function newSessionId(key: Buffer, bound: Bound): string {
  const name = randomBytes(16).toString('base64url');
  return `${name}.${mac(key, name, bound)}`;
}

/** The session its actions are requested in; undefined where the id is not this caller's. */
export function sessionOf(key: Buffer, id: string, bound: Bound): string | undefined {
  const [, name, given] = SESSION_ID.exec(id) ?? [];
  if (!name || !given) return undefined;
  const isOurs = timingSafeEqual(Buffer.from(given), Buffer.from(mac(key, name, bound)));
  return isOurs ? `mcp-${name}` : undefined;
}

const mac = (key: Buffer, name: string, { person: { tenant, sub }, workflow }: Bound) =>
  createHmac('sha256', key)
    .update(JSON.stringify(['mcp-session', name, tenant, sub, workflow]))
    .digest('base64url');
