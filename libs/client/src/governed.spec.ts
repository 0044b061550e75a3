import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateText, isStepCount, tool, type ToolSet } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { problem } from '@countersign/contracts';
import { z } from 'zod';
import { governed, type GovernedOptions } from './ai.js';
import { Client } from './index.js';
import { ScriptedGateway, type Scripted } from './scripted-gateway.spec-support.js';

const accepted: Scripted = { status: 202, body: { intentId: 'int_1', actionId: 'act_1', session: 's-1' } };
const action = (state: string, more: object = {}): Scripted => ({
  status: 200,
  body: { actionId: 'act_1', intentId: 'int_1', tool: 'pay', state, ...more },
});
const asProblem = (status: number, body: object): Scripted => ({ status, body });

let gateway: ScriptedGateway;
let ranLocally: number;
beforeEach(async () => {
  gateway = await ScriptedGateway.open();
  ranLocally = 0;
});
afterEach(() => gateway.close());

const pay = () =>
  tool({
    description: 'Pays.',
    inputSchema: z.strictObject({ to: z.string() }),
    execute: () => {
      ranLocally++;
      return 'paid';
    },
  });

type Call = [name: string, input: object, id?: string];
/** The SDK's own loop around a model that makes these calls, a turn each, and then says so. */
async function loop(turns: Call[], change: Partial<GovernedOptions> = {}, tools: ToolSet = { pay: pay() }) {
  const usage = {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  };
  const left = [...turns];
  const model = new MockLanguageModelV4({
    doGenerate: () => {
      const [toolName, input, toolCallId = `call-${left.length}`] = left.shift() ?? [];
      const content = toolName
        ? { type: 'tool-call' as const, toolCallId, toolName, input: JSON.stringify(input) }
        : { type: 'text' as const, text: 'That is all.' };
      const unified = toolName ? ('tool-calls' as const) : ('stop' as const);
      return Promise.resolve({ content: [content], finishReason: { unified, raw: unified }, usage, warnings: [] });
    },
  });
  const client = new Client({ url: gateway.url, token: 'of-the-client' });
  const options = { client, workflow: 'desk', session: 's-1', waitMs: 200, ...change };
  const { steps } = await generateText({
    model,
    tools: governed(tools, options),
    prompt: 'Pay.',
    stopWhen: isStepCount(6),
  });
  const parts = steps.flatMap(({ content }) => content);
  return {
    told: parts.flatMap((part) => (part.type === 'tool-result' ? [part.output as unknown] : [])),
    errors: parts.flatMap((part) => (part.type === 'tool-error' ? [part.error] : [])),
    shown: model.doGenerateCalls[0]!.tools ?? [],
  };
}
const posts = () => gateway.asked.filter(({ method }) => method === 'POST');
const CALL: Call = ['pay', { to: 'dana' }];

