import type { Json } from '@countersign/contracts';
import { declarationDigest, type Declaration } from './declaration.js';
import { guessClass, guessDecides, guessEffect, wordsOf } from './guess.js';
import { inputOf } from './input-schema.js';
import { inputsOf } from './json-schema.js';
import { plain } from './plain.js';
import type { ImportedTool, Reasons, ToolsFile } from './tools-file.js';

const MAX_DESCRIPTION = 2_000;
const MAX_SCHEMA_CHARS = 64 * 1024;

export interface Imported {
  file: ToolsFile;
  reasons: Record<string, Reasons>;
  /** Tools that cannot be governed, and why. */
  left: { remote: string; because: string }[];
}

export interface Server {
  name: string;
  version: string;
}

/**
 * What a server declares as a file to review: everybody is denied, and effect, class, inputs that decide and data classes are guessed with
 * their reasons. A tool whose schema can't be checked is left out.
 */
export function importTools(target: string, server: Server, declared: readonly Declaration[]): Imported {
  const tools: Record<string, ImportedTool> = {};
  const reasons: Record<string, Reasons> = {};
  const left: Imported['left'] = [];
  for (const one of declared) {
    try {
      const name = freeName(one.name, tools);
      const made = imported(one);
      tools[name] = made.tool;
      reasons[name] = made.why;
    } catch (error) {
      left.push({ remote: plain(one.name, 100), because: (error as Error).message.split('\n')[0]!.slice(0, 200) });
    }
  }
  const said = { name: plain(server.name, 200), version: plain(server.version, 200) };
  return { file: { target, server: said, tools }, reasons, left };
}

function imported(declared: Declaration): { tool: ImportedTool; why: Reasons } {
  const { inputSchema } = declared;
  if (JSON.stringify(inputSchema).length > MAX_SCHEMA_CHARS) throw new Error('its input schema is too long to review');
  const inputs = inputsOf(inputSchema);
  const classes = Object.fromEntries(inputs.map(([name]) => [name, guessClass(name).is]));
  inputOf(inputSchema, (name) => classes[name] ?? 'secret');
  const effect = guessEffect(declared);
  const odd = inputs.find(([name]) => !/^[\w-]{1,64}$/.test(name))?.[0];
  if (odd !== undefined) throw new Error(`its input ${plain(odd, 50)} has no plain name`);
  const decides = inputs.flatMap(([name, schema]) => {
    const guess = effect.is === 'read' ? undefined : guessDecides(name, schema);
    return guess ? [{ name, ...guess }] : [];
  });
  const tool: ImportedTool = {
    remote: declared.name,
    description: plain(declared.description ?? declared.title ?? declared.name, MAX_DESCRIPTION),
    effect: effect.is,
    ...{ class: 'D', reversible: false, trust: 'untrusted', onError: 'doubt', timeoutMs: 30_000 },
    permissions: { roles: [] },
    decides: Object.fromEntries(decides.map(({ name, is }) => [name, is])),
    ...{ classes, result: 'internal', declaration: declarationDigest(declared) },
    inputSchema: inputSchema as Record<string, Json>,
  };
  return { tool, why: reasonsOf(tool, effect.because, decides) };
}

function reasonsOf(
  { effect, decides, classes }: ImportedTool,
  because: string,
  found: { name: string; because: string }[],
) {
  const acts = effect !== 'read';
  const secrets = Object.entries(classes).filter(([, one]) => one === 'secret');
  return {
    effect: because,
    permissions: 'nobody may call it until you name roles',
    trust: "what a server answers is anybody's text; say system only of what it alone writes",
    result: 'known shapes (accounts, cards, addresses, numbers of people) are sealed in any case',
    ...(acts ? { class: 'nothing shows that the server keeps keys or versions' } : {}),
    ...(acts ? { onError: 'say refused only if its errors prove that nothing was done' } : {}),
    ...(Object.keys(decides).length > 0
      ? {
          decides: found
            .map(({ name, because: why }) => `${name}: ${why}`)
            .join('; ')
            .slice(0, 500),
        }
      : {}),
    ...(secrets.length > 0 ? { classes: `by its name: ${secrets.map(([name]) => name).join(', ')}` } : {}),
  } satisfies Reasons;
}

/** In our own form, and never one that is taken. */
function freeName(remote: string, taken: Record<string, unknown>): string {
  const words = wordsOf(remote).join('_').slice(0, 56);
  const name = /^[a-z]/.test(words) ? words : `tool_${words}`;
  if (!Object.hasOwn(taken, name)) return name;
  for (let n = 2; ; n++) if (!Object.hasOwn(taken, `${name}_${n}`)) return `${name}_${n}`;
}
