import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import OpenAI from 'openai';
import { buildServer } from './server.js';

let app: FastifyInstance;
let url: string;
beforeEach(async () => {
  app = buildServer('silent');
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

const put = async (name: string, script: unknown) =>
  (
    await fetch(`${url}/scripts/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(script),
    })
  ).status;
type Message = OpenAI.ChatCompletionMessageParam;
const client = (maxRetries = 0) => new OpenAI({ apiKey: 'any', baseURL: `${url}/v1`, maxRetries });
const ask = (messages: Message[], retries = 0) =>
  client(retries).chat.completions.create({ model: 'stand-in', messages });
const user: Message = { role: 'user', content: 'Go on [[script tour]]' };
const assistant = (content: string): Message => ({ role: 'assistant', content });
const said = async (messages: Message[], retries = 0) => (await ask(messages, retries)).choices[0]!.message.content;
const atOnce = { headers: { 'retry-after-ms': '1' } };

describe('the wire', () => {
  it('says what it is, and answers the same request the same', async () => {
    expect(await (await fetch(url)).json()).toMatchObject({ warning: expect.stringContaining('No language model') });
    expect((await client().models.list()).data.map(({ id }) => id)).toEqual(['stand-in']);
    const [first, second] = [await ask([user]).catch(String), await ask([{ role: 'user', content: 'Hello' }])];
    expect(first).toContain('script is not known');
    expect(second).toMatchObject({ system_fingerprint: 'stand-in', usage: { total_tokens: expect.any(Number) } });
    const again = await ask([{ role: 'user', content: 'Hello' }]);
    expect({ ...again, created: 0 }).toEqual({ ...second, created: 0 });
  });

  it('refuses what is no chat request, and streaming', async () => {
    await expect(client().chat.completions.create({ model: 'm', messages: [] })).rejects.toMatchObject({ status: 400 });
    await expect(
      client().chat.completions.create({ model: 'm', messages: [user], stream: true }),
    ).rejects.toMatchObject({ status: 400 });
  });
});

describe('scripts', () => {
  it('answer one a turn, then close', async () => {
    await put('tour', [{ content: 'one' }, { tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] }]);
    expect(await said([user])).toBe('one');
    expect(await said([user])).toBe('one');
    const second = await ask([{ role: 'user', content: 'before' }, assistant('x'), user, assistant('one')]);
    expect(second.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ id: expect.stringMatching(/^call_/), function: { name: 'f', arguments: '{"a":1}' } }] },
    });
    expect(await said([user, assistant('one'), assistant('two')])).toBe('The script ends here.');
  });

  it('belong to the last user message only', async () => {
    await put('tour', [{ content: 'one' }]);
    expect(await said([user, assistant('one'), { role: 'user', content: 'Hello' }])).not.toBe('one');
  });

  it('a fault gives way when it is asked for again, so a client that retries gets through', async () => {
    await put('tour', [{ content: 'one' }, { status: 429, ...atOnce }, { status: 503, ...atOnce }, { content: 'two' }]);
    expect(await said([user])).toBe('one');
    expect(await said([user, assistant('one')], 2)).toBe('two');
    expect(await said([user, assistant('one')])).toBe('two');
    expect(await said([user, assistant('one'), assistant('two')])).toBe('The script ends here.');
  });

  it('a fault that is the last entry stays', async () => {
    await put('tour', [{ status: 429, ...atOnce }]);
    await expect(ask([user], 2)).rejects.toMatchObject({ status: 429 });
  });

  it('sends raw bytes, and waits', async () => {
    await put('tour', [{ raw: '{"not": ' }, { delayMs: 30, content: 'late' }]);
    const body = JSON.stringify({ model: 'm', messages: [user] });
    const post = () =>
      fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(await (await post()).text()).toBe('{"not": ');
    expect(await (await post()).json()).toMatchObject({ choices: [{ message: { content: 'late' } }] });
  });

  it('are made of assistant messages as the wire has them, with what is not played beside it', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}', strict: true } };
    const bare = { role: 'assistant', refusal: null, annotations: [], audio: null };
    expect(
      await put('tour', [
        { ...bare, content: null, tool_calls: [call] },
        { ...bare, content: 'two' },
      ]),
    ).toBe(200);
    expect(await said([user, assistant('one')])).toBe('two');
    expect(await put('tour', [bare])).toBe(422);
  });

  it('refuses a script it does not understand', async () => {
    expect(await put('tour', [{ contnt: 'one' }])).toBe(422);
    expect(await put('tour', [{}])).toBe(422);
    expect(await put('tour', [])).toBe(422);
  });
});
