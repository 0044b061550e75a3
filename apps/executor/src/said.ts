import { z } from 'zod';
import { CODES, cut, refusal, type Code, type RecordRead } from '@countersign/contracts';
import { maskWords } from '@countersign/sealing';
import { NoAnswer, NothingDone, ToolRefusal, type InputProblem } from '@countersign/tool-sdk';
import type { Ending, Refused } from './state.js';

const MAX_WORDS = 2_000;
export const plainly = (text: string): string => text;

/** No class speaks of a target's words: what is known there has its token back, and known shapes of personal data are masked. */
const told = (text: string, tell: (text: string) => string): string => cut(maskWords(tell(text)), MAX_WORDS);

export const failed = (why: Refused, recordsRead: RecordRead[] = []): Ending & { tag: 'failed' } => ({
  tag: 'failed',
  refusal: why,
  recordsRead,
});

/** An answer came, and nothing can be made of it. */
export const unusable = (detail: string): Refused =>
  refusal(
    'UPSTREAM_FAILED',
    detail,
    'Do not repeat it: the tool or its target has a fault. Nothing was changed; tell the user.',
  );

/** What a tool refused with, its words as `tell` lets them out. A code that nobody knows is a fault of the tool. */
export function refusalOf({ code, detail, nextStep, auditCode }: ToolRefusal, tell: (text: string) => string): Refused {
  const words = told(String(detail), tell);
  if (!isCode(code)) return unusable(words);
  const said = refusal(code, words, nextStep ? told(String(nextStep), tell) : undefined);
  return isCode(auditCode) ? { ...said, auditCode } : said;
}

const isCode = (code: unknown): code is Code => typeof code === 'string' && Object.hasOwn(CODES, code);

export const misfit = (problems: InputProblem[], tell: (text: string) => string): Refused =>
  refusal('INVALID_ARGUMENTS', told(problems.map(({ path, message }) => `${path}: ${message}`).join('; '), tell));

/** Why there is no answer. The message of an error nobody foresaw may quote a record: only its kind and place are told. */
export function detailOf(error: unknown, tell = plainly): string {
  if (error instanceof NoAnswer || error instanceof NothingDone) return told(error.detail, tell);
  if (error instanceof ToolRefusal) return told(`${error.code}: ${error.detail}`, tell);
  if (error instanceof z.ZodError) return `its form is not the declared one (${error.issues[0]?.path.join('.')})`;
  if (!(error instanceof Error)) return 'unknown';
  const place = /([\w.-]+\.[cm]?[jt]s:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1];
  return place ? `${error.name} at ${place}` : error.name;
}
