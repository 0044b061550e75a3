/*
 * What a reviewer starts from. What it guarantees:
 * 1. A guess errs on the careful side: a tool that does not say, or show by its name, that it only reads is one that changes state; a read
 *    that takes a URL or an address sends data out; an input nobody can place decides over a target.
 * 2. What a server says of itself (`readOnlyHint`) is a hint, and said to be one.
 * 3. Each guess comes with its reason.
 */
import type { DecidesOver } from '@countersign/tool-sdk';
import type { Declaration } from './declaration.js';
import { inputsOf } from './json-schema.js';

export interface Guess<T> {
  is: T;
  because: string;
}

export type Effect = 'read' | 'write' | 'egress';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const READS = words(
  'check count describe exists fetch find get has head inspect list lookup peek read retrieve search show stat tree view',
);
const ACTS = words(
  'add append apply archive assign cancel clear close create delete deploy drop edit exec execute grant import insert invite merge move patch post publish purge push put remove rename replace reply reset restore revoke run schedule send set share start stop submit sync transfer trigger update upload upsert write',
);
/** Whatever a tool is called, these make it do what they say. */
const PROGRAMS = words('code command expression script sql statement');
const RECIPIENT = words(
  'attendee attendees bcc cc contact email emails invitee invitees member participant participants payee phone recipient recipients to user username users',
);
const DESTINATION = words(
  'account address bucket channel destination directory domain endpoint file filename folder host hostname iban link location path paths repo repository server uri url urls webhook',
);
const OUTBOUND = words('bcc cc endpoint host hostname link recipient recipients to uri url urls webhook');
const AMOUNT = words('amount budget cost limit price quantity sum total value');
const WORDS = words(
  'body caption comment content contents description message note notes reason subject summary text title',
);
const SECRET = words('apikey credential credentials key passphrase password passwd pin secret token');

/** `readFile`, `read-file` and `read_file` are the same words. */
export const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);

const holds = (name: string, words: ReadonlySet<string>) => wordsOf(name).some((word) => words.has(word));

export function guessEffect({ name, inputSchema, annotations = {} }: Declaration): Guess<Effect> {
  const inputs = inputsOf(inputSchema);
  const out = inputs.find(([input, schema]) => isOutbound(input, schema))?.[0];
  const acts = holds(name, ACTS) || inputs.some(([input]) => holds(input, PROGRAMS));
  const readOnly = annotations['readOnlyHint'];
  const verb = wordsOf(name)[0] ?? '';
  const reads =
    readOnly === true
      ? 'the server says that it only reads'
      : readOnly === undefined && READS.has(verb) && !acts
        ? `its name begins with ${verb}; the server says nothing`
        : undefined;
  if (reads !== undefined && out === undefined) return { is: 'read', because: reads };
  if (out !== undefined)
    return { is: 'egress', because: `${out} may carry data out${reads ? `, though ${reads}` : ''}` };
  const because = readOnly === false ? 'the server says that it changes state' : 'nothing says that it only reads';
  return { is: 'write', because };
}

/** By its name, or what it or anything in it has the form of. */
const isOutbound = (input: string, schema: Record<string, unknown>) =>
  holds(input, OUTBOUND) || /"format":"(?:uri|iri|url|email|idn-email|hostname)/.test(JSON.stringify(schema));

/** What an input of a tool that acts decides over; undefined of words, which decide over nothing by themselves. */
export function guessDecides(input: string, schema: Record<string, unknown>): Guess<DecidesOver> | undefined {
  const format = String(schema['format'] ?? '');
  if (format === 'email' || holds(input, RECIPIENT))
    return { is: 'recipient', because: 'its name, or form, is of somebody' };
  if (format.startsWith('uri') || holds(input, DESTINATION))
    return { is: 'destination', because: 'its name, or form, is of a place' };
  if (holds(input, AMOUNT)) return { is: 'amount', because: 'its name is of an amount' };
  if (holds(input, WORDS)) return undefined;
  return { is: 'target', because: 'nothing says what it is' };
}

export function guessClass(input: string): Guess<'internal' | 'secret'> {
  if (holds(input, SECRET)) return { is: 'secret', because: 'its name is of a secret' };
  return {
    is: 'internal',
    because: 'known shapes (accounts, cards, addresses, numbers of people) are sealed in any case',
  };
}
