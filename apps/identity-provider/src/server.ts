import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { people, personNamed } from './people.js';

/** The provider, with probes and a sign-in page on which one picks who to be. */
export function buildServer(provider: Provider): Server {
  const oidc = provider.callback();
  return createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://loopback').pathname;
    if (path === '/healthz' || path === '/readyz') return sendJson(response, 200, { status: 'ok' });
    if (path === '/') return sendJson(response, 200, about);
    if (!path.startsWith('/interaction/')) return void oidc(request, response);
    return void signIn(provider, request, response).catch((error: Error) =>
      sendJson(response, 400, { error: error.name, error_description: error.message }),
    );
  });
}

const about = {
  name: 'Countersign embedded identity provider',
  warning: 'For development on one machine: it asks for no passwords.',
  discovery: '/.well-known/openid-configuration',
};

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') {
    await provider.interactionDetails(request, response);
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page());
    return;
  }
  const person = personNamed(new URLSearchParams(await bodyOf(request)).get('username') ?? '');
  if (!person)
    return sendJson(response, 422, { error: 'invalid_request', error_description: 'username: not a known person' });
  await provider.interactionFinished(request, response, { login: { accountId: person.sub } });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > 4_096) throw new Error('The form is too long.');
  }
  return body;
}

function page(): string {
  const choices = people.map(
    ({ sub, tenant, roles }) =>
      `<button name="username" value="${sub}"><b>${sub}</b> <span>${roles.join(', ')} @ ${tenant}</span></button>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in · Countersign</title>
<style>body{font:16px system-ui;max-width:26rem;margin:10vh auto;padding:0 1rem;color:#1c2126}
button{display:block;width:100%;margin:.4rem 0;padding:.7rem 1rem;text-align:left;font:inherit;border:1px solid #c5ccd3;border-radius:.4rem;background:#fff;cursor:pointer}
button:hover,button:focus-visible{border-color:#1f6feb;outline:2px solid #1f6feb33}span{color:#59636e;margin-left:.5rem}</style>
<h1>Who are you?</h1><p>Embedded identity provider, for development: no passwords.</p>
<form method="post">${choices.join('')}</form></html>`;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
