/*
 * A redactor of one's own that speaks Presidio's analyzer (`POST /analyze`), beside the known shapes. What it guarantees:
 * 1. What either finds is hidden: the analyzer adds to the known shapes and takes nothing away.
 * 2. If it does not answer in time, or with anything but places in the text, it throws: nothing goes on unseen.
 * 3. Its places are counted in characters of Unicode, as Python counts them.
 * 4. No text that was sent to it, and nothing it answers, is in an error.
 */
import type { HiddenClass } from '@countersign/tool-sdk';
import { z } from 'zod';
import type { Redactor } from './redactor.js';
import { apart, shapesIn, type Shape } from './shapes.js';

export interface PresidioOptions {
  /** Of the analyzer, without `/analyze`. */
  url: string;
  /** As Presidio names it. */
  language?: string;
  /** What it is less sure of is left. */
  leastScore?: number;
  timeoutMs?: number;
}

/** The analyzer does not answer. What was to be looked at waits. */
export class RedactorUnavailable extends Error {
  readonly code = 'REDACTOR_UNAVAILABLE';

  constructor(because: string) {
    super(`the redactor of COUNTERSIGN_REDACTOR_URL ${because}; words wait until it answers`);
    this.name = 'RedactorUnavailable';
  }
}

const answer = z
  .array(
    z.object({
      entity_type: z.string().max(100),
      start: z.int().nonnegative(),
      end: z.int().nonnegative(),
      score: z.number(),
    }),
  )
  .max(10_000);

const FINANCIAL: ReadonlySet<string> = new Set(['CREDIT_CARD', 'IBAN_CODE', 'US_BANK_NUMBER', 'CRYPTO']);
/** When and where, which is nobody's in particular, and what reads as a shape of our own does. */
const NOBODYS: ReadonlySet<string> = new Set(['DATE_TIME', 'URL']);

export function presidioRedactor(options: PresidioOptions): Redactor {
  return {
    find: (texts) =>
      Promise.all(
        texts.map(async (text) =>
          text.trim() ? apart([...shapesIn(text), ...(await analyzed(text, options))], text) : [],
        ),
      ),
  };
}

async function analyzed(text: string, { url, language = 'en', leastScore = 0.5, timeoutMs = 2_000 }: PresidioOptions) {
  const found = await asked(
    `${url.replace(/\/+$/, '')}/analyze`,
    { text, language, score_threshold: leastScore },
    timeoutMs,
  );
  const unitOf = unitsOf(text);
  return found.flatMap(({ entity_type: type, start, end, score }): Shape[] => {
    if (NOBODYS.has(type) || score < leastScore) return [];
    const [from, to] = [unitOf(start), unitOf(end)];
    if (from === undefined || to === undefined || from >= to)
      throw new RedactorUnavailable('named a place outside of the text');
    const dataClass: HiddenClass = FINANCIAL.has(type) ? 'financial' : 'personal';
    return [{ start: from, end: to, value: text.slice(from, to), dataClass }];
  });
}

async function asked(url: string, body: object, timeoutMs: number): Promise<z.infer<typeof answer>> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal,
    redirect: 'error',
  }).catch((error: unknown) => {
    throw new RedactorUnavailable(`does not answer (${error instanceof Error ? error.name : 'unknown'})`);
  });
  if (!response.ok) throw new RedactorUnavailable(`answers ${response.status}`);
  const parsed = answer.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) throw new RedactorUnavailable('answers with something else than places');
  return parsed.data;
}

/** Guarantee 3. Where the n-th character begins, in units of UTF-16; undefined past the end. */
function unitsOf(text: string): (character: number) => number | undefined {
  if (!/[\ud800-\udbff]/.test(text)) return (character) => (character <= text.length ? character : undefined);
  const starts = [0];
  for (const character of text) starts.push(starts.at(-1)! + character.length);
  return (character) => starts[character];
}
