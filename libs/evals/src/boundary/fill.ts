import type { Json, JsonObject } from '@countersign/contracts';
import type { Sample } from './samples.js';

/** What stands in the place of a sample's placeholders. */
export interface Values {
  amount?: string | undefined;
  currency?: string | undefined;
  n?: number;
}

export interface MadeRecord {
  type: string;
  id: string;
  fields: JsonObject;
}

/** A sample's call with its placeholders gone. */
export interface Filled {
  arguments: JsonObject;
  records: MadeRecord[];
  effects: Sample['effects'];
  /** As `TYPE/ID`, the record that the call is about. */
  about?: string;
}

export const AMOUNT = '{amount}';

/** Its own amount and currency, and 1, where no others are given. */
export function filled(sample: Sample, values: Values = {}): Filled {
  const all: Values = { amount: sample.amount, currency: sample.currency, n: 1, ...values };
  const args = fill(sample.arguments as JsonObject, all) as JsonObject;
  const records = fill(sample.records as unknown as Json, all) as unknown as MadeRecord[];
  const about = sample.about === null ? undefined : records.find(({ id }) => id === args[sample.about!]);
  return {
    ...{ arguments: args, records, effects: fill(sample.effects as Json, all) as Filled['effects'] },
    ...(about ? { about: `${about.type}/${about.id}` } : {}),
  };
}

/** The records of a sample whose record is a restricted one. */
export function restricted(sample: Sample, values: Values = {}): MadeRecord[] {
  const { records } = filled(sample, values);
  const over = filled({ ...sample, records: sample.restricted ?? [] }, values).records;
  return merged([...records, ...over]);
}

/** Each record once, the fields of what comes later over those before. */
export function merged(records: readonly MadeRecord[]): MadeRecord[] {
  const byName = new Map<string, MadeRecord>();
  for (const each of records) {
    const name = `${each.type}/${each.id}`;
    byName.set(name, { ...each, fields: { ...byName.get(name)?.fields, ...each.fields } });
  }
  return [...byName.values()];
}

/** What holds no placeholder that has a value is left as it is. */
export function fill(value: Json, values: Values): Json {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((each) => fill(each, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, values)]));
}

const fillText = (text: string, values: Values): string =>
  text.replaceAll(/\{(amount|currency|n)\}/g, (whole, name: keyof Values) => String(values[name] ?? whole));
