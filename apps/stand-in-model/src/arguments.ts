import { fieldsIn } from './conversation.js';
import { dateIn, emailIn, figuresIn, phoneIn, urlIn, type IdMention, type MoneyMention } from './mentions.js';
import { fieldsOf, nullable, resolved, typeOf, type Field, type Schema } from './schema.js';
import { fits, takesId, type KnownTool } from './tool-kinds.js';
import { meaningsIn, partsOf } from './words.js';

/** What arguments may be made of: the user's words about this step, and what was read. Never anything else. */
export interface Material {
  /** The user's words that ask for this step. */
  text: string;
  ids: IdMention[];
  money?: MoneyMention;
  /** Data of results, the nearest record first. */
  results: unknown[];
  dryRun: boolean;
}
export interface Filled {
  args: Record<string, unknown>;
  missing: string[];
}

const MONEY = /^(amount|total|sum|value|price|fee|charge|credit)$/;
const WORDS =
  /^(reason|rationale|note|notes|comment|justification|description|body|message|text|details|content|explanation|question|query|because|why)$/;
const HEADING = /^(subject|title|summary|topic|headline)$/;
const LEFT = ['remaining', 'refundable', 'outstanding', 'balance', 'total', 'amount', 'price', 'fee'];

export function fillArguments(tool: KnownTool, material: Material): Filled {
  return fillFields(tool.fields, tool, material);
}

function fillFields(fields: Field[], tool: KnownTool, material: Material): Filled {
  const args: Record<string, unknown> = {};
  const missing: string[] = [];
  for (const field of fields) {
    const value = fill(field, tool, material);
    if (value !== undefined) args[field.name] = value;
    else if (field.required && nullable(field.schema)) args[field.name] = null;
    else if (field.required) missing.push(field.name);
  }
  return { args, missing };
}

function fill(field: Field, tool: KnownTool, material: Material): unknown {
  const schema = resolved(field.schema);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return choice(schema.enum, field, material);
  if (takesId(field)) return idFor(field, tool, material);
  switch (typeOf(schema)) {
    case 'object':
      return objectFor(schema, field, tool, material);
    case 'array':
      return listFor(schema, field, tool, material);
    case 'boolean':
      return partsOf(field.name).includes('dry')
        ? material.dryRun
          ? true
          : required(field, false)
        : required(field, false);
    case 'integer':
    case 'number':
      return numberFor(schema, field, material);
    default:
      return textFor(schema, field, material);
  }
}

const required = (field: Field, value: unknown) =>
  field.required && field.schema.default === undefined ? value : undefined;

function choice(options: unknown[], field: Field, material: Material): unknown {
  if (partsOf(field.name).includes('currency')) {
    const { currency } = moneyFor(material) ?? {};
    return options.includes(currency) ? currency : required(field, undefined);
  }
  const said = new Set(meaningsIn(material.text));
  const parts = (option: unknown) => meaningsIn(partsOf(String(option)).join(' '));
  const meant =
    options.find((option) => parts(option).every((meaning) => said.has(meaning))) ??
    options.find((option) => parts(option).some((meaning) => said.has(meaning)));
  const other = options.find((option) => /^(other|unspecified|normal|general|none)$/i.test(String(option)));
  return meant ?? required(field, other ?? options[0]);
}

function idFor(field: Field, tool: KnownTool, material: Material): unknown {
  const mine = material.ids.filter(({ id, prefix }) => fits(id, prefix, field, tool)).map(({ id }) => id);
  const read = material.results
    .flatMap((data) => fieldsIn(data))
    .filter(({ name, value }) => typeof value === 'string' && partsOf(name).join() === partsOf(field.name).join())
    .map(({ value }) => value as string);
  if (typeOf(resolved(field.schema)) === 'array') return mine.length > 0 ? mine : undefined;
  return mine[0] ?? (field.required ? read[0] : undefined);
}

function objectFor(schema: Schema, field: Field, tool: KnownTool, material: Material): unknown {
  const { args, missing } = fillFields(fieldsOf(schema), tool, material);
  return missing.length > 0 || Object.keys(args).length === 0 ? required(field, undefined) : args;
}

