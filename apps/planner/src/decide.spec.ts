import { describe, expect, it } from '@jest/globals';
import { actionIdOf, EVENTS, eventIdOf } from '@countersign/contracts';
import { decideAccepted, decideOutcome, positionOf } from './decide.js';
import {
  accepted,
  acceptedAction,
  answered,
  incoming,
  library,
  NOW,
  outcomes,
  PurePlanner,
  RECORD,
  rowOf,
} from './given.spec-support.js';
import type { Message, TurnOutcome } from './state.js';
import { decideTurn, decideWake } from './turn.js';
import { turnWorker } from './work.js';

const I = 'int_1';
const act = (index = 0, turn = 0) => actionIdOf(I, turn, index);
const lend = (index = 0, turn = 0) => outcomes(I, turn, index);
const CALL: [string, string] = ['lend_book', '{"bookId":"emma"}'];
const patient = { ...library, model: { ...library.model, maxTurns: 9, tokenBudget: 100_000 } };
/** No two of a turn are the same call. */
const calls = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, index) => ['lend_book', JSON.stringify({ bookId: `emma-${index}` })]);
const READ: [string, string] = ['get_book', '{"bookId":"emma"}'];

function toolMessages(planner: PurePlanner) {
  const tools = planner.asked.messages.filter((m): m is Extract<Message, { role: 'tool' }> => m.role === 'tool');
  return tools.map(({ content }) => JSON.parse(content) as Record<string, unknown>);
}

describe('an intent of a workflow whose agent is outside (1)', () => {
  it('is replied to at once: no model is asked, and nothing is proposed', () => {
    const planner = new PurePlanner({ ...library, agent: 'outside' });
    const effects = planner.take(accepted(I));
    expect(effects.map((effect) => effect.do)).toEqual(['emit', 'put']);
    expect(effects[0]).toMatchObject({
      event: {
        type: 'countersign.reply.sent.v1',
        data: { outcome: 'answered', fromModel: false, turns: 0, actions: [], text: expect.stringMatching(/^Noted/) },
      },
    });
    expect(planner.take(accepted(I)).map((effect) => effect.do)).toEqual(['ignore']);
  });
});

describe('an intent of one tool call (1)', () => {
  it('is replied to from its outcome, without the model', () => {
    const planner = new PurePlanner();
    expect(planner.take(acceptedAction(I))).toEqual([
      {
        do: 'put',
        key: 'intent:int_1',
        state: {
          tag: 'single',
          owner: { tenant: 'acme', sub: 'alice', roles: ['reader'], session: 's-1' },
          actionId: act(),
          tool: 'lend_book',
          dryRun: false,
        },
      },
    ]);
    const committed = lend().committed();
    expect(planner.take(committed)).toEqual([
      {
        do: 'emit',
        event: {
          type: 'countersign.reply.sent.v1',
          id: eventIdOf('countersign.reply.sent.v1', I),
          subject: I,
          tenantid: 'acme',
          actorid: 'alice',
          session: 's-1',
          correlationid: I,
          causationid: committed.id,
          time: NOW.toISOString(),
          data: {
            intentId: I,
            tenant: 'acme',
            text: 'lend_book is done: {"loan":"loan_1"}',
            outcome: 'answered',
            fromModel: false,
            turns: 0,
            actions: [{ actionId: act(), tool: 'lend_book', outcome: 'committed' }],
          },
        },
      },
      { do: 'put', key: 'intent:int_1', state: { tag: 'ended' } },
    ]);
    expect(planner.work).toEqual([]);
  });

  it('is replied to once, however often its outcome comes', () => {
    const planner = new PurePlanner();
    planner.take(acceptedAction(I));
    planner.take(lend().committed());
    expect(planner.take(lend().committed())).toEqual([{ do: 'ignore', because: 'the intent is ended' }]);
    expect(planner.take(acceptedAction(I))).toEqual([{ do: 'ignore', because: 'already accepted' }]);
    expect(planner.replies()).toHaveLength(1);
  });

  it('is replied to when the outcome came before the acceptance', () => {
    const planner = new PurePlanner();
    planner.take(lend().escalated());
    planner.take(lend().committed());
    expect(planner.replies()).toEqual([]);
    planner.take(acceptedAction(I));
    expect(planner.replies()).toMatchObject([
      { text: 'lend_book is done: {"loan":"loan_1"}', actions: [{ outcome: 'committed' }] },
    ]);
  });

  it('keeps a bounded number of what comes before the acceptance', () => {
    const planner = new PurePlanner();
    for (let n = 0; n < 8; n++) planner.take(lend().escalated());
    expect(planner.take(lend().escalated())).toEqual([{ do: 'ignore', because: 'enough came before the acceptance' }]);
  });

  it('is not ended by the outcome of an action that is not its own', () => {
    const planner = new PurePlanner();
    planner.take(acceptedAction(I));
    expect(planner.take(lend(1).committed())).toEqual([{ do: 'ignore', because: 'the action goes on' }]);
  });

  it('carries the code of a denial', () => {
    const planner = new PurePlanner();
    planner.take(acceptedAction(I));
    planner.take(lend().denied());
    expect(planner.replies()).toMatchObject([
      {
        text: 'lend_book was denied: not this one (PERMISSION_DENIED) Ask.',
        outcome: 'answered',
        code: 'PERMISSION_DENIED',
        actions: [{ outcome: 'denied', code: 'PERMISSION_DENIED' }],
      },
    ]);
  });

  it('ends with its preview if it is a dry run, and only then', () => {
    const wet = new PurePlanner();
    wet.take(acceptedAction(I));
    expect(wet.take(lend().previewed())).toEqual([{ do: 'ignore', because: 'the action goes on' }]);
    const dry = new PurePlanner();
    dry.take(acceptedAction(I, true));
    dry.take(lend().previewed());
    expect(dry.replies()).toMatchObject([
      { text: 'lend_book would do this, nothing was changed: {"lends":"emma"}', actions: [{ outcome: 'previewed' }] },
    ]);
  });

  it('waits while it is escalated or in doubt', () => {
    const planner = new PurePlanner();
    planner.take(acceptedAction(I));
    planner.take(lend().escalated());
    planner.take(lend().inDoubt());
    expect(planner.replies()).toEqual([]);
    planner.take(lend().resolved());
    expect(planner.replies()).toMatchObject([
      { text: 'lend_book was in doubt and was found done by a person: sam saw it' },
    ]);
    planner.take(lend().resolved());
    expect(planner.replies()).toHaveLength(1);
  });

  it('tells what a person found not done as that, once', () => {
    const planner = new PurePlanner();
    planner.take(acceptedAction(I));
    planner.take(lend().resolved({ outcome: 'failed', result: null, detail: 'bob looked' }));
    planner.take(lend().inDoubt());
    expect(planner.replies()).toMatchObject([
      {
        text: 'lend_book was in doubt and was found not done by a person: bob looked',
        outcome: 'answered',
        actions: [{ outcome: 'resolved' }],
      },
    ]);
  });
});

