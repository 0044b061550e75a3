import { parse, stringify } from 'yaml';
import type { Json, JsonObject } from '@countersign/contracts';
import { inputOf } from './input-schema.js';
import { asSchema, inputsOf, pointed, type Schema } from './json-schema.js';
import type { ImportedTool, ToolsFile } from './tools-file.js';

const MAX_DEPTH = 8;
/** No sample is longer, whatever a schema asks for: then its reviewer writes one. */
const MOST = 100;

/**
 * `evals/samples.yaml` of an imported package: one call of each tool that fits its schema, made from that schema alone, with which the
 * boundary suites try who may call what. `kept`: samples that stay as they are.
 */
export function writeSamples(name: string, { tools }: ToolsFile, kept: Record<string, unknown> = {}): string {
  const samples = Object.entries(tools).map(([tool, one]) => [tool, kept[tool] ?? sampleOf(one)] as const);
  const content = { workflow: name, tools: Object.fromEntries(samples) };
  return `# One call of each tool that fits its schema: the boundary suites are made from it. Nothing is ever sent to the server.\n${stringify(content, { aliasDuplicateObjects: false })}`;
}

/** The samples of these tools that stand in a file. */
export function samplesIn(text: string, names: readonly string[]): Record<string, unknown> {
  const { tools = {} } = parse(text, { maxAliasCount: 0 }) as { tools?: Record<string, unknown> };
  return Object.fromEntries(names.filter((name) => Object.hasOwn(tools, name)).map((name) => [name, tools[name]]));
}

function sampleOf(tool: ImportedTool) {
  const effects = tool.effect === 'read' ? {} : { effects: [{ kind: tool.remote }] };
  return { arguments: argumentsFor(tool), about: null, restricted: null, ...effects };
}

/** As few as it takes. Empty where none could be made: then a run of the cases names the tool. */
function argumentsFor({ inputSchema }: ImportedTool): JsonObject {
  const needed = Array.isArray(inputSchema['required']) ? inputSchema['required'].map(String) : [];
  const budget = { left: MOST };
  const made = inputsOf(inputSchema)
    .filter(([name]) => needed.includes(name))
    .map(([name, schema]) => [name, valueFor(schema, inputSchema, 0, budget)] as const);
  const args = Object.fromEntries(made);
  return inputOf(inputSchema, () => 'internal').safeParse(args).success ? args : {};
}

function valueFor(schema: Schema, root: Schema, depth: number, budget: { left: number }): Json {
  if (depth > MAX_DEPTH || budget.left-- <= 0) return null;
  const within = (one: unknown) => valueFor(asSchema(one), root, depth + 1, budget);
  if (typeof schema['$ref'] === 'string') return within(pointed(root, schema['$ref']));
  if ('const' in schema) return schema['const'] as Json;
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as Json;
  const either = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(either)) return within(either.find((one) => asSchema(one)['type'] !== 'null'));
  switch (Array.isArray(schema['type']) ? schema['type'][0] : schema['type']) {
    case 'string':
      return textFor(schema);
    case 'integer':
    case 'number':
      return Number(schema['minimum'] ?? 1);
    case 'boolean':
      return true;
    case 'array':
      return Array.from({ length: atMost(Math.max(1, Number(schema['minItems'] ?? 1))) }, () =>
        within(schema['items']),
      );
    case 'object': {
      const needed = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
      const properties = asSchema(schema['properties']);
      return Object.fromEntries(needed.map((name) => [name, within(properties[name])]));
    }
    default:
      return 'example';
  }
}

const TEXTS: Record<string, string> = {
  uri: 'https://example.com/',
  'uri-reference': '/example',
  date: '2026-01-15',
  'date-time': '2026-01-15T12:00:00Z',
  time: '12:00:00Z',
  uuid: '00000000-0000-4000-8000-000000000000',
  email: 'dana@example.com',
};

const textFor = ({ format, minLength }: Schema) =>
  (TEXTS[String(format)] ?? 'example').padEnd(atMost(Number(minLength ?? 0)), 'x');

const atMost = (count: number) => Math.min(Number.isFinite(count) ? count : 0, MOST);