function listFor(schema: Schema, field: Field, tool: KnownTool, material: Material): unknown {
  const item = fill({ name: field.name, schema: schema.items ?? {}, required: field.required }, tool, material);
  return item === undefined ? required(field, undefined) : [item];
}

const isMoney = (name: string) => partsOf(name).some((part) => MONEY.test(part));

function numberFor(schema: Schema, field: Field, material: Material): unknown {
  const parts = partsOf(field.name);
  if (isMoney(field.name) || parts.includes('cents')) {
    const money = moneyFor(material);
    if (!money) return undefined;
    return parts.some((part) => part === 'cents' || part === 'minor')
      ? Math.round(Number(money.amount) * 100)
      : Number(money.amount);
  }
  const near = new RegExp(String.raw`(\d+)\s+${parts.at(-1)}|${parts.at(-1)}\s+(?:of\s+)?(\d+)`, 'i').exec(
    material.text,
  );
  const figure = near?.[1] ?? near?.[2] ?? (field.required ? figuresIn(material.text)[0]?.amount : undefined);
  if (figure !== undefined) return typeOf(schema) === 'integer' ? Math.trunc(Number(figure)) : Number(figure);
  return readValue(field, 'number', material);
}

function textFor(schema: Schema, field: Field, material: Material): unknown {
  const parts = partsOf(field.name);
  if (parts.includes('currency')) return moneyFor(material)?.currency;
  if (isMoney(field.name)) return moneyFor(material)?.amount;
  if (schema.format === 'email' || parts.includes('email')) return emailIn(material.text);
  if (schema.format?.startsWith('date') || parts.includes('date')) return dateIn(material.text);
  if (schema.format === 'uri' || parts.includes('url')) return urlIn(material.text);
  if (parts.includes('phone')) return phoneIn(material.text);
  if (parts.some((part) => WORDS.test(part))) return cut(reasonIn(material.text), schema.maxLength);
  if (field.required && parts.some((part) => HEADING.test(part)))
    return cut(heading(material.text), Math.min(schema.maxLength ?? 80, 80));
  return field.required ? readValue(field, 'string', material) : undefined;
}

/** A value that a result has under the same name. */
function readValue(field: Field, type: string, material: Material): unknown {
  if (!field.required) return undefined;
  const found = material.results
    .flatMap((data) => fieldsIn(data))
    .find(({ name, value }) => name === field.name && typeof value === type);
  return found?.value;
}

/** The user's amount; a figure alone takes the record's currency; no amount means all that is left. */
export function moneyFor({ money, text, results }: Material): MoneyMention | undefined {
  if (money?.currency) return money;
  const fields = results.flatMap((data) => fieldsIn(data));
  const left = LEFT.flatMap((name) => fields.filter((field) => field.name === name)).map(({ value }) =>
    asMoney(value, fields),
  );
  const whole = left.find((found) => found !== undefined);
  const figure = money ?? figuresIn(text)[0];
  return figure ? { ...figure, ...(whole?.currency ? { currency: whole.currency } : {}) } : whole;
}

function asMoney(value: unknown, fields: { name: string; value: unknown }[]): MoneyMention | undefined {
  if (typeof value === 'object' && value !== null) {
    const { amount, currency } = value as { amount?: unknown; currency?: unknown };
    return typeof amount === 'string' && typeof currency === 'string' ? { amount, currency, at: 0 } : undefined;
  }
  const currency = fields.find((field) => field.name === 'currency' && typeof field.value === 'string')?.value as
    string | undefined;
  const amount =
    typeof value === 'number'
      ? value.toFixed(2)
      : typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)
        ? value
        : undefined;
  return amount === undefined ? undefined : { amount, at: 0, ...(currency ? { currency } : {}) };
}

/** The words after "because", else all of them. */
function reasonIn(text: string): string {
  const because = /\b(?:because(?: of)?|since|due to)\s+(.+)/is.exec(text)?.[1];
  return clean(because ?? text);
}

const heading = (text: string) => clean(text).split(/(?<=[.!?])\s/)[0]!;
const clean = (text: string) =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[,;:\s]+|[,;:\s.]+$/g, '');
const cut = (text: string, max = 500) => (text.length <= max ? text : `${text.slice(0, max - 1)}…`);
