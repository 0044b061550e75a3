/*
 * Sealing of what a person says, before anything of it goes on. What it guarantees:
 * 1. No IBAN, card, e-mail address or telephone number stands in the words or arguments of an accepted intent: its token does. All
 *    else stays as it was.
 * 2. An argument whose contract calls it personal, financial or secret is sealed whole.
 * 3. Only tokens made here count as said: one that a person types is a word like any other.
 * 4. Words without anything to seal cost no question; while the store can't be reached, they wait.
 */
import {
  intentIdOf,
  isSealed,
  MAX_REQUEST_CHARS,
  type Incoming,
  type Json,
  type JsonObject,
} from '@countersign/contracts';
import { mapTexts, sealParts, sealWords, type SealStore } from '@countersign/sealing';
import type { ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import type { Said } from './facts.js';

type Store = Pick<SealStore, 'seal'>;
interface Speaker {
  tenant: string;
  /** Whose values they are, as far as can be told. */
  subject: string;
}

/** What goes on of a request; undefined where all of it does as it is. */
export async function sealSaid(
  { event, text }: Incoming,
  tenant: string,
  workflows: ReadonlyMap<string, LoadedWorkflow>,
  store: Store,
): Promise<Said | undefined> {
  if (text.length > MAX_REQUEST_CHARS) return undefined; // refused, whatever it says
  const intentId = intentIdOf(tenant, event.source, event.id);
  if (event.type === 'countersign.intent.requested.v1') {
    const { subject, text: words } = event.data;
    return sealText(store, { tenant, subject: subject?.id ?? intentId }, words);
  }
  // Of which tool is known later: its hidden fields take nothing but tokens (edits.ts).
  if (event.type === 'countersign.approval.edited.v1')
    return sealArguments(store, { tenant, subject: event.data.intentId }, undefined, event.data.arguments);
  if (event.type !== 'countersign.action.requested.v1') return undefined;
  const { workflow, tool, arguments: args } = event.data;
  const contract = workflows.get(workflow)?.workflow.tools.find(({ name }) => name === tool);
  return sealArguments(store, { tenant, subject: intentId }, contract, args);
}

async function sealText(store: Store, of: Speaker, words: string): Promise<Said | undefined> {
  const { texts, tokens } = await sealWords(store, of, [words]);
  return tokens.length > 0 ? { text: texts[0]!, tokens } : undefined;
}

async function sealArguments(
  store: Store,
  of: Speaker,
  contract: ToolContract | undefined,
  args: JsonObject,
): Promise<Said | undefined> {
  const classed = contract ? await sealByClass(store, of, contract, args) : { args, tokens: [] };
  const texts: string[] = [];
  mapTexts(classed.args, (text) => (texts.push(text), text));
  const sealed = await sealWords(store, of, texts);
  const tokens = [...new Set([...classed.tokens, ...sealed.tokens])];
  if (tokens.length === 0) return undefined;
  let next = 0;
  return { arguments: mapTexts(classed.args, () => sealed.texts[next++]!) as JsonObject, tokens };
}

/** Guarantee 2. An argument no contract names is not told apart here: policy refuses it. */
async function sealByClass(store: Store, { tenant, subject }: Speaker, { input }: ToolContract, args: JsonObject) {
  const declared = Object.fromEntries(Object.entries(args).filter(([name]) => Object.hasOwn(input.shape, name)));
  const [hidden] = await sealParts(store, tenant, [{ schema: input, value: declared, subject }]);
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
