import { cut, type DoneCheck } from '@countersign/contracts';
import { NoAnswer, type CommitOutcome, type DoneOutcome, type ToolContext } from '@countersign/tool-sdk';
import { nameable, type Call } from './presenter.js';
import { detailOf } from './said.js';

/** As many records as the contract of a check can name. */
const MAX_CHECKED = 64;

export interface DoneLimits {
  /** What "done" means, in the workflow's words. */
  statement: string;
  /** The check never delays what it checks by more. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** Looks whether the system of record shows what was done. A check without an answer holds nothing, and undoes nothing. */
export async function doneCheck(
  call: Call,
  outcome: CommitOutcome,
  { statement, timeoutMs, signal }: DoneLimits,
  contextUntil: (signal: AbortSignal) => ToolContext,
): Promise<DoneCheck> {
  const checked = { statement, holds: false, checked: [] };
  try {
    const run = async (until: AbortSignal) => call.tool.done!(contextUntil(until), call.args, outcome);
    const seen = await limited(run, timeoutMs, signal);
    return { statement, holds: seen.holds === true, detail: said(call, seen.detail), checked: seenRecords(call, seen) };
  } catch (error) {
    return { ...checked, detail: `it could not be checked: ${detailOf(error, call.mask.text)}` };
  }
}

const said = ({ mask }: Call, detail: string): string => cut(mask.text(String(detail)), 2_000);

const seenRecords = ({ mask }: Call, { recordsRead }: DoneOutcome) =>
  nameable(mask.json(recordsRead)).slice(0, MAX_CHECKED);

/** Aborts what takes longer, and does not wait for it to notice. */
async function limited<T>(run: (until: AbortSignal) => Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const limit = new AbortController();
  const abort = () => limit.abort();
  const late = new Promise<never>((_, reject) => {
    limit.signal.addEventListener('abort', () => reject(new NoAnswer(`no answer in ${ms} ms`)), { once: true });
  });
  const timer = setTimeout(abort, ms);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await Promise.race([run(limit.signal), late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
