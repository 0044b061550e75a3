import { z } from 'zod';
import { dataClassOf } from '@countersign/contracts';
import { unwrap } from './classes.js';
import { DECIDES_OVER, type ApprovalNeed, type PermissionMap, type ToolContract } from './contract.js';

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const DECIMAL = /^\d{1,30}(\.\d{1,30})?$/;

/** All that makes a contract unfit, in words its author can act on. */
export function contractFlaws(contract: ToolContract): string[] {
  const flaws: string[] = [];
  if (!NAME.test(contract.name)) flaws.push('its name must be snake_case');
  flaws.push(...inputFlaws(contract));
  flaws.push(...permissionFlaws(contract));
  flaws.push(...decidesFlaws(contract));
  if (contract.effect !== 'read' && !contract.class) flaws.push('it changes state and names no effect class');
  const { subject } = contract;
  if (subject && !schemasOf(contract).some(([side, { shape }]) => side !== 'input' && Object.hasOwn(shape, subject)))
    flaws.push(`subject names ${subject}, which is no field of a result, effect or record`);
  for (const [side, schema] of schemasOf(contract)) {
    for (const field of unclassifiedFields(schema)) flaws.push(`${side} field ${field} has no data class`);
  }
  return flaws;
}

function inputFlaws({ input, imported }: ToolContract): string[] {
  const flaws: string[] = [];
  const fields = Object.entries<z.ZodType>(input.shape);
  const optional = fields.filter(([, field]) => field.safeParse(undefined).success).map(([name]) => name);
  if (optional.length > 2 && !imported) flaws.push(`more than two optional inputs (${optional.join(', ')})`);
  if (!(input.def.catchall instanceof z.ZodNever)) flaws.push('its input must be a z.strictObject: no field unseen');
  if (!hasJsonSchema(input)) flaws.push('its input has no JSON Schema: no transforms, dates or types of your own');
  return flaws;
}

/** A model is shown it; and a transform would be run by policy, which decides, and once more by the executor, which acts. */
function hasJsonSchema(input: z.ZodObject): boolean {
  const kinds = new Set<string>();
  try {
    z.toJSONSchema(input, { io: 'input', override: ({ zodSchema }) => void kinds.add(zodSchema._zod.def.type) });
  } catch {
    return false;
  }
  return !kinds.has('pipe') && !kinds.has('transform');
}

function permissionFlaws({ permissions, input, imported }: ToolContract): string[] {
  if (!(permissions as PermissionMap | undefined)?.roles) return ['it has no permission map'];
  const { roles, restricted = [], approvals = {} } = permissions;
  const inputs = Object.keys(input.shape);
  const flaws: string[] = [];
  if (roles.length === 0 && !imported) flaws.push('no role may call it');
  const strangers = restricted.filter((role) => !roles.includes(role));
  if (strangers.length > 0) flaws.push(`restricted roles may not call it: ${strangers.join(', ')}`);
  for (const [parameter, need] of Object.entries(approvals)) {
    if (!inputs.includes(parameter)) flaws.push(`approvals name ${parameter}, which is no input`);
    flaws.push(...needFlaws(need).map((flaw) => `approvals of ${parameter} ${flaw}`));
  }
  return flaws;
}

function decidesFlaws({ decides = {}, input }: ToolContract): string[] {
  return Object.entries(decides).flatMap(([name, over]) => {
    if (!Object.hasOwn(input.shape, name)) return [`decides names ${name}, which is no input`];
    return DECIDES_OVER.includes(over)
      ? []
      : [`${name} decides over ${String(over)}, which is none of ${DECIDES_OVER.join(', ')}`];
  });
}

function needFlaws({ when, roles, over, oneOf, always, approvals = 1 }: ApprovalNeed): string[] {
  const flaws: string[] = [];
  if (!when) flaws.push('say no `when`');
  if (roles.length === 0) flaws.push('name no role that may give it');
  if ([over, oneOf, always].filter((one) => one !== undefined).length !== 1)
    flaws.push('need one of over, oneOf and always');
  if (over !== undefined && !DECIMAL.test(over)) flaws.push('are over what is no decimal');
  if (oneOf?.length === 0) flaws.push('name no value');
  if (!Number.isInteger(approvals) || approvals < 1) flaws.push('ask for nobody');
  return flaws;
}

function schemasOf({ input, output, preview, records = {} }: ToolContract): [string, z.ZodObject][] {
  const shown = Object.entries(records).map(([type, schema]): [string, z.ZodObject] => [`record ${type}`, schema]);
  return [
    ['input', input],
    ['output', output],
    ...(preview ? [['preview', preview] as [string, z.ZodObject]] : []),
    ...shown,
  ];
}

/** Paths of the leaves that were given no class. */
export function unclassifiedFields(schema: z.ZodType, path = ''): string[] {
  if (dataClassOf(schema)) return [];
  const bare = unwrap(schema);
  if (bare instanceof z.ZodObject) {
    return Object.entries(bare.shape).flatMap(([name, field]) =>
      unclassifiedFields(field as z.ZodType, path ? `${path}.${name}` : name),
    );
  }
  if (bare instanceof z.ZodArray) return unclassifiedFields(bare.element as z.ZodType, `${path}[]`);
  return [path || '(root)'];
}

/** The schema of a field by its dotted path, a list's fields once; undefined if there is none. */
export function fieldAt(schema: z.ZodType, path: string): z.ZodType | undefined {
  return path.split('.').reduce<z.ZodType | undefined>((at, name) => {
    const bare = at && elementOf(at);
    return bare instanceof z.ZodObject && Object.hasOwn(bare.shape, name) ? (bare.shape[name] as z.ZodType) : undefined;
  }, schema);
}

function elementOf(schema: z.ZodType): z.ZodType {
  const bare = unwrap(schema);
  return bare instanceof z.ZodArray ? elementOf(bare.element as z.ZodType) : bare;
}
