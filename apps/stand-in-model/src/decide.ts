import { fillArguments, type Filled, type Material } from './arguments.js';
import type { Call, Conversation } from './conversation.js';
import { fieldsIn } from './conversation.js';
import { idsIn, unique, type IdMention } from './mentions.js';
import { fits, isAbout, takesId, type KnownTool } from './tool-kinds.js';
import { understand, type Goal, type Understanding } from './understand.js';
import { meaningsIn } from './words.js';

/** What to do next: a call with the reason for it, or the words to end with. */
export type Next =
  | { tag: 'call'; tool: KnownTool; args: Record<string, unknown>; because: string }
  | { tag: 'tell'; goals: { goal: Goal; missing: string[] }[]; understanding: Understanding };

const MOST_READS = 8;
const MOST_TRIES = 2;
const AGAIN = new Set(['STALE_CONTEXT', 'PREVIEW_CHANGED']);

/**
 * The next step, from the words, the schemas and the results alone; the same input has the same answer.
 * 1. A record that a change is about is read before the change is proposed.
 * 2. What was refused is not proposed again; what was stale is read again and proposed once more.
 * 3. Every id and amount comes from the user or from a result.
 */
export function decide({ text, earlier, calls }: Conversation, tools: KnownTool[]): Next {
  const understanding = understand(text, earlier, tools);
  const goals = understanding.goals.map((goal) => preferPreview(goal, understanding, tools));
  const told: { goal: Goal; missing: string[] }[] = [];
  const claimed = new Set<Call>();
  for (const goal of goals) {
    const proposed = proposalsOf(goal, calls, claimed);
    const step = towards(goal, proposed, understanding, calls, tools);
    if ('tag' in step) return step;
    told.push(step);
  }
  const read = goals.length === 0 ? nextAnswer(understanding, calls, tools) : undefined;
  return read ?? { tag: 'tell', goals: told, understanding };
}

/** Somebody who only wants to see what would happen gets the tool that computes it. */
function preferPreview(goal: Goal, { previewOnly }: Understanding, tools: KnownTool[]): Goal {
  const preview = tools.find(
    ({ kind, objects }) => kind === 'preview' && objects.some((one) => goal.tool.objects.includes(one)),
  );
  return previewOnly && preview ? { ...goal, tool: preview } : goal;
}

/** The calls that were this goal's: one that the order of goals gives it, and its repeats after a stale answer. */
function proposalsOf(goal: Goal, calls: Call[], claimed: Set<Call>): Call[] {
  const proposed: Call[] = [];
  for (const call of calls.filter(({ name }) => name === goal.tool.name)) {
    if (claimed.has(call) || !concerns(call, goal.ids) || (proposed.length > 0 && !stale(proposed.at(-1)!))) continue;
    proposed.push(call);
    claimed.add(call);
  }
  return proposed;
}

const stale = ({ result }: Call) => result !== undefined && !result.final && AGAIN.has(result.code ?? '');

function towards(
  goal: Goal,
  proposed: Call[],
  understanding: Understanding,
  calls: Call[],
  tools: KnownTool[],
): Next | { goal: Goal; missing: string[] } {
  const last = proposed.at(-1);
  const again = last && stale(last) && proposed.length < MOST_TRIES;
  if (last && !again) return { goal, missing: [] };
  const since = again ? calls.slice(calls.indexOf(last!) + 1) : calls;
  for (const id of goal.ids) {
    const read = readerOf(id, tools, goal, understanding);
    if (!read) continue;
    const done = since.find((call) => same(call, read));
    if (!done) return { tag: 'call', ...read, because: `I look at ${id.id} first.` };
    if (done.result?.status === 'refused') return { goal, missing: [] };
  }
  const { args, missing } = fillArguments(goal.tool, materialFor(goal, understanding, since));
  if (missing.length > 0) return { goal, missing };
  return {
    tag: 'call',
    tool: goal.tool,
    args,
    because: `The user asks: ${goal.text.replace(/\s+/g, ' ').trim().slice(0, 300)}`,
  };
}

