import { z } from 'zod';
import { CountersignError } from './errors.js';

const problemBody = z.object({
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  nextStep: z.string().optional(),
  fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** What stands for a code where the answer is not the system's own: a proxy's, or a failure nobody foresaw. */
const BY_STATUS: Record<number, string> = {
  400: 'INVALID_ARGUMENTS',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RATE_LIMITED',
  504: 'UPSTREAM_TIMEOUT',
};

/** An answer that is no success, as an error: the problem details it carries, or what its status says. */
export function answerError(status: number, headers: Headers, body: string): CountersignError {
  const problem = problemBody.safeParse(parseJson(body)).data ?? {};
  const code = problem.code ?? BY_STATUS[status] ?? 'UPSTREAM_FAILED';
  return new CountersignError({
    ...problem,
    code,
    detail: problem.detail ?? problem.title ?? `HTTP ${status}, and no problem details`,
    nextStep: problem.nextStep ?? (code === 'UPSTREAM_FAILED' ? unforeseen(status) : undefined),
    status,
    retryAfter: retryAfterOf(headers.get('retry-after')),
  });
}

/** Nothing says that nothing was done. */
const unforeseen = (status: number) =>
  status < 400 ? "Check the url: it is the gateway's origin." : 'Send the same request again later.';

/** Seconds, from either form of `Retry-After` (RFC 9110, 10.2.3). */
function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

/**
 * Whether the same request may do better a moment later. It is safe for all: a read changes nothing, and what is published carries its key.
 * A 409 is of a first request that has not been answered yet; `KILLED` lasts until a person re-arms.
 */
export function isPassing({ status, code }: CountersignError): boolean {
  if (status === undefined) return code === 'UPSTREAM_TIMEOUT';
  if (status === 409) return code === 'IDEMPOTENCY_CONFLICT';
  if (status === 408 || status === 425 || status === 429) return true;
  return status >= 500 && status !== 501 && code !== 'KILLED';
}

/** Whether it leaves open that the request was taken: no answer, one that failed, or one of a first request that is still in flight. */
export const saysNothing = ({ status }: CountersignError): boolean =>
  status === undefined || status >= 500 || status === 408 || status === 409;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
