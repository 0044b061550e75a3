/*
 * Sealing of what a person says, before anything of it goes on. What it guarantees:
 * 1. No IBAN, card, e-mail address or telephone number stands in the words, subject or arguments of an accepted intent: its token does.
 *    All else stays as it was.
 * 2. An argument whose contract calls it personal, financial or secret is sealed whole.
 * 3. Only tokens made here count as said: one that a person types is a word like any other.
 * 4. Words without anything to seal cost no question; while the store can't be reached, they wait.
 */
import {
  isSealed,
  MAX_REQUEST_CHARS,
  type EventData,
  type Incoming,
  type Json,
  type JsonObject,
  type Person,
} from '@countersign/contracts';
import {
  mapTexts,
  maskWords,
  ownShapes,
  sealParts,
  sealWords,
  type Redactor,
  type SealStore,
} from '@countersign/sealing';
import type { ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { Said } from './facts.js';

type Store = Pick<SealStore, 'seal'>;
interface Means {
  store: Store;
  redactor: Redactor;
  tenant: string;
  /** Whose values they are, as far as can be told. */
  subject: string;
}

/** What goes on of a request; undefined where all of it does as it is. What is about no record is filed under who says it. */
export async function sealSaid(
  { event, text }: Incoming,
  { tenant, sub }: Pick<Person, 'tenant' | 'sub'>,
  workflows: ReadonlyMap<string, LoadedWorkflow>,
  store: Store,
  redactor: Redactor = ownShapes,
): Promise<Said | undefined> {
  if (text.length > MAX_REQUEST_CHARS) return undefined; // refused, whatever it says
  const means = { store, redactor, tenant, subject: sub };
  if (event.type === 'countersign.intent.requested.v1') return sealSpoken(means, event.data);
  // Of which tool is known later: its hidden fields take nothing but tokens (edits.ts).
  if (event.type === 'countersign.approval.edited.v1') return sealArguments(means, undefined, event.data.arguments);
  if (event.type !== 'countersign.action.requested.v1') return undefined;
  const { workflow, tool, arguments: args } = event.data;
  const contract = workflows.get(workflow)?.workflow.tools.find(({ name }) => name === tool);
  return sealArguments(means, contract, args);
}

type Spoken = EventData<'countersign.intent.requested.v1'>;

/** Values are filed under the record that the words are about, unless its own id is such a value. */
async function sealSpoken(means: Means, { text, subject }: Spoken): Promise<Said | undefined> {
  const about = subject && [subject.type, subject.id];
  const whose = about && maskWords(about).join() === about.join() ? subject.id : means.subject;
  const { texts, tokens } = await wordsSealed({ ...means, subject: whose }, [text, ...(about ?? [])]);
  if (tokens.length === 0) return undefined;
  const [said, type, id] = texts;
  return { text: said!, ...(about ? { subject: { type: type!, id: id! } } : {}), tokens };
}

const wordsSealed = ({ store, redactor, tenant, subject }: Means, texts: string[]) =>
  sealWords(store, { tenant, subject }, texts, redactor);

async function sealArguments(
  means: Means,
  contract: ToolContract | undefined,
  args: JsonObject,
): Promise<Said | undefined> {
  const classed = contract ? await sealByClass(means, contract, args) : { args, tokens: [] };
  const texts: string[] = [];
  mapTexts(classed.args, (text) => (texts.push(text), text));
  const sealed = await wordsSealed(means, texts);
  const tokens = [...new Set([...classed.tokens, ...sealed.tokens])];
  if (tokens.length === 0) return undefined;
  let next = 0;
  return { arguments: mapTexts(classed.args, () => sealed.texts[next++]!) as JsonObject, tokens };
}

/** Guarantee 2. An argument no contract names is not told apart here: policy refuses it. */
async function sealByClass({ store, tenant, subject }: Means, { input }: ToolContract, args: JsonObject) {
  const declared = Object.fromEntries(Object.entries(args).filter(([name]) => Object.hasOwn(input.shape, name)));
  const [hidden] = await sealParts(store, tenant, [{ schema: input, value: declared, subject, said: true }]);
  const tokens: string[] = [];
  const bare = (value: Json): Json => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(bare);
    if (!isSealed(value)) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, bare(one)]));
    tokens.push(value.$sealed.token);
    return value.$sealed.token;
  };
  return { args: { ...args, ...(bare(hidden!) as JsonObject) }, tokens };
}