describe('what policy or the executor did not sign (2)', () => {
  it('changes nothing', () => {
    const planner = new PurePlanner();
    const forged = incoming(accepted(I));
    const facts = { ...planner.facts, forged: new Set([positionOf(forged.record)]) };
    expect(decideAccepted(forged, planner.states, facts, NOW)).toEqual([
      { do: 'ignore', because: 'not signed by policy' },
    ]);
    const result = incoming(lend().committed());
    const doubted = { ...planner.facts, forged: new Set([positionOf(result.record)]) };
    planner.take(acceptedAction(I));
    expect(decideOutcome(result, planner.states, doubted, NOW)).toEqual([
      { do: 'ignore', because: 'countersign.action.committed.v1 is not signed by its owner' },
    ]);
  });
});

describe('a turn', () => {
  it("asks the model with the workflow's prompt and only the tools the actor's roles may call", () => {
    const planner = new PurePlanner();
    planner.take(accepted(I, { subject: { type: 'book', id: 'emma' } }));
    const { messages, ...rest } = planner.asked;
    expect(rest).toEqual({
      intentId: I,
      sessionId: 'ses_1',
      workflow: 'library',
      turn: 0,
      cause: accepted(I).id,
      tools: ['get_book', 'lend_book'],
      maxTokens: expect.any(Number),
      last: false,
    });
    expect(messages).toEqual([
      { role: 'system', content: expect.stringContaining('You help readers.') },
      { role: 'user', content: 'Lend me Emma\n\n(About: book emma)' },
    ]);
    expect(planner.work[0]).toMatchObject({ id: 'turn:int_1:0', kind: 'turn', target: 'model', tenant: 'acme' });
  });

  it('becomes proposals, each with the id policy recomputes, and the call told to audit', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const effects = planner.answer(answered('I read and lend.', [READ, CALL]));
    const emitted = effects.flatMap((effect) => (effect.do === 'emit' ? [effect.event] : []));
    const called = eventIdOf('countersign.model.called.v1', I, 0);
    expect(emitted.map(({ type, id, subject, causationid }) => ({ type, id, subject, causationid }))).toEqual([
      { type: 'countersign.model.called.v1', id: called, subject: I, causationid: accepted(I).id },
      {
        type: 'countersign.action.proposed.v1',
        id: eventIdOf('countersign.action.proposed.v1', act(0)),
        subject: act(0),
        causationid: called,
      },
      {
        type: 'countersign.action.proposed.v1',
        id: eventIdOf('countersign.action.proposed.v1', act(1)),
        subject: act(1),
        causationid: called,
      },
    ]);
    expect(planner.proposals()[1]).toEqual({
      intentId: I,
      actionId: act(1),
      turn: 0,
      index: 1,
      workflow: 'library',
      tool: 'lend_book',
      arguments: { bookId: 'emma' },
      dryRun: false,
      callId: 'c1',
      rationale: 'I read and lend.',
    });
    expect(emitted[0]?.data).toMatchObject({
      turn: 0,
      model: 'm-1',
      request: {
        tools: ['get_book', 'lend_book'].map((name) => ({ name, parameters: { required: ['bookId'] } })),
        temperature: 0,
      },
      response: { content: 'I read and lend.', finishReason: 'tool_calls' },
      usage: { prompt: 10, completion: 5 },
      attempts: 1,
      durationMs: 12,
    });
    for (const { type, data } of emitted) expect(EVENTS[type].data.safeParse(data)).toMatchObject({ success: true });
  });

  it('is followed by the next one when every action of it has ended, with results and their provenance', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [READ, CALL]));
    planner.take(lend(1).denied());
    expect(planner.work).toEqual([]);
    planner.take(outcomes(I, 0, 0, 'get_book').read());
    expect(planner.asked).toMatchObject({ turn: 1, last: false, cause: outcomes(I, 0, 0, 'get_book').read().id });
    expect(planner.asked.messages.slice(2)).toEqual([
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c0', type: 'function', function: { name: 'get_book', arguments: '{"bookId":"emma"}' } },
          { id: 'c1', type: 'function', function: { name: 'lend_book', arguments: '{"bookId":"emma"}' } },
        ],
      },
      {
        role: 'tool',
        tool_call_id: 'c0',
        content: JSON.stringify({ status: 'read', records: [RECORD], result: { title: 'Emma' } }),
      },
      {
        role: 'tool',
        tool_call_id: 'c1',
        content: JSON.stringify({
          status: 'denied',
          tool: 'lend_book',
          code: 'PERMISSION_DENIED',
          nextStep: 'Ask.',
          final: true,
          detail: 'not this one',
        }),
      },
    ]);
  });

  it("ends the intent when it answers in words, with every action's outcome", () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().committed());
    planner.answer(answered('Emma is yours.'));
    expect(planner.replies()).toEqual([
      {
        intentId: I,
        tenant: 'acme',
        text: 'Emma is yours.',
        outcome: 'answered',
        fromModel: true,
        turns: 2,
        actions: [{ actionId: act(), tool: 'lend_book', outcome: 'committed' }],
      },
    ]);
    expect(planner.rows.get('intent:int_1')).toEqual({ tag: 'ended' });
    expect(planner.rows.get('session:ses_1')).toEqual({
      active: null,
      line: [],
      history: [{ user: 'Lend me Emma', reply: 'Emma is yours.' }],
    });
  });

  it.each([
    ['was denied', (planner: PurePlanner) => planner.take(lend().denied())],
    [
      'does not show in the records',
      (planner: PurePlanner) =>
        planner.take(
          lend().committed({ done: { holds: false, statement: 'the loan stands', detail: 'no loan', checked: [] } }),
        ),
    ],
    [
      'was found done and does not show in the records',
      (planner: PurePlanner) =>
        planner.take(
          lend().resolved({ done: { holds: false, statement: 'the loan stands', detail: 'no loan', checked: [] } }),
        ),
    ],
  ])('says what the records say where the model claims what %s (7)', (_, outcome) => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    outcome(planner);
    planner.answer(answered('Done: Emma was lended.'));
    const [reply] = planner.replies();
    expect(reply).toMatchObject({
      outcome: 'answered',
      fromModel: false,
      flagged: expect.stringContaining('Done: Emma'),
    });
    expect(reply!.text).toMatch(
      /^The answer that was written did not agree with the records. They show this:\n- lend_book was /,
    );
    expect(EVENTS['countersign.reply.sent.v1'].data.safeParse(reply)).toMatchObject({ success: true });
    expect(JSON.stringify(planner.rows.get('session:ses_1'))).not.toContain('Done: Emma');
  });

  it('that was stored is not taken again', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const draft = planner.work[0]!;
    planner.answer(answered(null, [CALL]));
    const again = decideTurn(
      rowOf(draft),
      answered('other words'),
      planner.states,
      { workflows: planner.facts.workflows, model: 'm-1' },
      NOW,
    );
    expect(again).toEqual([{ do: 'ignore', because: 'another turn is under way' }]);
  });
});

