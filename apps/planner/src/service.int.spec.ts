import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  actionIdOf,
  decodeRecord,
  topicName,
  type AnyEvent,
  type EventData,
  type EventType,
  type OutRecord,
} from '@countersign/contracts';
import { createMessaging, kafkaSettings, silentLog, type Messaging } from '@countersign/messaging';
import { checkSignature, eventPen, KeyRing, plainEncoder, signedEncoder, Signer } from '@countersign/signing';
import {
  PlainKafka,
  testBrokers,
  testServiceDatabase,
  testTopicPrefix,
  until,
  type TestServiceDatabase,
} from '@countersign/testing';
import { accepted as acceptedAt, acceptedAction, library, outcomes, RECORD, sourced } from './given.spec-support.js';
import * as migrations from './migrations.js';
import { connectModel } from './model.js';
import { planner } from './service.js';
import { deadlineWorker, turnWorker, wakeWorker } from './work.js';

const keyPair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pub = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { signer: new Signer(privateKey), pub };
};
const policy = keyPair();
const executor = keyPair();
const own = keyPair();
const ring = new KeyRing().add('policy', policy.pub).add('executor', executor.pub).add('planner', own.pub);
/** Its reads are of a fixed instant, so always too old. */
const archive = { ...sourced, name: 'archive' };
const workflows = new Map([library, archive].map((workflow) => [workflow.name, workflow]));
const sign = { decisions: signedEncoder('policy', policy.signer), results: signedEncoder('executor', executor.signer) };

/** The database's clock runs here, so authority lasts longer than this spec will be kept. */
const accepted: typeof acceptedAt = (intentId, data) =>
  acceptedAt(intentId, { authorityUntil: '2999-01-01T00:00:00.000Z', ...data });

