import { fieldName } from '../../ui/record-name.js';
import type { Tool } from './workflow.js';

type Permitted = Pick<Tool, 'permissions'>;

/** Everybody the permission maps of these tools name, those who may call the most first. */
export function rolesOf(tools: readonly Permitted[]): string[] {
  const calls = new Map<string, number>();
  for (const { permissions } of tools) {
    for (const role of permissions.roles) calls.set(role, (calls.get(role) ?? 0) + 1);
    for (const { roles } of Object.values(permissions.approvals))
      for (const role of roles) calls.set(role, calls.get(role) ?? 0);
  }
  return [...calls].sort(([a, most], [b, other]) => other - most || a.localeCompare(b)).map(([role]) => role);
}

/** What a role may do with a tool, in words; nothing where it may do nothing. */
export function permissionOf({ permissions }: Permitted, role: string): string[] {
  const { roles, restricted, approvals } = permissions;
  const asks = roles.includes(role) ? [`asks${restricted.includes(role) ? ', of restricted records too' : ''}`] : [];
  const approves = Object.entries(approvals)
    .filter(([, need]) => need.roles.includes(role))
    .map(([argument, { when }]) => `approves ${fieldName(argument)} ${when}`);
  return [...asks, ...approves];
}

/** Whose word counts on a commit of this tool that is in doubt; whoever was asked to approve it may give it as well. */
export function settlersOf(tool: string, tools: readonly (Permitted & Pick<Tool, 'name' | 'workflow'>)[]): string[] {
  const own = tools.find(({ name }) => name === tool);
  const approvers = (some: readonly Permitted[]) => [
    ...new Set(some.flatMap(({ permissions }) => Object.values(permissions.approvals).flatMap(({ roles }) => roles))),
  ];
  if (!own) return [];
  const named = approvers([own]);
  return named.length > 0 ? named : approvers(tools.filter(({ workflow }) => workflow === own.workflow));
}

/** One argument as people read it. */
export interface Argument {
  name: string;
  required: boolean;
  /** What may stand there. */
  takes: string;
  description: string | undefined;
  /** How its values are kept. */
  dataClass: string;
}

export const argumentsOf = ({ input, dataClasses }: Pick<Tool, 'input' | 'dataClasses'>): Argument[] => {
  const required = Array.isArray(input['required']) ? input['required'] : [];
  return Object.entries(asObject(input['properties'])).map(([name, given]) => {
    const { description } = asObject(given);
    return {
      name,
      required: required.includes(name),
      takes: takes(asObject(given)),
      description: typeof description === 'string' ? description : undefined,
      dataClass: dataClasses[name] ?? 'of its parts',
    };
  });
};

type Schema = Record<string, unknown>;
const asObject = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

const NAMES: Record<string, string> = {
  string: 'text',
  integer: 'whole number',
  boolean: 'yes or no',
  object: 'parts',
};

/** What a JSON Schema lets stand, in a line. */
function takes(schema: Schema): string {
  const { type, items, pattern, format } = schema;
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].map(String).join(', ')}`;
  if ('const' in schema) return `only ${String(schema['const'])}`;
  const either = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(either)) return either.map((each) => takes(asObject(each))).join(', or ');
  if (type === 'array') return `list of ${takes(asObject(items))}${range(schema, 'Items')}`;
  const name = typeof type === 'string' ? (NAMES[type] ?? type) : 'anything';
  const like = typeof format === 'string' ? `, ${format}` : typeof pattern === 'string' ? `, like ${pattern}` : '';
  const bounds = type === 'string' ? range(schema, 'Length') : range(schema, 'imum');
  return `${name}${bounds}${like}`;
}

function range(schema: Schema, of: 'Items' | 'Length' | 'imum'): string {
  const [least, most] = [schema[`min${of}`], schema[`max${of}`]];
  const unit = of === 'Length' ? ' characters' : '';
  if (least !== undefined && most !== undefined) return ` (${String(least)} to ${String(most)}${unit})`;
  if (most !== undefined) return ` (at most ${String(most)}${unit})`;
  return least === undefined ? '' : ` (at least ${String(least)}${unit})`;
}