describe('an intent whose decision or result is lost (8)', () => {
  const lost = () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    return planner;
  };

  it('gets a failed reply after its authority and the longest warrant, and its session is free', () => {
    const planner = lost();
    planner.take(accepted('int_2'));
    expect(planner.deadlines).toMatchObject([
      { id: 'deadline:int_1', kind: 'deadline', notBefore: new Date('2026-03-01T10:35:00.000Z') },
    ]);
    planner.comeDue();
    expect(planner.replies()).toMatchObject([{ outcome: 'failed', code: 'UPSTREAM_TIMEOUT', actions: [] }]);
    expect(planner.rows.get('intent:int_1')).toEqual({ tag: 'ended' });
    expect(planner.rows.get('session:ses_1')).toMatchObject({ active: 'int_2', line: [] });
  });

  it('is left alone while a person decides, and its deadline is taken back when it ends', () => {
    const planner = lost();
    planner.take(lend().escalated());
    expect(planner.comeDue()).toEqual([{ do: 'ignore', because: 'it does not wait for its actions' }]);
    const ended = lost();
    ended.take(lend().committed());
    expect(ended.answer(answered('Done.'))).toContainEqual({ do: 'cancel', workId: 'deadline:int_1' });
  });

  it('is looked at again later while a turn of it is under way', () => {
    const planner = lost();
    planner.take(lend().committed());
    planner.comeDue();
    expect(planner.deadlines).toMatchObject([
      { id: 'deadline:int_1+', notBefore: new Date('2026-03-01T10:55:00.000Z') },
    ]);
  });
});

