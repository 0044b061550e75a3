/** The records a prompt holds behind its last tool result, by the tool that reads them and the id they are read by. */
export type KnownRecords = ReadonlyMap<string, Record<string, unknown>>;

const BLOCK = '\n\nKnown records';
const TITLE = /^\[\S+ (\S+|"(?:[^"\\]|\\.)*") by (\w+)(?:: .*)?\]$/;
const FIELD = /^([\w$.-]+) = (.*) \(.+ at \S+, (?:system|user|untrusted)\)(:?)$/;

/** A tool result without the records that stand behind it. */
export const withoutRecords = (content: string): string => content.split(BLOCK, 1)[0]!;

export function recordsIn(contents: readonly string[]): KnownRecords {
  const records = new Map<string, Record<string, unknown>>();
  for (const content of contents.filter((text) => text.includes(BLOCK))) {
    let record: Record<string, unknown> = {};
    let quoted: string | undefined;
    for (const line of content.slice(content.indexOf(BLOCK)).split('\n')) {
      const [, id, tool] = TITLE.exec(line) ?? [];
      const [, path, value = '', fence] = FIELD.exec(line) ?? [];
      if (id && tool) records.set(`${tool} ${id}`, (record = {}));
      else if (line.startsWith('| ') && quoted) put(record, quoted, join(get(record, quoted), line.slice(2)));
      else if (path && fence) put(record, (quoted = path), undefined);
      else if (path) put(record, path, valueOf(value));
    }
  }
  return records;
}

/** A value that was cut for length is no JSON any more. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

const join = (before: unknown, line: string) => (typeof before === 'string' ? `${before}\n${line}` : line);

/** What is known of the record that a call read. */
export const recordOf = (records: KnownRecords, tool: string, args: Record<string, unknown>) =>
  Object.values(args)
    .flatMap((value) => [String(value), JSON.stringify(value)])
    .map((id) => records.get(`${tool} ${id}`))
    .find((record) => record !== undefined);

/** Writes at a dotted path; a number in it is a place in a list. */
function put(record: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  let at = record;
  for (const [place, name] of names.slice(0, -1).entries()) {
    at[name] ??= /^\d+$/.test(names[place + 1]!) ? [] : {};
    at = at[name] as Record<string, unknown>;
  }
  at[names.at(-1)!] = value;
}

const get = (record: Record<string, unknown>, path: string) =>
  path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], record);
