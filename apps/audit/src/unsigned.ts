import type { AnyEvent, Incoming, Json, RawRecord } from '@countersign/contracts';
import { mapTexts, maskWords } from '@countersign/sealing';

type Shown = Pick<Incoming, 'event' | 'text'>;

/** A token that somebody laid into a value, where all a record says is kept. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const withoutTokens = (text: string): string => text.replace(TOKEN, 'a token, left out');

/** Text of whoever may write to a topic, as it is kept: without tokens and known shapes of personal data. */
export const unsignedText = (text: string): string => maskWords(withoutTokens(text));

const unsignedJson = (value: Json): Json => maskWords(mapTexts(value, withoutTokens));

/** Whether a record holds nothing to hide, looked at as a whole, once: most do not. */
export function isHarmless({ key, headers }: RawRecord, incoming: Incoming | undefined): boolean {
  const parts = [key?.toString('utf8') ?? '', incoming?.text ?? ''];
  for (const [name, value] of Object.entries(headers))
    if (name.toLowerCase() !== 'authorization') parts.push(name, String(value ?? ''));
  const whole = parts.join('\n');
  return unsignedText(whole) === whole;
}

/** An event that no signature vouches for, its attributes included. It can be read again as what it was. */
export function unsignedEvent({ event, text }: Incoming): Shown {
  const { data, type, ...attributes } = event;
  const shown = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, unsignedText(value)]));
  const parts = { ...shown, type, data: unsignedJson(data as Json) };
  return { event: parts as unknown as AnyEvent, text: text && JSON.stringify(unsignedJson(JSON.parse(text) as Json)) };
}
