/** Whose words a field holds: the system's own, the user's, or a stranger's text (a ticket, a mail), which instructs nobody. */
export type Trust = 'system' | 'user' | 'untrusted';

/** A view on one type of record: the read tool that fetches it, and the fields a model is shown of it. Nothing else is shown. */
export interface Source {
  readonly name: string;
  /** The read tool that fetches it, with this argument for its id. */
  readonly tool: string;
  readonly argument: string;
  /** The record type it reads, as `recordsRead` names it. */
  readonly record: string;
  /** Fields of the tool's output that the model sees, with whose words they hold. Dotted paths; a list's fields once. */
  readonly fields: Readonly<Record<string, Trust>>;
  /** Fewer fields while only these tools' actions are open to the model: the first step that fits counts. */
  readonly steps?: readonly { readonly tools: readonly string[]; readonly fields: readonly string[] }[];
  /** In ms. What was read longer ago is read again before a turn. */
  readonly freshForMs: number;
}

/**
 * Declares a source. Throws with the whole list of what is wrong with it: no name or no field, a path that is none, a field
 * within another, a step without tools or with a field the source does not have, a freshness limit that is no whole number of
 * milliseconds over 0. That its tool, argument and fields exist is checked where the tools are: by `defineWorkflow`.
 *
 * @example
 * export const orders = defineSource({
 *   name: 'order', tool: 'get_order', argument: 'orderId', record: 'order', freshForMs: 30_000,
 *   fields: { status: 'system', 'total.amount': 'system', 'shipments.status': 'system', note: 'untrusted' },
 *   steps: [{ tools: ['get_order', 'draft_reply'], fields: ['status', 'shipments.status'] }],
 * });
 */
export function defineSource<const T extends Source>(source: T): T {
  const flaws = sourceFlaws(source);
  if (flaws.length > 0) throw new Error(`source ${source.name} is not fit: ${flaws.join('; ')}`);
  return Object.freeze(source);
}

const PATH = /^[A-Za-z_$][\w$-]*(\.[A-Za-z_$][\w$-]*)*$/;
const TRUSTS: readonly string[] = ['system', 'user', 'untrusted'] satisfies Trust[];

/** All that makes a source unfit by itself. */
export function sourceFlaws({ name, tool, argument, record, fields, steps = [], freshForMs }: Source): string[] {
  const paths = Object.keys(fields);
  const within = paths.filter((path) => paths.some((other) => path.startsWith(`${other}.`)));
  const stepFields = steps.flatMap((step) => step.fields.filter((field) => !paths.includes(field)));
  const flaws: [boolean, string][] = [
    [!/^[a-z][a-z0-9-]{0,63}$/.test(name), 'its name must be kebab-case'],
    [!tool || !argument || !record, 'it names no tool, argument or record'],
    [paths.length === 0, 'it shows no field'],
    ...paths.map((path): [boolean, string] => [!PATH.test(path), `${path} is no dotted path`]),
    ...within.map((path): [boolean, string] => [true, `${path} lies within another of its fields`]),
    ...Object.entries(fields).map(([path, trust]): [boolean, string] => [
      !TRUSTS.includes(trust),
      `${path}: no such trust`,
    ]),
    [steps.some(({ tools }) => tools.length === 0), 'a step names no tool'],
    [stepFields.length > 0, `a step shows what the source does not: ${stepFields.join(', ')}`],
    [!Number.isSafeInteger(freshForMs) || freshForMs < 1, 'freshForMs must be a whole number over 0'],
  ];
  return flaws.filter(([wrong]) => wrong).map(([, flaw]) => flaw);
}

/** The fields a model sees while `open` are the tools it may call: those of the first step that has them all, else every one. */
export function fieldsFor(source: Source, open: readonly string[]): ReadonlySet<string> {
  const step = source.steps?.find(({ tools }) => open.every((tool) => tools.includes(tool)));
  return new Set(step?.fields ?? Object.keys(source.fields));
}
