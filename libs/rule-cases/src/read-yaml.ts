import { isCollection, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';

/** A YAML file whose content has the form it should have, and the line on which something in it stands. */
export interface ReadYaml<T> {
  content: T;
  /** Of a path into the content as it is written, such as `['cases', 3]`; 1 where there is no such thing. */
  lineOf(path: readonly PropertyKey[]): number;
}

/**
 * Reads YAML against a schema. Throws with the file and each place in it that does not fit, by line. Aliases and keys that are no
 * strings are refused: a file of cases says what it means.
 */
export function readYaml<T>(schema: z.ZodType<T>, text: string, file: string): ReadYaml<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { prettyErrors: true, stringKeys: true, lineCounter: lines });
  const lineOf = (path: readonly PropertyKey[]) => lineAt(document, lines, path);
  const parsed = schema.safeParse(valueOf(document, file));
  if (parsed.success) return { content: parsed.data, lineOf };
  const said = flawsIn(parsed.error).map(
    ({ path, message }) => `line ${lineOf(path)}, ${path.join('.') || '(file)'}: ${message}`,
  );
  throw new Error(`${file}: ${said.join('; ')}`);
}

function valueOf(document: Document, file: string): unknown {
  const [error] = document.errors;
  if (error) throw new Error(`${file}: ${error.message.split('\n')[0]}`, { cause: error });
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
}

/** The nearest thing on the way to it that is written down. */
function lineAt(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(keyStart(document, path.slice(0, depth)) ?? node.range[0]).line;
  }
  return 1;
}

/** A value may begin on the line after its key, and it is the key that one looks for. */
function keyStart(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent = document.getIn(path.slice(0, -1), true);
  if (!isCollection(parent)) return undefined;
  const pair = parent.items.find((item) => (item as { key?: { value?: unknown } }).key?.value === path.at(-1)) as
    { key?: { range?: [number, number, number] } } | undefined;
  return pair?.key?.range?.[0];
}

/** What does not fit, and where. */
export interface Flaw {
  path: PropertyKey[];
  message: string;
}

export const flawsIn = (error: z.core.$ZodError): Flaw[] => error.issues.flatMap((issue) => flawsOf(issue, []));

/** Of a union that nothing fits, the flaws of the alternative that was meant: the one that fits down to the deepest place. */
function flawsOf(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Flaw[] {
  const path = [...above, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ path, message: issue.message }];
  const fits = (issues: readonly z.core.$ZodIssue[]) => Math.min(...issues.map((each) => each.path.length));
  const [meant] = issue.errors.toSorted((a, b) => fits(b) - fits(a) || a.length - b.length);
  // What has a key besides and lacks its own is none of them.
  if (meant!.length > 1 && meant!.some(({ code, path: [key] }) => code === 'unrecognized_keys' && key === undefined))
    return [{ path, message: issue.message }];
  return meant!.flatMap((each) => flawsOf(each, path));
}
