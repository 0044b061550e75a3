import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { MADE, table } from './text.mjs';

const callers = (who) => (who === 'anyone' ? 'anyone' : who === 'person' ? 'any person' : who.join(', '));

export async function api(root) {
  const { ROUTES } = await import(pathToFileURL(path.join(root, 'apps/gateway/dist/routes.js')).href);
  const rows = ROUTES.map(({ method, path: route, summary, callers: who }) => [
    `\`${method} ${route}\``,
    callers(who),
    summary,
  ]);
  return `# HTTP

${MADE} Bodies and answers: \`GET /openapi.json\` of a running gateway. A caller's tenant and
roles are those of the token; a refusal is \`application/problem+json\` with a [code](../codes.md) and what to do next.

${table(['route', 'who may', 'what'], rows)}
`;
}
