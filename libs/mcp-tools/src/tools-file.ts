/*
 * `tools.yaml` of an imported package: what a server declared, what was made of it, and what a reviewer decided. What it guarantees:
 * 1. It says all that decides how an imported tool is governed, and nothing else does: `workflow.js` and `tools.js` read it.
 * 2. What a server said stands there as data. Nothing of it is code, and no word of it reaches a name.
 * 3. A tool that nobody reviewed may be called by nobody.
 */
import { readFileSync } from 'node:fs';
import { parseDocument, Document, isMap, type YAMLMap } from 'yaml';
import { z } from 'zod';
import { DATA_CLASSES } from '@countersign/contracts';
import { DECIDES_OVER } from '@countersign/tool-sdk';

const word = z.string().min(1).max(200);
const roles = z.array(word).max(50);
const need = z
  .strictObject({
    when: word,
    roles,
    over: z.string().optional(),
    oneOf: z.array(z.string()).optional(),
    always: z.literal(true).optional(),
    approvals: z.int().positive().optional(),
  })
  .transform(withoutAbsent);

const tool = z.strictObject({
  /** As the server calls it. */
  remote: z.string().min(1).max(256),
  description: z.string().max(4_000),
  effect: z.enum(['read', 'write', 'egress']),
  class: z.enum(['A', 'B', 'C', 'D']).default('D'),
  reversible: z.boolean().default(false),
  trust: z.enum(['system', 'user', 'untrusted']).default('untrusted'),
  /** Of a write: whether the server's saying that it failed proves that nothing was done. */
  onError: z.enum(['doubt', 'refused']).default('doubt'),
  timeoutMs: z.int().min(100).max(300_000).default(30_000),
  permissions: z
    .strictObject({ roles, approvals: z.record(z.string(), need).optional(), restricted: roles.optional() })
    .transform(withoutAbsent),
  decides: z.record(z.string(), z.enum(DECIDES_OVER)).default({}),
  classes: z.record(z.string(), z.enum(DATA_CLASSES)).default({}),
  result: z.enum(DATA_CLASSES).default('internal'),
  /** Of the server's declaration as it was reviewed. */
  declaration: z.string().regex(/^[\w-]{43}$/),
  inputSchema: z.record(z.string(), z.json()),
});

const file = z.strictObject({
  target: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  server: z.strictObject({ name: z.string().max(200), version: z.string().max(200) }),
  tools: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), tool),
});

export type ImportedTool = z.infer<typeof tool>;
export type ToolsFile = z.infer<typeof file>;

function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

/** @throws Error with the file and each place in it that does not fit */
export function readToolsFile(where: URL | string): ToolsFile {
  return parseToolsFile(readFileSync(where, 'utf8'), String(where));
}

export function parseToolsFile(text: string, where: string): ToolsFile {
  const document = parseDocument(text, { stringKeys: true });
  const [error] = document.errors;
  if (error) throw new Error(`${where}: ${error.message.split('\n')[0]}`, { cause: error });
  const parsed = file.safeParse(valueOf(document, where));
  if (parsed.success) return parsed.data;
  const said = parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(file)'}: ${message}`);
  throw new Error(`${where}: ${said.slice(0, 20).join('; ')}`);
}

function valueOf(document: ReturnType<typeof parseDocument>, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/** Each tool stands by itself: nothing in the file points elsewhere in it. */
const ALONE = { aliasDuplicateObjects: false };

/** What a reviewer is told of one tool: by field, why it was guessed so. */
export type Reasons = Record<string, string>;

/** The file with each guess marked for review. A read has nothing to say of what acts. */
export function writeToolsFile(content: ToolsFile, reasons: Record<string, Reasons>): string {
  const shown = Object.entries(content.tools).map(([name, tool]) => [
    name,
    tool.effect === 'read' ? asRead(tool) : tool,
  ]);
  const document = new Document({ ...content, tools: Object.fromEntries(shown) as ToolsFile['tools'] }, ALONE);
  document.commentBefore = HEAD;
  const tools = document.get('tools') as YAMLMap;
  for (const [name, why] of Object.entries(reasons)) {
    const one = tools.get(name);
    if (!isMap(one)) continue;
    for (const { key, value } of one.items) {
      const said = why[String((key as { value?: unknown }).value)];
      if (said === undefined || typeof value !== 'object' || value === null) continue;
      const comment = ` review: ${said}`;
      if (isMap(value)) (key as { commentBefore?: string }).commentBefore = comment;
      else (value as { comment?: string }).comment = comment;
    }
  }
  return document.toString({ lineWidth: 120 });
}

function asRead(tool: ImportedTool): Partial<ImportedTool> {
  const { class: _, reversible: __, onError: ___, decides: ____, ...read } = tool;
  return read;
}

const HEAD = ` What the server declares, and how its tools are governed. Whoever reviewed a tool names in its permissions who may call it:
 while \`roles\` is empty nobody may. Guesses are marked \`review\`; class D means at most once, and then in doubt.`;
