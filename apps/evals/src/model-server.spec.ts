import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ModelServer } from './model-server.js';

describe('the recorded model', () => {
  let model: ModelServer;
  beforeAll(async () => {
    model = await ModelServer.start();
  });
  afterAll(() => model.stop());
  const ask = async (intent: string) => {
    const answer = await fetch(`${model.urlFor(intent)}/chat/completions`, { method: 'POST', body: '{}' });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  it('gives each intent its own turns, one by one', async () => {
    model.record('int_a', [
      { calls: [{ tool: 'look', arguments: { id: '1' } }], times: 1 },
      { says: 'Done.', times: 1 },
    ]);
    model.record('int_b', [{ says: 'Hello.', times: 1 }]);
    const [first, other, second] = [await ask('int_a'), await ask('int_b'), await ask('int_a')].map(
      ({ text }) => (JSON.parse(text) as { choices: { message: object; finish_reason: string }[] }).choices[0],
    );
    const called = { type: 'function', function: { name: 'look', arguments: '{"id":"1"}' } };
    expect(first).toMatchObject({ message: { content: null, tool_calls: [called] }, finish_reason: 'tool_calls' });
    expect(other).toMatchObject({ message: { content: 'Hello.' }, finish_reason: 'stop' });
    expect(second).toMatchObject({ message: { content: 'Done.' } });
    expect(model.flawOf('int_a')).toBeUndefined();
  });

  it('says that it was asked for more than the case has', async () => {
    model.record('int_c', [{ says: 'Hello.', times: 2 }]);
    await ask('int_c');
    await ask('int_c');
    expect((await ask('int_c')).status).toBe(400);
    expect(model.flawOf('int_c')).toBe('the model was asked for turn 3, and the case has 2');
  });

  it('refuses as the case says, with leave to try again at once', async () => {
    model.record('int_d', [
      { status: 429, times: 1 },
      { raw: '{"half', times: 1 },
    ]);
    const refused = await ask('int_d');
    expect([refused.status, refused.headers.get('retry-after-ms')]).toEqual([429, '1']);
    expect((await ask('int_d')).text).toBe('{"half');
  });
});
