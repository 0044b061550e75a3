import type { Call, Conversation } from './conversation.js';
import type { Next } from './decide.js';
import { knownTool, type KnownTool } from './tool-kinds.js';
import { meaningsIn, partsOf } from './words.js';

type Telling = Extract<Next, { tag: 'tell' }>;

/** The closing words, made of results only. */
export function tell({ calls }: Conversation, { goals, understanding }: Telling, tools: KnownTool[]): string {
  const isChange = ({ name }: Call) => kindOf(name, tools) === 'write';
  const changes = calls.filter(isChange).map(toldChange);
  const asked = new Set(meaningsIn(understanding.words));
  const reads = calls.filter((call) => !isChange(call));
  const read = (changes.length === 0 ? reads : reads.filter(({ result }) => result?.status === 'refused')).map((call) =>
    toldRead(call, asked),
  );
  const wanting = goals
    .filter(({ missing }) => missing.length > 0)
    .map(({ goal, missing }) => needs(goal.tool, missing));
  const said = [...read, ...changes, ...wanting];
  return said.length > 0 ? [...new Set(said)].join('\n') : offer(tools);
}

/** In a last turn no tools are offered, and the calls before it are told all the same. */
const kindOf = (name: string, tools: KnownTool[]) =>
  (tools.find((tool) => tool.name === name) ?? knownTool({ name, description: '', parameters: {} })).kind;

const plain = (name: string) => partsOf(name).join(' ');

function toldChange({ name, args: proposed, result }: Call): string {
  const args = result?.edited ?? proposed;
  const what = `${plain(name)} (${scalars(args, 5)})${result?.edited ? ', edited by a person' : ''}`;
  if (!result) return `${what}: there is no result yet.`;
  if (result.status === 'refused') return `Not done: ${what}. ${refusalOf(result)}`;
  const known = new Set(leaves(args, '').map(({ text }) => text));
  const data = scalars(result.data, 8, new Set(), known);
  if (result.status === 'nothing-done') {
    const where = result.word === 'drafted' ? ' It stands among the drafts, where a person can open it.' : '';
    return `Nothing was changed: ${what}, ${result.word}. It would be: ${data || 'just that'}.${where}`;
  }
  return `Done: ${what}${data ? `: ${data}` : ''}.`;
}

function toldRead({ name, args, result }: Call, asked: Set<string>): string {
  const about = `${plain(name)} (${scalars(args, 3)})`;
  if (!result) return `${about}: there is no result yet.`;
  if (result.status === 'refused') return `I could not read that: ${about}. ${refusalOf(result)}`;
  return `${about}: ${scalars(result.data, 10, asked) || 'nothing there'}.`;
}

const refusalOf = ({ code, detail, retryAt }: NonNullable<Call['result']>) =>
  `${sentence(detail ?? 'It was refused.')}${code ? ` (${code}${retryAt ? `, again from ${retryAt}` : ''})` : ''}`;
const sentence = (text: string) => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

const needs = (tool: KnownTool, missing: string[]) =>
  `To ${plain(tool.name)} I need to know: ${missing.map(plain).join(', ')}.`;

function offer(tools: KnownTool[]): string {
  if (tools.length === 0) return 'That is all I can say; I am a stand-in for a model.';
  return `Tell me which record it is about. I can: ${tools.map(({ name }) => plain(name)).join(', ')}.`;
}

/** A value's fields in words: those asked about first, money whole, no more than `most`; long text and what is `known` already left out. */
function scalars(data: unknown, most: number, asked: Set<string> = new Set(), known: Set<string> = new Set()): string {
  const short = ({ text }: Leaf) => text.split(/\s+/).length <= 6;
  const fields = leaves(data, '').filter((leaf) => short(leaf) && !known.has(leaf.text));
  const wanted = ({ path }: Leaf) => meaningsIn(partsOf(path).join(' ')).some((meaning) => asked.has(meaning));
  const ordered = [...fields.filter(wanted), ...fields.filter((leaf) => !wanted(leaf))];
  return ordered
    .slice(0, most)
    .map(({ path, text }) => (path ? `${path} ${text}` : text))
    .join(', ');
}

interface Leaf {
  path: string;
  text: string;
}

function leaves(value: unknown, path: string): Leaf[] {
  if (value === null || value === undefined || value === '') return [];
  if (Array.isArray(value))
    return value
      .slice(0, 5)
      .flatMap((item, index) => leaves(item, value.length > 1 ? `${path} ${index + 1}`.trim() : path));
  if (typeof value !== 'object') return [{ path, text: String(value).slice(0, 400) }];
  const { amount, currency, $sealed } = value as {
    amount?: unknown;
    currency?: unknown;
    $sealed?: { token?: unknown };
  };
  if (typeof $sealed?.token === 'string') return [{ path, text: $sealed.token }];
  if (path && typeof amount === 'string' && typeof currency === 'string')
    return [{ path, text: `${amount} ${currency}` }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path} ${plain(key)}` : plain(key)));
}
