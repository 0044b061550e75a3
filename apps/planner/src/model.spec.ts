import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { library } from './given.spec-support.js';
import { connectModel, type ModelRequest } from './model.js';

/** A server that speaks the wire: each script entry answers one request. Real HTTP, real `openai` client. */
type Script = (
  request: { body: Record<string, unknown>; headers: IncomingMessage['headers'] },
  answer: ServerResponse,
) => void;
const scripts: Script[] = [];
const seen: { body: Record<string, unknown>; headers: IncomingMessage['headers'] }[] = [];
let server: Server;
let baseUrl: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const got = {
        body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
        headers: request.headers,
      };
      seen.push(got);
      scripts.shift()?.(got, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  scripts.length = 0;
  seen.length = 0;
});

const says =
  (message: object, usage: object | null = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }): Script =>
  (_, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.end(
      JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
        usage,
      }),
    );
  };
const status =
  (code: number, body = '{}'): Script =>
  (_, answer) => {
    answer.writeHead(code, { 'content-type': 'application/json', 'retry-after-ms': '1' });
    answer.end(body);
  };
const raw =
  (body: string, type = 'application/json'): Script =>
  (_, answer) => {
    answer.setHeader('content-type', type);
    answer.end(body);
  };
const never: Script = () => {};

function ask(more: Partial<ModelRequest> = {}, maxRetries = 2) {
  return connectModel({ apiKey: 'sk-spec', baseUrl, model: 'm-1', maxRetries })({
    messages: [{ role: 'user', content: 'Hello' }],
    tools: [],
    settings: { temperature: 0.2, timeoutMs: 2_000 },
    maxTokens: 500,
    signal: new AbortController().signal,
    ...more,
  });
}
const call = (name: string, args: string, id = 'c0') => ({ id, type: 'function', function: { name, arguments: args } });

describe('the model on the wire', () => {
  it("is sent the messages, the tools' JSON schemas and the settings", async () => {
    scripts.push(says({ content: 'Hi' }));
    await ask({ tools: library.tools.slice(0, 1) });
    expect(seen[0]?.headers.authorization).toBe('Bearer sk-spec');
    expect(seen[0]?.body).toEqual({
      model: 'm-1',
      messages: [{ role: 'user', content: 'Hello' }],
      temperature: 0.2,
      max_completion_tokens: 500,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_book',
            description: 'get_book, in a spec',
            parameters: {
              type: 'object',
              properties: { bookId: { type: 'string' } },
              required: ['bookId'],
              additionalProperties: false,
            },
          },
        },
      ],
    });
  });

  it('is sent no tools in a last turn', async () => {
    scripts.push(says({ content: 'Hi' }));
    await ask();
    expect(seen[0]?.body).not.toHaveProperty('tools');
  });

  it('answers with words and calls, with what it used', async () => {
    scripts.push(says({ content: null, tool_calls: [call('get_book', '{"bookId":"emma"}')] }));
    expect(await ask()).toEqual({
      tag: 'answered',
      content: null,
      calls: [{ id: 'c0', name: 'get_book', arguments: '{"bookId":"emma"}' }],
      finish: 'stop',
      usage: { prompt: 7, completion: 3 },
      attempts: 1,
      tries: [{ status: 200, durationMs: expect.any(Number) }],
      durationMs: expect.any(Number),
    });
  });

  it('tells of each try what it was answered with, and what came in the place of an answer', async () => {
    scripts.push(status(429), (_, answer) => answer.destroy(), raw('{"choices":[],"said":"no"}'));
    expect(await ask()).toMatchObject({
      tag: 'failed',
      raw: '{"choices":[],"said":"no"}',
      tries: [{ status: 429 }, { error: expect.stringContaining('fetch failed') }, { status: 200 }],
    });
  });

  it('is not let spell out a personal value, in words, names, ids or arguments: those it may use it has as tokens', async () => {
    const args = ['{"note":"dana\\u0040example.com","orderId":"ord_1"}', '{"card": 4111111111111111', '{"a":1,"a":2}'];
    const calls = args.map((text, n) =>
      call(n === 0 ? 'dana@example.com' : 'get_book', text, n === 1 ? '+491701234567' : 'c'),
    );
    scripts.push(says({ content: 'Ask dana@example.com.', tool_calls: calls }));
    expect(await ask()).toMatchObject({
      content: 'Ask [personal].',
      calls: [
        { id: 'c', name: '[personal]', arguments: '{"note":"[personal]","orderId":"ord_1"}' },
        { id: '[personal]', name: 'get_book', arguments: '{"card": [financial]' },
        { id: 'c', name: 'get_book', arguments: '{"a":1,"a":2}' },
      ],
    });
    scripts.push(status(400, '{"error":{"message":"what is dana@example.com?"}}'));
    expect(await ask()).toMatchObject({ tag: 'failed', error: expect.stringContaining('what is [personal]?') });
  });

  it.each([429, 500, 503])('is asked again after %d', async (code) => {
    scripts.push(status(code), says({ content: 'Hi' }));
    expect(await ask()).toMatchObject({ tag: 'answered', content: 'Hi', attempts: 2 });
  });

  it('is asked again when it does not answer in time', async () => {
    scripts.push(never, says({ content: 'Hi' }));
    expect(await ask({ settings: { temperature: 0, timeoutMs: 150 } })).toMatchObject({ tag: 'answered', attempts: 2 });
  });

  it.each<[string, Script[], string]>([
    ['it keeps failing', [status(500), status(500), status(500)], 'InternalServerError'],
    ['it refuses the request', [status(400, '{"error":{"message":"no such model"}}')], 'no such model'],
    ['it answers no JSON', [raw('{"choices": [')], 'JSON'],
    ['it answers a web page', [raw('<h1>Hello</h1>', 'text/html')], 'no chat completion'],
    ['it answers nothing', [raw('')], 'no chat completion'],
    ['it answers no choice', [raw('{"choices":[]}')], 'no chat completion'],
    [
      'it answers without end',
      [raw(JSON.stringify({ choices: [{ message: { content: 'x'.repeat(5_000_000) } }] }))],
      'more than 4194304 bytes',
    ],
  ])('fails, and does not throw, when %s', async (_, entries, error) => {
    scripts.push(...entries);
    expect(await ask()).toMatchObject({
      tag: 'failed',
      error: expect.stringContaining(error),
      attempts: entries.length,
    });
  });

  it('throws when the service is stopping: the turn is taken again', async () => {
    const stopping = new AbortController();
    scripts.push(() => stopping.abort());
    await expect(ask({ signal: stopping.signal })).rejects.toThrow();
  });
});

