import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import pg from 'pg';
import { acceptedData, World, type Who } from '../world.spec-support.js';
import { Changes } from './changes.js';

let world: World;
const opened: AbortController[] = [];
beforeAll(async () => {
  world = await World.open();
});
afterAll(async () => {
  for (const each of opened) each.abort();
  await world.close();
});

interface Message {
  id: string;
  event: string;
  data: { kind?: string; intentId?: string };
}

/** One who listens: message after message, as a browser reads them. */
async function listen(who: Who, lastEventId?: string) {
  const gone = new AbortController();
  opened.push(gone);
  const headers = {
    authorization: `Bearer ${await world.token(who)}`,
    ...(lastEventId ? { 'last-event-id': lastEventId } : {}),
  };
  const answer = await fetch(`${world.url}/v1/stream`, { headers, signal: gone.signal });
  const messages = messagesOf(answer.body!);
  const next = async (): Promise<Message> => (await messages.next()).value!;
  return { answer, next, leave: () => gone.abort() };
}

async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      if (field('event')) yield { id: field('id'), event: field('event'), data: JSON.parse(field('data')) as object };
    }
  }
}

const accept = (intentId: string, tenant: string, actor: string) =>
  world.publish('countersign.intent.accepted.v1', acceptedData(intentId), { pen: 'policy', tenant, actor });

describe('the stream', () => {
  it('tells that something changed to those who may see it, never what, and nothing of another tenant', async () => {
    const [bob, gil] = [await listen('bob'), await listen('gil')];
    expect(bob.answer.headers.get('content-type')).toBe('text/event-stream');
    expect([(await bob.next()).event, (await gil.next()).event]).toEqual(['hello', 'hello']);
    await accept('int_a', 'acme', 'alice');
    expect(await bob.next()).toMatchObject({ event: 'changed', data: { kind: 'actions', intentId: 'int_a' } });
    await accept('int_g', 'globex', 'erin');
    expect((await gil.next()).data).toEqual({ kind: 'actions', intentId: 'int_g' });
    bob.leave();
    gil.leave();
  });

  it('goes on from the last event that was heard: all that came since, once', async () => {
    const first = await listen('bob');
    await first.next();
    await accept('int_1', 'acme', 'alice');
    const heard = await first.next();
    first.leave();
    await accept('int_2', 'acme', 'alice');
    await accept('int_3', 'acme', 'alice');
    const again = await listen('bob', heard.id);
    expect((await again.next()).event).toBe('hello');
    expect([(await again.next()).data.intentId, (await again.next()).data.intentId]).toEqual(['int_2', 'int_3']);
    again.leave();
  });

  it('says that everything has to be asked again where the cursor is not of this store or older than what is kept', async () => {
    for (const cursor of ['999999999999-1', '1-0']) {
      const bob = await listen('bob', cursor);
      expect((await bob.next()).event).toBe('reset');
      bob.leave();
    }
  });

  it('is for verified people alone, and for so many of one person', async () => {
    expect((await world.ask(undefined, 'GET', '/v1/stream')).status).toBe(401);
    const many = [];
    for (let n = 0; n < 8; n++) many.push(await listen('sam'));
    expect(await world.get('sam', '/v1/stream')).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    for (const each of many) each.leave();
  });
});

it('skips nothing that is committed late: what is read waits for transactions that began before', async () => {
  const client = async () => {
    const made = new pg.Client({ connectionString: world.database.url });
    await made.connect();
    return made;
  };
  const [late, early] = [await client(), await client()];
  const insert = `insert into gateway.changes (tenant, kind) values ('spec', 'actions')`;
  const changes = new Changes({
    query: async <R extends object>(_: string, text: string, values: unknown[]) =>
      (await world.sql.query(text, values)).rows as R[],
  });
  try {
    const from = await changes.latest();
    const seen = async () => (await changes.after(from, 100)).filter(({ tenant }) => tenant === 'spec').length;
    await late.query('begin');
    await late.query(insert);
    await early.query(insert);
    expect(await seen()).toBe(0);
    await late.query('commit');
    // Until then it may wait for another's, of any database of this PostgreSQL.
    await until(async () => (await seen()) === 2, { what: 'both to be read' });
  } finally {
    await Promise.all([late.end(), early.end()]);
  }
});
