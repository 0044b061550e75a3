import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CODE_NAMES, encodeEvent, EVENTS, jcs, type EventDraft, type JsonObject } from '@countersign/contracts';
import { accepted, actOutcome, PurePlanner, sourced } from './given.spec-support.js';
import { LIMITS, type Message, type TurnOutcome } from './state.js';
import { clean, cut } from './transcript.js';

type Answered = Extract<TurnOutcome, { tag: 'answered' }>;
/** A call as the wire hands it on (model.ts), and what must become of it. */
interface Tried {
  call: Answered['calls'][number];
  good?: JsonObject;
}

const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength }).map((value) => clean(value));
const given = (name: string, args: string): Tried['call'] => ({ id: 'c', name, arguments: cut(clean(args), 16_000) });
const tools = fc.constantFrom('get_book', 'lend_book', 'burn_book');
const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const valid = fc.record({ name: tools, id: fc.stringMatching(/^[a-z0-9]{1,20}$/) }).map(({ name, id }): Tried => {
  const good = { bookId: id };
  return { call: given(name, JSON.stringify(good)), good };
});
const unreadable = fc.oneof(
  fc.constantFrom(
    '[]',
    '7',
    'null',
    '"x"',
    '{',
    '{"a":1,"a":2}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"a":1e999}',
    '{"a":1}{}',
    '{a:1}',
  ),
  fc.constantFrom(17, 33, 500, 3_000).map(deep),
  text(40).map((value) => `{${value}`),
);
const wrong = fc
  .record({ name: tools, args: unreadable })
  .map(({ name, args }): Tried => ({ call: given(name, args) }));
const unknown = fc.oneof(
  text(30),
  fc.constantFrom('', '__proto__', 'constructor', 'get_book ', 'GET_BOOK', 'known_records'),
);
const strange = fc
  .record({ name: unknown, args: fc.json() })
  .map(({ name, args }): Tried => ({ call: given(`x${name}`, args) }));
const flawed = tools.map((name): Tried => ({ call: { ...given(name, '{}'), flaw: 'it is no function call' } }));
const call = fc.tuple(fc.oneof(valid, wrong, strange, flawed), text(12)).map(([tried, id]): Tried => ({
  ...tried,
  call: { ...tried.call, id },
}));
const prose = fc.oneof(
  fc.constant(null),
  text(300),
  fc.json().map((value) => clean(value)),
  fc.constantFrom(
    '{"name":"lend_book","arguments":{}}',
    '<tool_call>lend</tool_call>',
    'Done, I refunded it all.',
    ' ',
  ),
);
const output = fc.record({
  content: prose,
  calls: fc.oneof(fc.array(call, { maxLength: 4 }), fc.array(call, { minLength: 9, maxLength: 50 })),
});

/** A change that stands in its turn already is not proposed once more. */
const isFirst = ({ call, good }: Tried, index: number, all: Tried[]) =>
  call.name === 'get_book' ||
  all.findIndex((other) => other.call.name === call.name && other.good?.['bookId'] === good?.['bookId']) === index;

const outcome = (content: string | null, calls: Tried[]): TurnOutcome => ({
  tag: 'answered',
  content,
  calls: calls.slice(0, 64).map((tried) => tried.call),
  finish: 'stop',
  usage: { prompt: 1, completion: 1 },
  attempts: 1,
  durationMs: 1,
});

/** What any reader of the topic would take, signed form included. */
function readable(draft: EventDraft): void {
  expect(EVENTS[draft.type].data.safeParse(draft.data)).toMatchObject({ success: true });
  expect(encodeEvent('/services/planner', draft, jcs(draft.data)).value.length).toBeLessThan(1024 * 1024);
}

function errorsIn(messages: Message[], count: number) {
  const told = messages.filter(({ role }) => role === 'tool').slice(-count);
  return told.map(({ content }) => JSON.parse(content!) as { status: string; code: string; nextStep: string });
}

describe('whatever a model says (4)', () => {
  it('each call is proposed as it stands or becomes an error with code and next step, and the rest goes on', () => {
    fc.assert(
      fc.property(output, ({ content, calls }) => {
        const planner = new PurePlanner(sourced);
        planner.take(accepted('int_1'));
        planner.answer(outcome(content, calls));
        planner.emitted.forEach(readable);
        const looked = calls.slice(0, LIMITS.callsPerTurn);
        const good = looked.filter(isFirst).flatMap((tried) => tried.good ?? []);
        expect(planner.proposals().map((proposal) => proposal.arguments)).toEqual(good);
        const seen = calls.slice(0, 64).length;
        if (seen > 0 && good.length === 0)
          for (const { status, code, nextStep } of errorsIn(planner.asked.messages, seen)) {
            expect({ status, known: CODE_NAMES.includes(code as 'NOT_FOUND') }).toEqual({
              status: 'error',
              known: true,
            });
            expect(nextStep).toMatch(/\w/);
          }
        expect(planner.proposals().length + planner.replies().length + planner.work.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('an intent ends in one reply, whatever it says turn after turn and however its actions end', () => {
    const turn = fc.record({
      output,
      ends: fc.infiniteStream(fc.constantFrom('denied', 'read', 'committed', 'failed')),
    });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 12, maxLength: 12 }), (turns) => {
        const planner = new PurePlanner(sourced);
        planner.take(accepted('int_1'));
        for (const { output, ends } of turns) {
          if (planner.work.length === 0) break;
          const before = planner.proposals().length;
          planner.answer(outcome(output.content, output.calls));
          for (const proposal of planner.proposals().slice(before))
            planner.take(actOutcome(proposal, ends.next().value!));
        }
        planner.emitted.forEach(readable);
        expect(planner.replies()).toHaveLength(1);
        expect(planner.proposals().length).toBeLessThanOrEqual(LIMITS.actsPerIntent);
        expect(planner.rows.get('intent:int_1')).toEqual({ tag: 'ended' });
      }),
      { numRuns: 200 },
    );
  });
});
