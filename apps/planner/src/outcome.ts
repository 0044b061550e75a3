import {
  withoutBoxes,
  type AnyEvent,
  type CloudEvent,
  type Json,
  type JsonObject,
  type RecordRead,
} from '@countersign/contracts';
import type { Outcome, Stand } from './state.js';
import { BOUNDS, boundedJson, clean, cut, inWords } from './transcript.js';

export type OutcomeType =
  | 'countersign.action.denied.v1'
  | 'countersign.action.escalated.v1'
  | 'countersign.action.read.v1'
  | 'countersign.action.previewed.v1'
  | 'countersign.action.drafted.v1'
  | 'countersign.action.committed.v1'
  | 'countersign.action.failed.v1'
  | 'countersign.action.blocked.v1'
  | 'countersign.action.in-doubt.v1'
  | 'countersign.action.resolved.v1';
export type OutcomeEvent = Extract<AnyEvent, { type: OutcomeType }>;

/** What a decision or a result says of its action, in JSON for the model and in words for a person. */
export function outcomeOf(event: OutcomeEvent): Outcome {
  const { actionId, tool } = event.data;
  return { cause: event.id, actionId, tool, ...told(event) };
}

type Told = Pick<Outcome, 'stand' | 'shown' | 'line'>;

function told(event: OutcomeEvent): Told {
  switch (event.type) {
    case 'countersign.action.denied.v1': {
      const { final, retryAt } = event.data;
      return refused(event, 'denied', 'was denied', { final, ...(retryAt ? { retryAt } : {}) });
    }
    case 'countersign.action.failed.v1':
      return refused(event, 'failed', 'failed, nothing was changed', {});
    case 'countersign.action.blocked.v1':
      return refused(event, 'blocked', 'was blocked, nothing was sent', { final: true });
    case 'countersign.action.escalated.v1':
      return open('escalated', `${event.data.tool} waits for a person of ${event.data.approverRoles.join(' or ')}.`);
    case 'countersign.action.in-doubt.v1':
      return open('in-doubt', `${event.data.tool} is in doubt: ${event.data.detail}`);
    case 'countersign.action.read.v1':
      return done('read', `${event.data.tool}:`, 'result', event.data.result, event.data.recordsRead);
    case 'countersign.action.previewed.v1':
      return done(
        'previewed',
        `${event.data.tool} would do this, nothing was changed:`,
        'effect',
        event.data.preview.effect,
        event.data.recordsRead,
      );
    case 'countersign.action.drafted.v1':
      return drafted(event);
    case 'countersign.action.committed.v1':
      return committed(event);
    case 'countersign.action.resolved.v1':
      return resolved(event);
    default:
      return unreachable(event);
  }
}

type RefusedType = 'countersign.action.denied.v1' | 'countersign.action.failed.v1' | 'countersign.action.blocked.v1';

function refused(
  event: CloudEvent<RefusedType>,
  outcome: 'denied' | 'failed' | 'blocked',
  verb: string,
  extra: JsonObject,
): Told {
  const { code, detail, nextStep, tool } = event.data;
  const edited = editOf(event.data);
  return {
    stand: { tag: 'ended', outcome, code },
    shown: boundedJson({ status: outcome, tool, code, nextStep, ...extra, ...edited.shown, detail }, 'detail'),
    line: clean(cut(`${tool}${edited.line} ${verb}: ${detail} (${code}) ${nextStep}`, 2_000)),
  };
}

/** Of a line, so that what follows still has room. */
const EDITED_WORDS = 600;

/** The arguments that count, where a person changed what was proposed: of a result, or of a denial after the edit. */
interface Edited {
  edited?: JsonObject | undefined;
  edits?: readonly unknown[] | undefined;
  arguments?: JsonObject;
}

function editOf({ edits, arguments: args, edited = edits?.length ? args : undefined }: Edited): {
  shown: JsonObject;
  line: string;
} {
  if (!edited) return { shown: {}, line: '' };
  const value = withoutBoxes(edited);
  const text = inWords(value);
  const shown: JsonObject = text.length <= BOUNDS.value ? { edited: value } : { editedText: cut(text, BOUNDS.value) };
  return { shown, line: ` (edited by a person: ${cut(text, EDITED_WORDS)})` };
}

function open(why: 'escalated' | 'in-doubt', line: string): Told {
  return { stand: { tag: 'open', why }, shown: '', line: clean(cut(line, 2_000)) };
}

function done(
  outcome: 'read' | 'previewed' | 'drafted' | 'committed',
  says: string,
  field: string,
  given: Json,
  records: RecordRead[],
  extra: JsonObject = {},
): Told {
  const value = withoutBoxes(given);
  const provenance = records.map(({ system, type, id, version, at }) => ({ system, type, id, version, at }));
  return {
    stand: { tag: 'ended', outcome },
    shown: boundedJson({ status: outcome, ...extra, records: provenance, [field]: value }, field),
    line: clean(`${says} ${inWords(value)}`),
  };
}

/** It is all there will be: a person takes it from there. */
function drafted(event: CloudEvent<'countersign.action.drafted.v1'>): Told {
  const { tool, actionId, preview, recordsRead } = event.data;
  const edited = editOf(event.data);
  const says = `${tool}${edited.line} is drafted, nothing was changed. It stands among the drafts (GET /v1/drafts) as ${actionId}:`;
  const extra = { tool, final: true, draft: { actionId, among: 'GET /v1/drafts' }, ...edited.shown };
  return done('drafted', says, 'effect', preview.effect, recordsRead, extra);
}

/** Committed is not yet done: the system of record has to show it. */
function committed(event: CloudEvent<'countersign.action.committed.v1'>): Told {
  const { tool, result, recordsRead, done: check } = event.data;
  const edited = editOf(event.data);
  const name = `${tool}${edited.line}`;
  if (!check || check.holds) return done('committed', `${name} is done:`, 'result', result, recordsRead, edited.shown);
  const { statement, detail } = check;
  const value = withoutBoxes(result);
  const unmet = { holds: false, statement, detail };
  const shown = { status: 'committed', tool, done: unmet, final: true, ...edited.shown, result: value };
  return {
    stand: { tag: 'ended', outcome: 'committed' },
    shown: boundedJson(shown, 'result'),
    line: clean(cut(`${name} was committed, but the records do not show that ${statement}: ${detail}`, 2_000)),
  };
}

function resolved({ data }: CloudEvent<'countersign.action.resolved.v1'>): Told {
  const { tool, outcome, by, done: check } = data;
  const edited = editOf(data);
  const detail =
    check && !check.holds ? `the records do not show that ${check.statement}: ${check.detail}` : data.detail;
  const result = withoutBoxes(data.result);
  const stand: Stand = { tag: 'ended', outcome: 'resolved' };
  const found = outcome === 'committed' ? 'was found done' : 'was found not done';
  return {
    stand,
    shown: boundedJson(
      { status: 'resolved', tool, outcome, by, final: true, ...edited.shown, detail, result },
      'result',
    ),
    line: clean(
      cut(
        `${tool}${edited.line} was in doubt and ${found} by ${by === 'person' ? 'a person' : 'a look-up'}: ${detail}`,
        2_000,
      ),
    ),
  };
}

const unreachable = (event: never): never => {
  throw new Error(`no words for ${JSON.stringify(event)}`);
};