/** The planner on the run's real Kafka and PostgreSQL, a model on real HTTP; the spec plays policy and executor. */
describe('the planner', () => {
  let kafka: PlainKafka;
  let database: TestServiceDatabase;
  let prefix: string;
  let model: Server;
  let running: Messaging[] = [];
  let forged: string[] = [];
  /** What the model answers, by the words of the user; every request is kept. */
  let script: Record<string, object[]> = {};
  let requests: { messages: { role: string; content: string }[] }[] = [];
  let held: ServerResponse[] | undefined;

  beforeAll(async () => {
    model = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        requests.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof requests)[number]);
        if (held) held.push(response);
        else answer(requests.at(-1)!, response);
      });
    });
    await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    model.closeAllConnections();
    await new Promise((resolve) => model.close(resolve));
  });
  beforeEach(async () => {
    prefix = testTopicPrefix();
    [script, requests, forged, held] = [{}, [], [], undefined];
    kafka = await PlainKafka.connect();
    await kafka.createTopics(prefix);
    database = await testServiceDatabase('planner', migrations);
  });
  afterEach(async () => {
    await Promise.all(running.map((messaging) => messaging.stop()));
    running = [];
    await kafka.deleteTopics(prefix);
    await kafka.close();
    await database.drop();
  });

  function answer({ messages }: (typeof requests)[number], response: ServerResponse) {
    const asked = messages.findLastIndex(({ role }) => role === 'user');
    const turn = messages.slice(asked).filter(({ role }) => role === 'assistant').length;
    const message = script[messages[asked]!.content]?.[turn] ?? { content: 'There is no more to say.' };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        choices: [{ message, finish_reason: 'stop' }],
        usage: { prompt_tokens: 5, completion_tokens: 5 },
      }),
    );
  }

  async function start(instance: string): Promise<Messaging> {
    const { port } = model.address() as AddressInfo;
    const ask = connectModel({ apiKey: 'spec', baseUrl: `http://127.0.0.1:${port}/v1`, model: 'm-1', maxRetries: 0 });
    const messaging = createMessaging({
      service: 'planner',
      instance,
      databaseUrl: database.serviceUrl,
      kafka: kafkaSettings({ KAFKA_BROKERS: testBrokers(), KAFKA_SSL: false }),
      topicPrefix: prefix,
      parkingKey: Buffer.alloc(32, 7),
      log: silentLog,
      onFatal: (error) => {
        throw error;
      },
      subscriptions: [
        planner({ ring, workflows, onForged: ({ event }, because) => forged.push(`${event.type}: ${because}`) }),
      ],
      workers: [turnWorker({ workflows, ask, model: 'm-1', concurrency: 4 }), wakeWorker(workflows), deadlineWorker],
      ...eventPen('planner', own.signer),
    });
    running.push(messaging);
    await messaging.start();
    return messaging;
  }

  const encoded = (event: AnyEvent) =>
    (event.type.includes('.intent.') || /denied|escalated/.test(event.type) ? sign.decisions : sign.results)(event);
  const write = ({ topic, ...record }: OutRecord) => kafka.produce(topicName(topic, prefix), record);
  const publish = async (...events: AnyEvent[]) => {
    for (const event of events) await write(encoded(event));
  };

  async function published<T extends EventType>(topic: 'proposals' | 'replies', type: T): Promise<EventData<T>[]> {
    const records = await kafka.readAll(topicName(topic, prefix));
    return records
      .filter(({ headers }) => headers['ce_type'] === type)
      .map(({ value }) => JSON.parse(value!.toString()) as EventData<T>);
  }
  const proposals = () => published('proposals', 'countersign.action.proposed.v1');
  const replies = () => published('replies', 'countersign.reply.sent.v1');
  const repliesOf = (count: number) =>
    until(async () => (await replies()).length >= count && replies(), { what: `${count} replies` });
  /** Everything up to here has been handled: an intent published last was replied to. */
  const settled = async (fence: string) => {
    await publish(outcomes(fence, 0, 0).committed(), acceptedAction(fence));
    await until(async () => (await replies()).some(({ intentId }) => intentId === fence), { what: 'the fence' });
  };

  const call = (bookId: string) => ({
    content: null,
    tool_calls: [
      { id: 'c1', type: 'function', function: { name: 'lend_book', arguments: JSON.stringify({ bookId }) } },
    ],
  });

  it('turns an intent into a proposal, its outcome into a second turn, and that into one reply, whatever is delivered twice', async () => {
    script['Lend me Emma'] = [call('emma'), { content: 'Emma is yours.' }];
    await start('planner-1');
    await publish(accepted('int_1'), accepted('int_1'));
    const [proposal] = await until(async () => (await proposals()).length > 0 && proposals(), { what: 'the proposal' });
    expect(proposal).toMatchObject({
      actionId: actionIdOf('int_1', 0, 0),
      tool: 'lend_book',
      arguments: { bookId: 'emma' },
    });
    await publish(outcomes('int_1', 0, 0).committed(), outcomes('int_1', 0, 0).committed());
    await repliesOf(1);
    await publish(accepted('int_1'), outcomes('int_1', 0, 0).committed());
    await settled('int_fence');
    expect((await replies()).filter(({ intentId }) => intentId === 'int_1')).toMatchObject([
      { text: 'Emma is yours.', outcome: 'answered', turns: 2 },
    ]);
    expect(await proposals()).toHaveLength(1);
    // What is told to audit is what was sent, word for word.
    expect(await published('proposals', 'countersign.model.called.v1')).toMatchObject([
      { turn: 0, model: 'm-1', request: { messages: requests[0]!.messages } },
      { turn: 1, request: { messages: requests[1]!.messages } },
    ]);
    expect(requests[1]?.messages.at(-1)).toMatchObject({
      role: 'tool',
      tool_call_id: 'c1',
      content: expect.stringContaining('"status":"committed"'),
    });
  });

  it('replies to a single tool call from its outcome, though the result came first', async () => {
    await start('planner-1');
    await publish(outcomes('int_1', 0, 0).committed());
    await publish(acceptedAction('int_1'));
    expect(await repliesOf(1)).toMatchObject([
      { intentId: 'int_1', fromModel: false, text: 'lend_book is done: {"loan":"loan_1"}' },
    ]);
    expect(requests).toEqual([]);
  });

  it('believes neither an acceptance nor a result that its owner did not sign', async () => {
    await start('planner-1');
    const mallory = keyPair().signer;
    await write(signedEncoder('policy', mallory)(accepted('int_forged')));
    await write(plainEncoder('policy')(accepted('int_unsigned')));
    await write(sign.results(accepted('int_by_executor')));
    await publish(acceptedAction('int_1'));
    await write(sign.decisions(outcomes('int_1', 0, 0).committed()));
    await write({
      ...encoded(outcomes('int_1', 0, 0).denied()),
      value: encoded(outcomes('int_1', 0, 0).denied()).value.replace('not this one', 'not that one'),
    });
    await settled('int_fence');
    expect((await replies()).map(({ intentId }) => intentId)).toEqual(['int_fence']);
    expect(requests).toEqual([]);
    expect(forged.map((because) => because.replace(/key \S+$/, 'key')).sort()).toEqual([
      'countersign.action.committed.v1: signed by policy, not by executor',
      'countersign.action.denied.v1: the signature does not match',
      'countersign.intent.accepted.v1: it carries no signature',
      'countersign.intent.accepted.v1: no trusted key',
      'countersign.intent.accepted.v1: signed by executor, not by policy',
    ]);
  });

  it('takes a turn again under the same id when it stopped before the answer was stored', async () => {
    script['Lend me Emma'] = [call('emma')];
    held = [];
    const first = await start('planner-1');
    await publish(accepted('int_1'));
    await until(() => requests.length === 1, { what: 'the first call' });
    await first.stop();
    held = undefined;
    await start('planner-1');
    await until(async () => (await proposals()).length > 0, { what: 'the proposal' });
    await settled('int_fence');
    expect(requests).toHaveLength(2);
    expect(requests[1]).toEqual(requests[0]);
    expect(await proposals()).toHaveLength(1);
    expect(await published('proposals', 'countersign.model.called.v1')).toMatchObject([{ turn: 0 }]);
  });

  it('takes one turn at a time per session, in line, and frees it while a person decides', async () => {
    script['Lend me Emma'] = [call('emma'), { content: 'The librarian said no.' }];
    script['And Persuasion?'] = [{ content: 'That one is on the shelf.' }];
    await start('planner-1');
    await publish(accepted('int_1'), accepted('int_2', { text: 'And Persuasion?' }));
    await until(async () => (await proposals()).length > 0, { what: 'the proposal' });
    expect(requests).toHaveLength(1);
    await publish(outcomes('int_1', 0, 0).escalated());
    expect(await repliesOf(1)).toMatchObject([{ intentId: 'int_2', text: 'That one is on the shelf.' }]);
    await publish(outcomes('int_1', 0, 0).denied('APPROVAL_REJECTED'));
    await repliesOf(2);
    const reply = (await replies()).find(({ intentId }) => intentId === 'int_1');
    expect(reply).toMatchObject({
      text: 'The librarian said no.',
      actions: [{ outcome: 'denied', code: 'APPROVAL_REJECTED' }],
    });
    expect(requests.at(-1)).not.toHaveProperty('tools');
  });

  it('reads a record again before a turn that would show it as it was', async () => {
    const look = call('emma');
    look.tool_calls[0]!.function.name = 'get_book';
    script['Lend me Emma'] = [look, { content: 'There are three copies.' }];
    await start('planner-1');
    await publish(accepted('int_1', { workflow: 'archive' }));
    await until(async () => (await proposals()).length === 1, { what: 'the read' });
    await publish(outcomes('int_1', 0, 0, 'get_book').read({ copies: 2 }));
    const [, again] = await until(async () => (await proposals()).length === 2 && proposals(), {
      what: 'a read again',
    });
    expect(again).toMatchObject({ actionId: actionIdOf('int_1', 1, 1_000), tool: 'get_book', turn: 1, index: 1_000 });
    expect(requests).toHaveLength(1);
    const newer = { ...RECORD, version: '8' };
    await publish(outcomes('int_1', 1, 1_000, 'get_book').read({ copies: 3 }, newer));
    await repliesOf(1);
    const prompt = JSON.stringify(requests[1]!.messages);
    expect(prompt).toContain('copies = 3 (shelf book emma v8 at 2026-03-01T10:00:00.000Z, system)');
    expect(prompt).not.toContain('copies = 2');
  });

  it('signs what it writes with its own key', async () => {
    script['Lend me Emma'] = [call('emma'), { content: 'Emma is yours.' }];
    await start('planner-1');
    await publish(accepted('int_1'));
    await until(async () => (await proposals()).length > 0, { what: 'the proposal' });
    await publish(outcomes('int_1', 0, 0).committed());
    await repliesOf(1);
    for (const topic of ['proposals', 'replies'] as const) {
      const records = await kafka.readAll(topicName(topic, prefix));
      const checks = records.map((record) =>
        checkSignature(ring, 'planner', decodeRecord({ ...record, topic, key: Buffer.from(record.key!) })),
      );
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    }
  });

  it('tells that the model failed, and goes on with the next intent', async () => {
    script['Lend me Emma'] = [{ unusable: true, content: 7 }];
    await start('planner-1');
    await publish(accepted('int_1'), accepted('int_2', { text: 'And Persuasion?' }));
    await repliesOf(2);
    expect(await replies()).toMatchObject([
      { intentId: 'int_1', outcome: 'failed', code: 'MODEL_FAILED' },
      { intentId: 'int_2', outcome: 'answered' },
    ]);
  });
});