describe('what the model says is cleaned and cut', () => {
  it('characters no row can hold', async () => {
    scripts.push(says({ content: 'a\u0000b\ud83dc', tool_calls: [call('get\u0000', '"\u0000"')] }));
    expect(await ask()).toMatchObject({
      content: 'a\ufffdb\ufffdc',
      calls: [{ name: 'get\ufffd', arguments: '"\ufffd"' }],
    });
  });

  it('long words and long arguments', async () => {
    scripts.push(says({ content: 'x'.repeat(100_000), tool_calls: [call('get_book', `"${'y'.repeat(20_000)}"`)] }));
    const answer = await ask();
    expect(answer).toMatchObject({ calls: [{ arguments: '{}', flaw: expect.stringContaining('20002 characters') }] });
    expect(answer.tag === 'answered' && answer.content).toHaveLength(32_000);
  });

  it('arguments nested too deep to be walked through go on as text, with what is personal in them hidden', async () => {
    const deep = `${'['.repeat(7_000)}"dana@example.com"${']'.repeat(7_000)}`;
    scripts.push(says({ content: 'So be it.', tool_calls: [call('get_book', deep), call('get_book', '{}')] }));
    const calls = [
      { name: 'get_book', arguments: deep.replace('dana@example.com', '[personal]') },
      { name: 'get_book', arguments: '{}' },
    ];
    expect(await ask()).toMatchObject({ tag: 'answered', content: 'So be it.', calls });
  });

  it('arguments that are long together', async () => {
    scripts.push(
      says({ content: null, tool_calls: Array.from({ length: 6 }, () => call('get_book', `"${'y'.repeat(15_000)}"`)) }),
    );
    const answer = await ask();
    expect(answer.tag === 'answered' && answer.calls.map(({ flaw }) => flaw !== undefined)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('calls that are no calls, and calls without end', async () => {
    scripts.push(
      says({
        content: null,
        tool_calls: [null, { function: 'rm -rf' }, ...Array.from({ length: 100 }, () => call('get_book', '{}'))],
      }),
    );
    const answer = await ask();
    if (answer.tag !== 'answered') throw new Error(answer.error);
    expect(answer.calls.slice(0, 3)).toEqual([
      { id: '', name: '', arguments: '{}', flaw: 'it is no function call' },
      { id: '', name: '', arguments: '{}', flaw: 'it is no function call' },
      { id: 'c0', name: 'get_book', arguments: '{}' },
    ]);
    expect(answer.calls).toHaveLength(64);
  });

  it('a missing usage is estimated, so that a budget still holds', async () => {
    scripts.push(says({ content: 'x'.repeat(4_000) }, null));
    const answer = await ask();
    expect(answer.tag === 'answered' && answer.usage.completion).toBeGreaterThan(1_000);
  });
});
