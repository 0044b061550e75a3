/*
 * What a log line may say. It guarantees:
 * 1. No known shape of personal data (shapes.ts of libs/sealing) and no token, password in a URL or bearer stands in it, wherever it is
 *    nested, however it is escaped, in an error's message, its stack, a name or a number.
 * 2. It is JSON as it was before. What cannot be made safe is left out, and the line says so.
 * 3. A long line costs no more than a short one: over `LONGEST` characters its texts are cut first.
 */
import { cut, type Json, type JsonObject } from '@countersign/contracts';
import { mapTexts, maskWords, shapesIn } from '@countersign/sealing';

const LONGEST = 16_384;
const LONGEST_TEXT = 2_000;

const BEARER = /\b(?:Bearer|Basic|DPoP)\s+[\w~+/.=-]{8,}/gi;
/** Signed or sealed, as it travels. */
const JOSE = /\beyJ[\w-]{8,}(?:\.[\w-]*){2,4}/g;
const PASSWORD = /(?<=:\/\/[^\s/:@"]{0,100}:)(?!\[password\]@)[^\s/@"]+(?=@)/g;
const SUSPECT = new RegExp([BEARER, JOSE, PASSWORD].map(({ source }) => source).join('|'), 'i');

/** Takes and gives a line with its end. */
export function maskedLine(line: string): string {
  if (line.length <= LONGEST && isSafe(line)) return line;
  const masked = `${JSON.stringify(safe(parsed(line)))}\n`;
  return masked.length <= 2 * LONGEST && isSafe(masked) ? masked : withheld(line);
}

const isSafe = (line: string): boolean => !SUSPECT.test(line) && shapesIn(line).length === 0;

function safe(given: Json): Json {
  const short = mapTexts(given, (text) => (text.length > LONGEST_TEXT ? `${cut(text, LONGEST_TEXT)}…` : text));
  return maskWords(mapTexts(short, withoutTokens));
}

const withoutTokens = (text: string): string =>
  text.replace(BEARER, '[token]').replace(JOSE, '[token]').replace(PASSWORD, '[password]');

function parsed(line: string): Json {
  try {
    return JSON.parse(line) as Json;
  } catch {
    return { msg: line };
  }
}

/** Guarantee 2: where and when, and nothing of what was said. */
function withheld(line: string): string {
  const { level, time, service, instance } = parsed(line) as JsonObject;
  return `${JSON.stringify({ level, time, service, instance, msg: 'a line was left out: it could not be shown without personal data' })}\n`;
}
