import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';

const GATEWAY = process.env['GATEWAY'] ?? 'http://127.0.0.1:8080';
const IDENTITY = process.env['IDENTITY'] ?? '';
const API = /^\/(v1|access|openapi\.json|asyncapi\.json|healthz|readyz|metrics)(\/|\?|$)/;

/**
 * For work on the page alone: requests go on to a gateway (`GATEWAY`) with the token of a person of the embedded identity
 * provider (`IDENTITY`, its URL). Who that is says `AS` (default bob), or the header `x-dev-as` of each request.
 */
export function devProxy(): Plugin {
  const tokens = new Map<string, Promise<{ token: string; claims: Claims }>>();
  const signedIn = (person: string) => {
    const known = tokens.get(person) ?? signIn(person);
    tokens.set(person, known);
    return known;
  };
  return {
    name: 'countersign-dev-proxy',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = request.url ?? '/';
        if (!API.test(url) && !url.startsWith('/auth/session')) return next();
        const person = String(request.headers['x-dev-as'] ?? process.env['AS'] ?? 'bob');
        void signedIn(person)
          .then((who) =>
            url.startsWith('/auth/session') ? session(who.claims, response) : forward(request, response, who.token),
          )
          .catch((error: Error) => response.writeHead(502).end(error.message));
      });
    },
  };
}

interface Claims {
  sub: string;
  tenant: string;
  roles: string[];
  exp: number;
}

async function signIn(person: string) {
  const form = {
    grant_type: 'urn:countersign:dev-login',
    client_id: 'countersign-cli',
    username: person,
    ttl: '86400',
  };
  const answer = await fetch(new URL('/token', IDENTITY), { method: 'POST', body: new URLSearchParams(form) });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as Claims;
  return { token, claims };
}

function session({ sub, tenant, roles, exp }: Claims, response: ServerResponse) {
  const body = { person: { sub, tenant, roles }, csrfToken: 'dev', expiresAt: new Date(exp * 1000).toISOString() };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function forward(request: IncomingMessage, response: ServerResponse, token: string) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  for (const name of ['accept', 'content-type', 'idempotency-key', 'last-event-id'])
    if (request.headers[name]) headers[name] = String(request.headers[name]);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const answer = await fetch(new URL(request.url!, GATEWAY), {
    ...{ method: request.method, headers, signal: gone.signal },
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  });
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
  try {
    for await (const chunk of answer.body ?? []) response.write(chunk);
  } catch {
    // The browser has gone, and so has the stream.
  }
  response.end();
}
