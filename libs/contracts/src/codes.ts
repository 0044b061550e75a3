/** Every code a caller may see, with the one sentence that says what to do next. `docs/codes.md` is made from this. */
export const CODES = {
  INVALID_ARGUMENTS: { status: 422, nextStep: 'Correct the named fields and send it again.' },
  UNKNOWN_TOOL: { status: 404, nextStep: 'Use one of the tools the workflow lists.' },
  UNKNOWN_WORKFLOW: { status: 404, nextStep: 'Name a workflow that is loaded; GET /v1/workflows lists them.' },
  UNAUTHENTICATED: {
    status: 401,
    nextStep: "Send a valid token of the end user; a service's own token is never enough.",
  },
  INTENT_ENDED: { status: 410, nextStep: 'Publish a new intent with a new id.' },
  PERMISSION_DENIED: {
    status: 403,
    nextStep: 'Ask someone whose role may use this tool; do not try again as this user.',
  },
  TENANT_MISMATCH: {
    status: 404,
    nextStep: "Look at the actor's tenant and the record's owner; callers were told NOT_FOUND.",
  },
  RECORD_RESTRICTED: { status: 403, nextStep: 'Ask someone who may see restricted records.' },
  NOT_FOUND: { status: 404, nextStep: 'Check the id; ask the user for the right one.' },
  NEEDS_APPROVAL: { status: 202, nextStep: 'Wait: a person decides. Do not propose the same action again.' },
  APPROVAL_REJECTED: { status: 403, nextStep: 'Treat it as final: tell the user why and do not propose it again.' },
  APPROVAL_EXPIRED: { status: 410, nextStep: 'Tell the user nobody decided in time; a new intent may ask again.' },
  APPROVAL_STALE: { status: 409, nextStep: 'Read what changed and decide again with the new action hash.' },
  SELF_APPROVAL: { status: 403, nextStep: 'Let another person with the role decide.' },
  RATE_LIMITED: { status: 429, nextStep: 'Wait until the time given, then ask again.' },
  LIMIT_EXCEEDED: { status: 403, nextStep: 'Ask for less, or hand the case to a person.' },
  KILLED: { status: 503, nextStep: 'Wait until an SRE re-arms this scope; nothing was done.' },
  STAGE_FORBIDS: { status: 403, nextStep: "Ask a release engineer to raise the workflow's stage, or take the draft." },
  NOT_RELEASED: { status: 403, nextStep: 'Run the evals and publish a release for this fingerprint.' },
  STALE_CONTEXT: { status: 409, nextStep: 'Read the record again and propose from what it says now.' },
  PREVIEW_CHANGED: { status: 409, nextStep: 'Look at the new preview; the effect differs from the one decided on.' },
  IDEMPOTENCY_KEY_REQUIRED: { status: 400, nextStep: 'Send an Idempotency-Key.' },
  IDEMPOTENCY_CONFLICT: {
    status: 422,
    nextStep: 'Use a new key for other content, or the same content with this key.',
  },
  WARRANT_INVALID: { status: 403, nextStep: 'Look for who wrote it: only policy signs warrants.' },
  WARRANT_EXPIRED: { status: 410, nextStep: 'Nothing was sent; policy checks again and may issue a new one.' },
  UPSTREAM_FAILED: { status: 502, nextStep: "Read the target's answer; nothing was changed." },
  UPSTREAM_TIMEOUT: { status: 504, nextStep: 'Try later; the target did not answer in time.' },
  IN_DOUBT: { status: 504, nextStep: 'Do not repeat it: a person looks at the target and settles it.' },
  MODEL_FAILED: { status: 502, nextStep: 'Try again later; the model gave no usable answer.' },
  BUDGET_EXCEEDED: { status: 429, nextStep: 'Split the request; this one used up its tokens or turns.' },
  NOT_BUILT: { status: 501, nextStep: 'This route is not built yet; see the README for what is.' },
} as const;

export type Code = keyof typeof CODES;
export const CODE_NAMES = Object.keys(CODES) as [Code, ...Code[]];

/** A refusal a person or a model can act on. */
export interface Refusal {
  code: Code;
  detail: string;
  nextStep: string;
}

/** The refusal for a code; `nextStep` is the code's own sentence unless a better one is known. */
export function refusal(code: Code, detail: string, nextStep?: string): Refusal {
  return { code, detail, nextStep: nextStep ?? CODES[code].nextStep };
}

/** RFC 9457 problem details, as every HTTP route answers an error. */
export interface Problem extends Refusal {
  type: string;
  title: string;
  status: number;
  [extension: string]: unknown;
}

export function problem(code: Code, detail: string, extensions: Record<string, unknown> = {}): Problem {
  const title = code.toLowerCase().replaceAll('_', ' ');
  return {
    type: `urn:countersign:problem:${code}`,
    title,
    status: CODES[code].status,
    ...refusal(code, detail),
    ...extensions,
  };
}