describe('a turn that cannot be decided on (8)', () => {
  it('ends its intent, and the model is not asked for ever', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const ask = () => Promise.reject(new Error('not asked here'));
    const worker = turnWorker({ workflows: planner.facts.workflows, ask, model: 'm-1', concurrency: 1 });
    const end = worker.undecidable?.(rowOf(planner.work[0]!));
    planner.answer(end?.outcome as TurnOutcome);
    expect(planner.replies()).toMatchObject([{ outcome: 'failed', code: 'MODEL_FAILED' }]);
  });
});

describe('what comes late (1)', () => {
  it('a turn of an earlier number changes nothing', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const draft = planner.work[0]!;
    planner.answer(answered(null, [['no_such_tool', '{}']]));
    const facts = { workflows: planner.facts.workflows, model: 'm-1' };
    const late = decideTurn(rowOf(draft), answered('late words'), planner.states, facts, NOW);
    expect(late).toEqual([{ do: 'ignore', because: 'another turn is under way' }]);
  });

  it('a second outcome of an action does not stand beside the first', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, calls(2)));
    planner.take(lend(0).committed());
    expect(planner.take(lend(0).denied())).toEqual([{ do: 'ignore', because: 'the action has ended' }]);
    planner.take(lend(1).committed());
    expect(toolMessages(planner)).toMatchObject([{ status: 'committed' }, { status: 'committed' }]);
  });

  it('an outcome of an action that this intent did not propose', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    expect(planner.take(lend(5).committed())).toEqual([
      { do: 'ignore', because: 'this intent proposed no such action' },
    ]);
  });
});

