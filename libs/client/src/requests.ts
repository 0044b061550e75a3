import { EVENTS, IDEMPOTENCY_KEY, requestFlaws, type EventData, type RequestType } from '@countersign/contracts';
import { invalid } from './errors.js';

/** What a user asks for, in words. `{ workflow, session, text, subject?: { type, id } }` */
export type IntentRequest = EventData<'countersign.intent.requested.v1'>;
/** One tool call. `{ workflow, session, tool, arguments, dry_run?, rationale? }` */
export type ActionRequest = EventData<'countersign.action.requested.v1'>;

/** Throws `INVALID_ARGUMENTS` for what the system would not take: over Kafka nobody would be there to answer it. */
export function checkRequest(type: RequestType, request: IntentRequest | ActionRequest): void {
  const parsed = EVENTS[type].data.safeParse(request);
  const flaws = parsed.success
    ? requestFlaws(parsed.data)
    : parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  if (flaws.length > 0) throw invalid(flaws.map((flaw) => ({ ...flaw, path: flaw.path || '(request)' })));
}

/** Throws `INVALID_ARGUMENTS` for what cannot stand in a header. */
export function checkName(path: string, name: string): void {
  if (!IDEMPOTENCY_KEY.test(name)) throw invalid([{ path, message: '1 to 200 visible ASCII characters' }]);
}
