import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { MADE, table } from './text.mjs';

/** In the order of an intent's way. */
export const SERVICES = ['policy', 'planner', 'approval', 'executor', 'audit', 'gateway'];
const SECRET = /PASSWORD|SECRET|API_KEY|DATABASE_URL/;

function shapeOf(property) {
  if (property.enum) return property.enum.map((value) => `\`${value}\``).join(' ');
  const { minimum, maximum, type = 'text', format } = property;
  if (type === 'integer' || type === 'number')
    return minimum === undefined && maximum === undefined ? 'a number' : `${minimum ?? ''}…${maximum ?? ''}`;
  return format === 'uri' ? 'a URL' : type === 'boolean' ? '`true` or `false`' : 'a text';
}

function rowsOf(schema, without = new Set()) {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const required = new Set(json.required ?? []);
  return Object.entries(json.properties)
    .filter(([name]) => !without.has(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, property]) => {
      const otherwise = property.default === undefined ? '' : `\`${property.default}\``;
      const must = required.has(name) ? '**required**' : otherwise;
      if (!property.description) throw new Error(`${name} says not what it is for: .describe(…)`);
      const words = SECRET.test(name) ? `${property.description} A secret.` : property.description;
      return [`\`${name}\``, outShape(schema, name) ?? shapeOf(property), must, words];
    });
}

/** A number is written as a text and taken as a number: its bounds are those of what comes out. */
function outShape(schema, name) {
  const out = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }).properties[name];
  return out && ['integer', 'number', 'boolean'].includes(out.type) ? shapeOf(out) : undefined;
}

export async function settings(root) {
  const { baseConfig } = await import('@countersign/host');
  const common = new Set(Object.keys(z.toJSONSchema(baseConfig, { io: 'input', unrepresentable: 'any' }).properties));
  const head = ['setting', 'form', 'default', 'what for'];
  const sections = [];
  for (const service of SERVICES) {
    const module = await import(pathToFileURL(path.join(root, 'apps', service, 'dist/config.js')).href);
    const rows = rowsOf(module[`${service}Config`], common);
    sections.push(`## ${service}\n\n${table(head, rows)}`);
  }
  return `# Settings

${MADE} Each is a variable of the environment, or a file's content where
\`<NAME>_FILE\` names the file (secrets). Empty is as if missing. A service that is told something wrong names all of it and ends with 2.

## Every service

${table(head, rowsOf(baseConfig))}

${sections.join('\n\n')}
`;
}