describe("the AI SDK's tools, governed", () => {
  it('ask Countersign, and run nothing here: the model reads what became of it', async () => {
    gateway.answers(accepted, action('ended', { outcome: 'committed', result: { id: 'p1' } }));
    const { told } = await loop([CALL], { token: () => 'of-the-user' });
    expect(told).toEqual([{ status: 'done', actionId: 'act_1', outcome: 'committed', result: { id: 'p1' } }]);
    expect(ranLocally).toBe(0);
    expect(posts()).toMatchObject([
      {
        path: '/v1/actions',
        headers: { authorization: 'Bearer of-the-user' },
        body: { workflow: 'desk', session: 's-1', tool: 'pay', arguments: { to: 'dana' } },
      },
    ]);
  });

  it('are shown to the model as they are, beside one that tells what became of an action', async () => {
    gateway.answers(accepted, action('ended', { outcome: 'read' }));
    const { shown } = await loop([CALL]);
    expect(shown.map(({ name }) => name)).toEqual(['pay', 'action_status']);
    expect(shown[0]).toMatchObject({ description: 'Pays.', inputSchema: { properties: { to: { type: 'string' } } } });
  });

  it('say a no in words that a model can act on', async () => {
    const why = { code: 'LIMIT_EXCEEDED', detail: 'over 50', nextStep: 'Ask for less.' };
    gateway.answers(accepted, action('ended', { outcome: 'denied', ...why }));
    expect((await loop([CALL])).told).toEqual([{ status: 'refused', actionId: 'act_1', ...why }]);
    gateway.answers(asProblem(422, problem('IDEMPOTENCY_CONFLICT', 'another body')));
    expect((await loop([CALL])).told).toMatchObject([{ status: 'refused', code: 'IDEMPOTENCY_CONFLICT' }]);
  });

  it('say that a person decides, and by the other tool what they decided', async () => {
    gateway.answers(
      accepted,
      action('waiting', { approvalId: 'apr_1', code: 'NEEDS_APPROVAL', detail: 'over 50' }),
      action('ended', { outcome: 'committed', result: {} }),
    );
    const { told } = await loop([CALL, ['action_status', { actionId: 'act_1' }]]);
    expect(told).toMatchObject([
      { status: 'pending', actionId: 'act_1', approvalId: 'apr_1', nextStep: expect.stringContaining('action_status') },
      { status: 'done', outcome: 'committed' },
    ]);
    expect(posts()).toHaveLength(1);
  });

  it('are one action where one call is executed twice, and another where it is made anew', async () => {
    const keysOf = async (...turns: Call[]) => {
      gateway.answers(accepted, action('ended', { outcome: 'committed' }));
      const answers = turns.map(() => [accepted, action('ended', { outcome: 'committed' })]).flat();
      gateway.answers(...answers);
      await loop(turns);
      return posts().map(({ headers }) => headers['idempotency-key']);
    };
    const [first] = await keysOf(CALL);
    expect(await keysOf(CALL)).toEqual([first]);
    // A model that numbers its calls anew in each turn.
    const [again, later] = await keysOf(['pay', { to: 'dana' }, 'call-1'], ['pay', { to: 'dana' }, 'call-1']);
    expect(later).not.toBe(again);
    expect((await keysOf(['pay', { to: 'emil' }]))[0]).not.toBe(first);
  });

  // A scripted gateway each: a request that was given up may still take the next answer of a script.
  it('never let an unanswered call pass for one that was not made', async () => {
    gateway.answers('drop');
    const client = new Client({ url: gateway.url, token: 't', timeoutMs: 100 });
    expect((await loop([CALL], { client })).told).toMatchObject([
      { status: 'in-doubt', nextStep: expect.stringContaining('do not call') },
    ]);
  });

  it('never let one that was taken pass for one that was not, when nothing answers after it', async () => {
    gateway.answers(accepted, 'drop');
    expect((await loop([CALL])).told).toMatchObject([{ status: 'running', actionId: 'act_1' }]);
  });

  it('say that an action is in doubt', async () => {
    gateway.answers(accepted, action('in-doubt'));
    expect((await loop([CALL])).told).toMatchObject([{ status: 'in-doubt', actionId: 'act_1', code: 'IN_DOUBT' }]);
  });

  const busy = (code: 'RATE_LIMITED' | 'NOT_FOUND' | 'UNAUTHENTICATED', status: number): Scripted => ({
    ...{ status, body: problem(code, 'x') },
    headers: { 'retry-after': '60' },
  });
  it.each([
    ['too many requests', busy('RATE_LIMITED', 429)],
    ['that it is not known yet', busy('NOT_FOUND', 404)],
    ['that the token expired meanwhile', busy('UNAUTHENTICATED', 401)],
  ])('that were taken are under way, though asking after them was answered %s', async (_, answer) => {
    gateway.answers(accepted, answer);
    expect((await loop([CALL])).told).toMatchObject([{ status: 'running', actionId: 'act_1' }]);
  });

  it.each([
    ['too many requests', busy('RATE_LIMITED', 429)],
    ['that the first is still in flight', { status: 409, body: problem('IDEMPOTENCY_CONFLICT', 'in flight') }],
  ])('that were not answered at first are in doubt, though the repeat was answered %s', async (_, answer) => {
    gateway.answers('drop', answer);
    const client = new Client({ url: gateway.url, token: 't', timeoutMs: 600 });
    expect((await loop([CALL], { client })).told).toMatchObject([{ status: 'in-doubt' }]);
  });

  it('that were refused at once were not taken', async () => {
    gateway.answers(busy('RATE_LIMITED', 429));
    expect((await loop([CALL])).told).toMatchObject([{ status: 'refused', code: 'RATE_LIMITED' }]);
  });

  it('stop when the caller does, with its reason', async () => {
    const stop = new AbortController();
    gateway.answers(accepted, 'hold');
    gateway.onAsked = ({ method }) => method === 'GET' && stop.abort(new Error('enough'));
    const { pay: wrapped } = governed(
      { pay: pay() },
      { client: new Client({ url: gateway.url, token: 't' }), workflow: 'desk', session: 's' },
    );
    const call = { toolCallId: 'c1', messages: [], abortSignal: stop.signal, context: undefined };
    await expect(wrapped.execute!({ to: 'dana' }, call as never)).rejects.toThrow('enough');
  });

  it('have a key of session, call, turn and input, whatever is noted in the history', async () => {
    const keyOf = async (session: string, toolCallId: string, messages: object[]) => {
      gateway.answers(accepted, action('ended', { outcome: 'committed' }));
      const { pay: wrapped } = governed(
        { pay: pay() },
        { client: new Client({ url: gateway.url, token: 't' }), workflow: 'desk', session },
      );
      await wrapped.execute!({ to: 'dana' }, { toolCallId, messages, context: undefined } as never);
      return posts().at(-1)!.headers['idempotency-key'];
    };
    const said = (more: object = {}) => [{ role: 'user', content: [{ type: 'text', text: 'Pay.', ...more }] }];
    const first = await keyOf('s-1', 'c1', said());
    expect(await keyOf('s-1', 'c1', said({ providerOptions: { x: { cache: 1 } } }))).toBe(first);
    expect(await keyOf('s-1', 'c2', said())).not.toBe(first);
    expect(await keyOf('s-2', 'c1', said())).not.toBe(first);
    expect(await keyOf('s-1', 'c1', [...said(), { role: 'assistant', content: 'Paid.' }])).not.toBe(first);
  });

  it("fail for a token that is not valid: that is not the model's to mend", async () => {
    gateway.answers(asProblem(401, problem('UNAUTHENTICATED', 'expired')));
    const { told, errors } = await loop([CALL]);
    expect(told).toEqual([]);
    expect(errors).toMatchObject([{ code: 'UNAUTHENTICATED', status: 401 }]);
  });

  it('are refused where nothing could govern them, or two would have one name', () => {
    const client = new Client({ url: gateway.url });
    const options = { client, workflow: 'desk', session: 's' };
    expect(() => governed({ action_status: pay() }, options)).toThrow(/INVALID_ARGUMENTS/);
    expect(Object.keys(governed({ action_status: pay() }, { ...options, statusTool: 'outcome' }))).toEqual([
      'action_status',
      'outcome',
    ]);
    const remote = { type: 'provider', isProviderExecuted: true, id: 'x.search', name: 'search', args: {} } as never;
    expect(() => governed({ search: remote }, options)).toThrow(/INVALID_ARGUMENTS/);
  });
});
