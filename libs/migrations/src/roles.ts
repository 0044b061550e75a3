import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** A service's login role. Roles belong to the whole server, so the database's name keeps two systems on one server apart. */
export const roleName = (database: string, service: string): string => `${database}_${service.replaceAll('-', '_')}`;

export const READER_SUFFIX = '_reader';
/** The role in which a service answers people's questions; see row-security.ts. */
export const readerOf = (role: string): string => `${role}${READER_SUFFIX}`;

const ITERATIONS = 4096;

/** What PostgreSQL stores of a password (RFC 5802): sent in its place, so that the password is in no statement and no log. */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const server = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${server}`;
}
