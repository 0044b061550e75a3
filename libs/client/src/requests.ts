import { EVENTS, MAX_REQUEST_CHARS, payloadFlaw, type EventData } from '@countersign/contracts';
import { invalid, type FieldFlaw } from './errors.js';

/** What a user asks for, in words. `{ workflow, session, text, subject?: { type, id } }` */
export type IntentRequest = EventData<'countersign.intent.requested.v1'>;
/** One tool call. `{ workflow, session, tool, arguments, dry_run?, rationale? }` */
export type ActionRequest = EventData<'countersign.action.requested.v1'>;
export type RequestType = 'countersign.intent.requested.v1' | 'countersign.action.requested.v1';

const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;
const KEY = /^[\x21-\x7e]{1,200}$/;

/** Throws `INVALID_ARGUMENTS` for what the system would not take: over Kafka nobody would be there to answer it. */
export function checkRequest(type: RequestType, request: IntentRequest | ActionRequest): void {
  const parsed = EVENTS[type].data.safeParse(request);
  if (!parsed.success)
    throw invalid(parsed.error.issues.map(({ path, message }) => ({ path: path.join('.') || '(request)', message })));
  const flaws: FieldFlaw[] = [];
  if (CONTROL_CHARACTERS.test(request.session)) flaws.push({ path: 'session', message: 'no control characters' });
  for (const [path, value] of Object.entries(parsed.data)) {
    const message = payloadFlaw(value);
    if (message) flaws.push({ path, message });
  }
  if (flaws.length === 0 && JSON.stringify(request).length > MAX_REQUEST_CHARS)
    flaws.push({ path: '(request)', message: `at most ${MAX_REQUEST_CHARS} characters of JSON` });
  if (flaws.length > 0) throw invalid(flaws);
}

/** Throws `INVALID_ARGUMENTS` for what cannot stand in a header. */
export function checkName(path: string, name: string): void {
  if (!KEY.test(name)) throw invalid([{ path, message: '1 to 200 visible ASCII characters' }]);
}