describe('hostile model output becomes an error the model sees (4)', () => {
  it.each<[string, [string, string], Record<string, unknown>]>([
    [
      'arguments that are not JSON',
      ['lend_book', '{"bookId":'],
      { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('NOT_JSON') },
    ],
    [
      'arguments with a key twice',
      ['lend_book', '{"bookId":"a","bookId":"b"}'],
      { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('DUPLICATE_KEY') },
    ],
    [
      'arguments nested too deep',
      ['lend_book', '['.repeat(500)],
      { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('TOO_DEEP') },
    ],
    [
      'arguments that could be read, but not in the event that wraps them',
      ['lend_book', `{"bookId":${'['.repeat(20)}${']'.repeat(20)}}`],
      { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('too deep') },
    ],
    [
      'a number no double can hold',
      ['lend_book', '{"bookId":1e999}'],
      { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('too large for a double') },
    ],
    [
      'arguments that are no object',
      ['lend_book', '["emma"]'],
      { code: 'INVALID_ARGUMENTS', detail: 'the arguments are not a JSON object' },
    ],
    [
      'arguments with U+0000',
      ['lend_book', '{"bookId":"\\u0000"}'],
      { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('not text') },
    ],
    [
      'arguments with half a character',
      ['lend_book', '{"bookId":"\\ud83d"}'],
      { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining('half a character') },
    ],
    [
      'a tool that does not exist',
      ['drop_table', '{}'],
      { code: 'UNKNOWN_TOOL', detail: expect.stringContaining('get_book, lend_book, burn_book') },
    ],
  ])('%s', (_, call, error) => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [call]));
    expect(planner.proposals()).toEqual([]);
    expect(planner.asked.turn).toBe(1);
    expect(toolMessages(planner)).toEqual([{ status: 'error', nextStep: expect.any(String), ...error }]);
    const called = planner.emitted.find(({ type }) => type === 'countersign.model.called.v1');
    expect(called?.data).toMatchObject({ refused: [{ callId: expect.any(String), ...error }] });
  });

  it('what was cut away on the wire', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const calls = [{ id: 'c0', name: 'lend_book', arguments: '{}', flaw: 'the arguments are too long' }];
    planner.answer({ ...answered(null), calls } as ReturnType<typeof answered>);
    expect(planner.proposals()).toEqual([]);
    expect(toolMessages(planner)).toMatchObject([{ code: 'INVALID_ARGUMENTS', detail: 'the arguments are too long' }]);
  });

  it('more than 32 actions in an intent', () => {
    const planner = new PurePlanner(patient);
    planner.take(accepted(I));
    for (let turn = 0; turn < 5; turn++) {
      planner.answer(answered(null, calls(8)));
      for (let index = 0; index < 8; index++) planner.take(lend(index, turn).committed());
    }
    expect(planner.proposals()).toHaveLength(32);
    expect(toolMessages(planner).slice(32)).toMatchObject(
      Array.from({ length: 8 }, () => ({ code: 'LIMIT_EXCEEDED' })),
    );
  });

  it('stands beside the calls that are well formed', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [['lend_book', 'emma'], CALL]));
    expect(planner.proposals()).toMatchObject([{ actionId: act(1), index: 1 }]);
    planner.take(lend(1).committed());
    expect(toolMessages(planner)).toMatchObject([{ status: 'error' }, { status: 'committed' }]);
  });

  it('a tool the roles may not call goes to policy, which says no', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [['burn_book', '{"bookId":"emma"}']]));
    expect(planner.proposals()).toMatchObject([{ tool: 'burn_book' }]);
  });

  it('the same change twice in a turn, however it is written; reading twice is harmless', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL, ['lend_book', '{ "bookId" : "emma" }'], READ, READ]));
    expect(planner.proposals().map(({ tool }) => tool)).toEqual(['lend_book', 'get_book', 'get_book']);
    planner.take(lend(0).committed());
    for (const index of [2, 3]) planner.take(lend(index).denied());
    expect(toolMessages(planner)[1]).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  it('more than 8 calls in a turn', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, calls(10)));
    expect(planner.proposals()).toHaveLength(8);
    for (let index = 0; index < 8; index++) planner.take(lend(index).committed());
    expect(toolMessages(planner).slice(8)).toMatchObject([{ code: 'LIMIT_EXCEEDED' }, { code: 'LIMIT_EXCEEDED' }]);
  });

  it('the same call id twice, or one no event can carry', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const named = calls(3).map(([name, args], index) => ({
      id: ['same', 'same', 'x\n'][index]!,
      name,
      arguments: args,
    }));
    planner.answer({ ...answered(null), calls: named } as ReturnType<typeof answered>);
    expect(planner.proposals().map(({ callId }) => callId)).toEqual(['same', 'call_0_1', 'call_0_2']);
  });

  it('a call id of an earlier turn', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().denied());
    planner.answer(answered(null, [CALL]));
    expect(planner.proposals().map(({ callId }) => callId)).toEqual(['c0', 'call_1_0']);
  });

  it.each([
    '{"name":"lend_book","arguments":{"bookId":"emma"}}',
    '```json\n[{"tool":"lend_book","args":{}}]\n```',
    '<tool_call>{}</tool_call>',
    '  ',
    '',
  ])('a call written as text, or nothing: %j', (said) => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(said));
    expect(planner.replies()).toEqual([]);
    expect(planner.asked.messages.at(-1)).toEqual({
      role: 'system',
      content: expect.stringContaining('INVALID_ARGUMENTS'),
    });
  });

  it('JSON that is no call is an answer', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered('{"title":"Emma","name":"Jane Austen"}'));
    expect(planner.replies()).toMatchObject([{ text: '{"title":"Emma","name":"Jane Austen"}' }]);
  });
});