function materialFor({ text, ids, money }: Goal, { previewOnly }: Understanding, calls: Call[]): Material {
  const named = new Set(ids.map(({ id }) => id));
  const about = (call: Call) => (Object.values(call.args).some((value) => named.has(String(value))) ? 0 : 1);
  const read = calls.filter(({ result }) => result?.status === 'ok').sort((a, b) => about(a) - about(b));
  return {
    text,
    ids,
    ...(money ? { money } : {}),
    results: read.map(({ result }) => result!.data),
    dryRun: previewOnly,
  };
}

function readerOf(id: IdMention, tools: KnownTool[], { text }: Pick<Goal, 'text'>, { previewOnly }: Understanding) {
  const material = { text, ids: [id], results: [], dryRun: previewOnly };
  const readers = tools.filter(({ kind, fields }) => kind === 'read' && fields.some((field) => takesId(field)));
  const able = readers.map((tool) => ({ tool, ...fillArguments(tool, material) })).filter((one) => uses(one, id));
  const best = able.find(({ tool }) => isAbout(tool, id.prefix)) ?? able[0];
  return best && { tool: best.tool, args: best.args };
}

const uses = ({ args, missing, tool }: Filled & { tool: KnownTool }, id: IdMention) =>
  missing.length === 0 &&
  tool.fields.some(
    (field) => takesId(field) && fits(id.id, id.prefix, field, tool) && JSON.stringify(args).includes(id.id),
  );

/** The next read that a question calls for; ids that results name lead on to what else was asked about. */
function nextAnswer(understanding: Understanding, calls: Call[], tools: KnownTool[]): Next | undefined {
  if (calls.length >= MOST_READS) return undefined;
  const results = calls.filter(({ result }) => result?.status === 'ok').map(({ result }) => result!.data);
  const known = unique([...understanding.ids, ...results.flatMap(idsOf)], ({ id }) => id);
  const goal = { text: understanding.words };
  for (const id of understanding.ids) {
    const read = readerOf(id, tools, goal, understanding);
    if (read && !calls.some((call) => same(call, read)))
      return { tag: 'call', ...read, because: `The answer stands in ${id.id}.` };
  }
  const asked = new Set(meaningsIn(understanding.words));
  for (const tool of tools.filter((one) => wanted(one, asked, understanding))) {
    const { args, missing } = fillArguments(tool, { text: goal.text, ids: known, results, dryRun: true });
    const idless =
      tool.fields.some((field) => takesId(field)) &&
      !tool.fields.some((field) => takesId(field) && args[field.name] !== undefined);
    if (missing.length > 0 || idless || calls.some((call) => same(call, { tool, args }))) continue;
    return { tag: 'call', tool, args, because: `The question is about ${tool.objects.join(' ')}.` };
  }
  return undefined;
}

function wanted(tool: KnownTool, asked: Set<string>, { previewOnly }: Understanding): boolean {
  if (tool.kind === 'write' || (tool.kind === 'preview' && !previewOnly)) return false;
  return (
    tool.objects.some((object) => asked.has(object)) ||
    (tool.fields.length === 0 && tool.about.some((meaning) => asked.has(meaning)))
  );
}

const idsOf = (data: unknown): IdMention[] =>
  fieldsIn(data)
    .filter(({ name, value }) => /(^id|Id|_id)$/.test(name) && typeof value === 'string')
    .flatMap(({ value }) => idsIn(String(value)));

/** False when a call names another record of a kind that the goal names. */
function concerns(call: Call, ids: IdMention[]): boolean {
  const named = Object.values(call.args).flatMap((value) =>
    idsIn(typeof value === 'string' && !/\s/.test(value) ? value : ''),
  );
  return !named.some(
    ({ id, prefix }) => ids.some((other) => other.prefix === prefix) && !ids.some((other) => other.id === id),
  );
}

const same = (call: Call, step: { tool: KnownTool; args: Record<string, unknown> }) =>
  call.name === step.tool.name && canonical(call.args) === canonical(step.args);

const canonical = (args: Record<string, unknown>) =>
  JSON.stringify(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
