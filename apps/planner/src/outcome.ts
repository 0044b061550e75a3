import {
  withoutBoxes,
  type AnyEvent,
  type CloudEvent,
  type Json,
  type JsonObject,
  type RecordRead,
} from '@countersign/contracts';
import type { Outcome, Stand } from './state.js';
import { boundedJson, clean, cut, inWords } from './transcript.js';

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
    case 'countersign.action.denied.v1':
      return refused(event, 'denied', 'was denied', { final: event.data.final });
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
      return done(
        'drafted',
        `${event.data.tool} is drafted, nothing was changed:`,
        'effect',
        event.data.preview.effect,
        event.data.recordsRead,
      );
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
  return {
    stand: { tag: 'ended', outcome, code },
    shown: boundedJson({ status: outcome, tool, code, nextStep, ...extra, detail }, 'detail'),
    line: clean(cut(`${tool} ${verb}: ${detail} (${code}) ${nextStep}`, 2_000)),
  };
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
): Told {
  const value = withoutBoxes(given);
  const provenance = records.map(({ system, type, id, version, at }) => ({ system, type, id, version, at }));
  return {
    stand: { tag: 'ended', outcome },
    shown: boundedJson({ status: outcome, records: provenance, [field]: value }, field),
    line: clean(`${says} ${inWords(value)}`),
  };
}

/** Committed is not yet done: the system of record has to show it. */
function committed({ data }: CloudEvent<'countersign.action.committed.v1'>): Told {
  const { tool, result, recordsRead, done: check } = data;
  if (!check || check.holds) return done('committed', `${tool} is done:`, 'result', result, recordsRead);
  const { statement, detail } = check;
  const value = withoutBoxes(result);
  const shown = { status: 'committed', tool, done: { holds: false, statement, detail }, final: true, result: value };
  return {
    stand: { tag: 'ended', outcome: 'committed' },
    shown: boundedJson(shown, 'result'),
    line: clean(cut(`${tool} was committed, but the records do not show that ${statement}: ${detail}`, 2_000)),
  };
}

function resolved({ data }: CloudEvent<'countersign.action.resolved.v1'>): Told {
  const { tool, outcome, by, done: check } = data;
  const detail =
    check && !check.holds ? `the records do not show that ${check.statement}: ${check.detail}` : data.detail;
  const result = withoutBoxes(data.result);
  const stand: Stand = { tag: 'ended', outcome: 'resolved' };
  const found = outcome === 'committed' ? 'was found done' : 'was found not done';
  return {
    stand,
    shown: boundedJson({ status: 'resolved', tool, outcome, by, final: true, detail, result }, 'result'),
    line: clean(
      cut(`${tool} was in doubt and ${found} by ${by === 'person' ? 'a person' : 'a look-up'}: ${detail}`, 2_000),
    ),
  };
}

const unreachable = (event: never): never => {
  throw new Error(`no words for ${JSON.stringify(event)}`);
};