describe('an escalated action (3, 5)', () => {
  it('frees the session; the reply comes when it has ended, from a last turn without tools', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().escalated());
    expect(planner.rows.get('intent:int_1')).toMatchObject({ tag: 'waiting' });
    expect(planner.rows.get('session:ses_1')).toMatchObject({ active: null });
    planner.take(lend().denied('APPROVAL_REJECTED'));
    expect(planner.asked).toMatchObject({ turn: 1, last: true, tools: [] });
    expect(toolMessages(planner)).toMatchObject([{ status: 'denied', code: 'APPROVAL_REJECTED', final: true }]);
    planner.answer(answered('The librarian said no.', [CALL]));
    expect(planner.proposals()).toHaveLength(1);
    expect(planner.replies()).toMatchObject([
      {
        text: 'The librarian said no.',
        outcome: 'answered',
        fromModel: true,
        turns: 2,
        actions: [{ outcome: 'denied', code: 'APPROVAL_REJECTED' }],
      },
    ]);
  });

  it.each([
    ['committed', 'It is done.', undefined],
    ['committed', 'It is done, and 12.00 EUR were paid.', 'found done by a person'],
    ['failed', 'It is done.', 'found not done by a person'],
  ] as const)('in doubt that a person called %s lets a reply say no more than that: %s', (outcome, text, instead) => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().inDoubt());
    expect(planner.rows.get('session:ses_1')).toMatchObject({ active: null });
    planner.take(lend().resolved({ outcome, result: null, detail: 'bob looked' }));
    expect(planner.asked).toMatchObject({ turn: 1, last: true, tools: [] });
    expect(toolMessages(planner)).toMatchObject([{ status: 'resolved', outcome, by: 'person', final: true }]);
    planner.answer(answered(text));
    expect(planner.replies()).toMatchObject([
      instead ? { text: expect.stringContaining(instead), fromModel: false } : { text, fromModel: true },
    ]);
  });

  it('holds back the reply until the actions beside it have ended too', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, calls(2)));
    planner.take(lend(0).escalated());
    expect(planner.rows.get('intent:int_1')).toMatchObject({ tag: 'acting' });
    planner.take(lend(1).inDoubt());
    expect(planner.rows.get('intent:int_1')).toMatchObject({ tag: 'waiting' });
    planner.take(lend(0).committed());
    expect(planner.work).toEqual([]);
    planner.take(lend(1).resolved());
    expect(planner.asked).toMatchObject({ last: true });
  });

  it.each(['APPROVAL_REJECTED', 'APPROVAL_EXPIRED'] as const)(
    'that ended %s before the rest of its turn did still closes the intent',
    (code) => {
      const planner = new PurePlanner();
      planner.take(accepted(I));
      planner.answer(answered(null, calls(2)));
      planner.take(lend(0).denied(code));
      planner.take(lend(1).committed());
      expect(planner.asked).toMatchObject({ last: true, tools: [] });
    },
  );

  it('is told from its outcomes when the last turn gives nothing usable', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().escalated());
    planner.take(lend().committed());
    planner.answer(answered(null, [CALL]));
    expect(planner.replies()).toMatchObject([
      {
        text: 'The model gave no usable answer.\n- lend_book is done: {"loan":"loan_1"}',
        outcome: 'failed',
        code: 'MODEL_FAILED',
        fromModel: false,
      },
    ]);
  });

  it('ignores a preview: policy decides on it', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    expect(planner.take(lend().previewed())).toEqual([{ do: 'ignore', because: 'policy decides on the preview' }]);
  });
});

describe('what people and stages make of a proposal', () => {
  const edit = { by: 'carol', roles: ['librarian'], reason: 'the other one', at: NOW.toISOString(), narrowing: false };
  const edited = { bookId: 'persuasion' };
  const untilEscalated = () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().escalated());
    return planner;
  };

  it('what a person edited is told to the model as it was done, and to the user', () => {
    const planner = untilEscalated();
    planner.take(lend().committed({ edited, result: { loan: 'loan_1' } }));
    expect(toolMessages(planner)).toMatchObject([{ status: 'committed', edited, result: { loan: 'loan_1' } }]);
    planner.answer(answered(null, [CALL]));
    expect(planner.replies()[0]!.text).toContain(
      'lend_book (edited by a person: {"bookId":"persuasion"}) is done: {"loan":"loan_1"}',
    );
  });

  it('a reply may name what a person put in, and not what was proposed', () => {
    const say = (text: string) => {
      const planner = untilEscalated();
      planner.take(lend().committed({ edited: { bookId: 'emma', deposit: '5.00' }, result: { loan: 'loan_1' } }));
      planner.answer(answered(text));
      return planner.replies()[0]!;
    };
    expect(say('The book was lended for 5.00 EUR.')).toMatchObject({ fromModel: true });
    expect(say('The book was lended for 9.00 EUR.')).toMatchObject({ fromModel: false, flagged: expect.any(String) });
  });

  it('an edit that a person then rejected is told with it', () => {
    const planner = untilEscalated();
    const detail = 'bob rejected it: not this week';
    const more = { detail, arguments: edited, edits: [{ ...edit, arguments: { bookId: 'emma' } }] };
    planner.take(lend().denied('APPROVAL_REJECTED', true, more));
    expect(toolMessages(planner)).toMatchObject([
      { status: 'denied', code: 'APPROVAL_REJECTED', final: true, detail, edited },
    ]);
  });

  it('however long an edit is, the code and the next step are told', () => {
    const planner = new PurePlanner();
    planner.take(acceptedAction(I));
    const long = { bookId: 'x'.repeat(20_000) };
    const more = { arguments: long, edits: [{ ...edit, arguments: { bookId: 'emma' } }] };
    planner.take(lend().denied('APPROVAL_REJECTED', true, more));
    expect(planner.replies()[0]!.text).toContain('was denied: not this one (APPROVAL_REJECTED) Ask.');
  });

  const modelAsked = () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().drafted());
    return planner;
  };

  it('a draft is the end of it: the reply says where it is, and that nothing was changed', () => {
    const planner = new PurePlanner();
    planner.take(acceptedAction(I));
    planner.take(lend().drafted());
    const text = `lend_book is drafted, nothing was changed. It stands among the drafts (GET /v1/drafts) as ${act()}: {"lends":"emma"}`;
    expect(planner.replies()).toMatchObject([{ text, actions: [{ outcome: 'drafted' }] }]);
    const asked = modelAsked();
    expect(toolMessages(asked)).toMatchObject([
      {
        status: 'drafted',
        final: true,
        draft: { actionId: act(), among: 'GET /v1/drafts' },
        effect: { lends: 'emma' },
      },
    ]);
  });

  it.each(['I lended the book.', 'Zwrot wykonany.'])(
    'a draft is nothing done: "%s" is not what the user is told',
    (lie) => {
      const planner = modelAsked();
      planner.answer(answered(lie));
      expect(planner.replies()).toMatchObject([{ fromModel: false, flagged: expect.any(String) }]);
    },
  );

  it('what is over a budget is told with when to ask again', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().denied('RATE_LIMITED', false, { retryAt: '2026-03-02T00:00:00.000Z' }));
    expect(toolMessages(planner)).toMatchObject([
      { code: 'RATE_LIMITED', final: false, retryAt: '2026-03-02T00:00:00.000Z' },
    ]);
  });
});

describe('a session (3)', () => {
  const J = 'int_2';

  it('has one intent at a time; the next starts when it is freed, and knows what was said', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.take(accepted(J, { text: 'And Persuasion?' }));
    expect(planner.work).toHaveLength(1);
    planner.answer(answered('Emma is out.'));
    expect(planner.work).toEqual([
      {
        id: 'wake:int_2:0',
        kind: 'wake',
        target: 'planner',
        tenant: 'acme',
        body: { intentId: J, sessionId: 'ses_1' },
      },
    ]);
    planner.wake();
    expect(planner.asked.messages.slice(1)).toEqual([
      { role: 'user', content: 'Lend me Emma' },
      { role: 'assistant', content: 'Emma is out.' },
      { role: 'user', content: 'And Persuasion?' },
    ]);
    planner.answer(answered('That too.'));
    expect(planner.replies()).toMatchObject([{ intentId: I }, { intentId: J }]);
  });

  it('goes on while another waits for a person, whose last turn then waits in line', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL]));
    planner.take(lend().escalated());
    planner.take(accepted(J));
    expect(planner.asked).toMatchObject({ intentId: J });
    planner.take(lend().committed());
    expect(planner.rows.get('intent:int_1')).toMatchObject({ tag: 'queued', last: true });
    planner.answer(answered('J is on the shelf.'));
    planner.wake();
    expect(planner.asked).toMatchObject({ intentId: I, last: true });
    planner.answer(answered('I is done.'));
    expect(planner.replies().map(({ text }) => text)).toEqual(['J is on the shelf.', 'I is done.']);
    expect(planner.rows.get('session:ses_1')).toMatchObject({ active: null, line: [] });
  });

  it('is handed to whoever waits in line in a trace of their own', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const mine = `00-${'b'.repeat(32)}-${'c'.repeat(16)}-01`;
    planner.take(accepted(J), { traceparent: mine });
    planner.answer(answered('I is done.'));
    expect(planner.work).toMatchObject([{ kind: 'wake', traceparent: mine }]);
  });

  it('remembers the last 6 exchanges', () => {
    const planner = new PurePlanner();
    for (let n = 0; n < 8; n++) {
      planner.take(accepted(`int_${n}`, { text: `question ${n}` }));
      planner.answer(answered(`answer ${n}`));
    }
    planner.take(accepted('int_now'));
    expect(planner.asked.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content)).toEqual(
      [2, 3, 4, 5, 6, 7].map((n) => `answer ${n}`),
    );
  });

  it('is not taken by a wake that it was not given to', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.take(accepted(J));
    const wake = decideWake({ intentId: J, sessionId: 'ses_1' }, planner.states, planner.facts.workflows, NOW);
    expect(wake).toEqual([{ do: 'ignore', because: 'it does not wait in line' }]);
  });

  it('turns an intent away once 20 wait', () => {
    const planner = new PurePlanner();
    for (let n = 0; n < 21; n++) planner.take(accepted(`int_${n}`));
    expect(planner.replies()).toEqual([]);
    planner.take(accepted('int_one_more'));
    expect(planner.replies()).toMatchObject([{ intentId: 'int_one_more', outcome: 'failed', code: 'RATE_LIMITED' }]);
  });
});

describe('an intent ends (8)', () => {
  it('MODEL_FAILED when the model does not answer', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    const effects = planner.answer({ tag: 'failed', error: 'connection refused', attempts: 6, durationMs: 900 });
    expect(effects[0]).toMatchObject({
      do: 'emit',
      event: { data: { response: null, error: 'connection refused', attempts: 6 } },
    });
    expect(planner.replies()).toMatchObject([
      {
        outcome: 'failed',
        code: 'MODEL_FAILED',
        text: 'The model gave no usable answer.\nNothing was done.',
        turns: 1,
      },
    ]);
    expect(planner.rows.get('session:ses_1')).toMatchObject({ active: null });
  });

  it('BUDGET_EXCEEDED when its turns are used up, saying what was done', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    for (let turn = 0; turn < library.model.maxTurns; turn++) {
      planner.answer(answered(null, [CALL]));
      planner.take(lend(0, turn).committed());
    }
    expect(planner.work).toEqual([]);
    expect(planner.replies()).toMatchObject([
      { outcome: 'failed', code: 'BUDGET_EXCEEDED', turns: 3, actions: [{}, {}, {}] },
    ]);
  });

  it('BUDGET_EXCEEDED when its tokens are used up', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered(null, [CALL], { prompt: 900, completion: 100 }));
    planner.take(lend().committed());
    expect(planner.replies()).toMatchObject([{ outcome: 'failed', code: 'BUDGET_EXCEEDED', turns: 1 }]);
  });

  it('UNAUTHENTICATED when its authority ended in line; later turns then only reply', () => {
    const late = new Date('2026-03-01T10:15:00.000Z');
    const first = new PurePlanner();
    first.now = late;
    first.take(accepted(I));
    expect(first.replies()).toMatchObject([{ outcome: 'failed', code: 'UNAUTHENTICATED' }]);
    const second = new PurePlanner();
    second.take(accepted(I));
    second.answer(answered(null, [CALL]));
    second.now = late;
    second.take(lend().committed());
    expect(second.asked).toMatchObject({ turn: 1, last: true, tools: [] });
  });

  it('UNKNOWN_WORKFLOW when it is not loaded here', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I, { workflow: 'elsewhere' }));
    expect(planner.replies()).toMatchObject([{ outcome: 'failed', code: 'UNKNOWN_WORKFLOW' }]);
  });
});

describe('bounds (8)', () => {
  const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

  it('a large result is cut, and says so', () => {
    const planner = new PurePlanner(patient);
    planner.take(accepted(I));
    planner.answer(answered(null, [READ]));
    planner.take(outcomes(I, 0, 0, 'get_book').read({ title: 'x'.repeat(500_000) }));
    expect(toolMessages(planner)).toEqual([
      {
        status: 'read',
        records: [RECORD],
        truncated: true,
        resultText: expect.stringContaining('[cut: 500012 characters'),
      },
    ]);
  });

  it('a model.called event stays under 1 MiB whatever was said', () => {
    const planner = new PurePlanner(patient);
    planner.take(accepted(I, { text: '\u0001'.repeat(32_768) }));
    for (let turn = 0; turn < 2; turn++) {
      planner.answer(
        answered(
          '\u4e2d'.repeat(32_000),
          Array.from({ length: 8 }, () => READ),
        ),
      );
      for (let index = 0; index < 8; index++)
        planner.take(outcomes(I, turn, index, 'get_book').read({ title: '"\u4e2d'.repeat(100_000) }));
    }
    planner.answer(
      answered(
        '\u4e2d'.repeat(32_000),
        Array.from({ length: 8 }, (): [string, string] => ['get_book', `{"bookId":"${'\\"'.repeat(7_000)}"}`]),
      ),
    );
    const called = planner.emitted.filter(({ type }) => type === 'countersign.model.called.v1');
    expect(called).toHaveLength(3);
    for (const { data } of called) expect(sizeOf(data)).toBeLessThan(1024 * 1024);
    for (const row of planner.rows.values()) expect(sizeOf(row)).toBeLessThan(1024 * 1024);
  });

  it('a response that doubles in length when written is told in part', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(answered('\u0001'.repeat(32_000), [CALL]));
    const called = planner.emitted.find(({ type }) => type === 'countersign.model.called.v1');
    expect(called?.data).toMatchObject({ response: { truncated: true, text: expect.stringContaining('[cut:') } });
  });

  it('a reply is never longer than its event may hold', () => {
    const planner = new PurePlanner();
    planner.take(accepted(I));
    planner.answer(
      answered(
        null,
        Array.from({ length: 8 }, () => READ),
      ),
    );
    for (let index = 0; index < 8; index++)
      planner.take(outcomes(I, 0, index, 'get_book').read({ title: 'x'.repeat(20_000) }));
    planner.answer({ tag: 'failed', error: 'gone', attempts: 1, durationMs: 1 });
    const [reply] = planner.replies();
    expect(EVENTS['countersign.reply.sent.v1'].data.safeParse(reply)).toMatchObject({ success: true });
    expect(reply?.text).toContain('[cut:');
  });
});
