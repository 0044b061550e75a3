import { intentIdOf, topicName } from '@countersign/contracts';
import { Person, type ApprovalItem } from '@countersign/demo';
import type { System } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { until } from '@countersign/testing';
import { keyOfIntent } from '../ledger.js';
import type { LoadDriver, Message, Pipeline } from '../load.js';
import { LARGE, refund } from './refund.js';
import type { Drained, Pushed, WithApprovals } from './under-test.js';

export const SOURCE = '/bench';
const TOKEN_SECONDS = 4 * 3600;
const TIMEOUT_MS = 300_000;
const PAGE = 200;
/** As many as the API takes in one request. */
const BATCH = 100;
/** The read comes first, and with it the second turn. */
const REFUND_TURN = 1;
/** Whoever asks for what waits for a person, in turn: each has a budget of a day. Carol, who approves, asks for nothing. */
const ASKING = ['alice', 'bob', 'adam'];

interface Asked {
  /** Of a tool call, its arguments; of an intent in words, those. */
  call?: object;
  text?: string;
  session: string;
  tenant?: string;
}

export function messageOf(id: string, token: string, { call, text, session, tenant = 'acme' }: Asked): Message {
  const what = call ? { tool: 'issue_refund', arguments: call } : { text };
  return {
    key: `${tenant}/${session}`,
    value: JSON.stringify({ workflow: 'support-desk', session, ...what }),
    headers: {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: SOURCE,
      ce_type: `countersign.${call ? 'action' : 'intent'}.requested.v1`,
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
    },
  };
}

/** What somebody asks for over Kafka, and the reply that ends it. The ids of the intents are noted in `published`. */
async function asked(
  system: System,
  { run, user = 'alice' }: { run: string; user?: string },
  published: string[],
  what: (n: number) => Asked,
): Promise<Pipeline> {
  const tokens = await Promise.all(
    Array.from({ length: 10 }, () => devToken(system.urls.identity, user, TOKEN_SECONDS)),
  );
  let sequence = 0;
  const one = () => {
    const n = sequence++;
    const intentId = intentIdOf('acme', SOURCE, `b-${run}-${n}`);
    published.push(intentId);
    return { id: intentId, message: messageOf(`b-${run}-${n}`, tokens[n % tokens.length] ?? '', what(n)) };
  };
  return {
    name: 'countersign',
    input: topicName('intents'),
    output: topicName('replies'),
    make: (n) => Array.from({ length: n }, one),
    idOf: (headers) => String(headers['ce_correlationid']),
  };
}

/** Actions that rules approve. The ids of the intents are noted in `published`. */
export const governed = (system: System, run: string, published: string[]): Promise<Pipeline> =>
  asked(system, { run }, published, (n) => ({ call: refund(n), session: `s-${n % 997}` }));

/** All of Countersign: every service, with its defaults. */
export class Countersign implements WithApprovals {
  readonly name = 'Countersign';
  readonly pids = () => this.system.pids();
  private readonly sessions: string[] = [];
  private readonly intents: string[] = [];
  private runs = 0;

  private constructor(
    private readonly system: System,
    private readonly driver: LoadDriver,
    private readonly run: string,
    readonly pipeline: Pipeline,
    private readonly actions: string[],
  ) {}

  static async open(system: System, driver: LoadDriver, run: string): Promise<Countersign> {
    const actions: string[] = [];
    return new Countersign(system, driver, run, await governed(system, run, actions), actions);
  }

  /** Of all effects that were asked of it so far. */
  keys(): string[] {
    const spoken = this.intents.map((id) => keyOfIntent(id, REFUND_TURN));
    return [...this.actions, ...this.sessions].map((id) => keyOfIntent(id)).concat(spoken);
  }

  /** The last action that rules approved. */
  lastIntent(): string {
    return this.actions.at(-1) ?? '';
  }

  /** One that waits for a person, and goes on waiting. Gives its intent. */
  async waiting(): Promise<string> {
    const { driver, system } = this;
    const ids: string[] = [];
    const pipeline = await asked(system, { run: `${this.run}-w${++this.runs}` }, ids, (m) => ({
      call: refund(m, LARGE),
      session: `w-${this.run}`,
    }));
    const before = await driver.written(topicName('approvals'));
    await driver.send(pipeline, pipeline.make(1));
    await until(async () => (await driver.written(topicName('approvals'))) > before, { what: 'an item to be opened' });
    return ids[0] ?? '';
  }

  async approved(n: number): Promise<Pushed> {
    const { overall } = await this.driver.throughput(this.pipeline, n, TIMEOUT_MS);
    return { rate: overall, actions: n };
  }

  steady(perSecond: number, seconds: number): Promise<number[]> {
    return this.driver.latency(this.pipeline, perSecond, seconds);
  }

  /** Intents in words, for which the stand-in model reads the order, proposes the refund and replies: three turns each. */
  async spoken(n: number): Promise<number> {
    const what = (m: number): Asked => ({
      text: `Please refund 0.01 EUR on order ${refund(m).orderId}, the delivery was late.`,
      session: `i-${this.run}-${this.runs}-${m}`,
    });
    const pipeline = await asked(this.system, { run: `${this.run}-i${++this.runs}` }, this.intents, what);
    return (await this.driver.throughput(pipeline, n, TIMEOUT_MS)).overall;
  }

  async escalated(n: number): Promise<Drained> {
    const { driver, system } = this;
    const user = ASKING[this.runs % ASKING.length] ?? '';
    const ids: string[] = [];
    const session = (m: number) => `e-${this.run}-${this.runs}-${m % 97}`;
    const pipeline = await asked(system, { run: `${this.run}-e${++this.runs}`, user }, ids, (m) => ({
      call: refund(m, LARGE),
      session: session(m),
    }));
    const [approvals, replies] = [topicName('approvals'), topicName('replies')];
    const before = { opened: await driver.written(approvals), replied: await driver.written(replies) };
    await driver.send(pipeline, pipeline.make(n));
    this.sessions.push(...ids);
    const grown = async (topic: string, from: number) => (await driver.written(topic)) - from >= n;
    await until(() => grown(approvals, before.opened), { what: `${n} items to be opened`, timeoutMs: TIMEOUT_MS });
    const carol = new Person('carol', system.urls.gateway, await devToken(system.urls.identity, 'carol'));
    const items = await until(() => itemsOf(carol, new Set(ids)), { what: `${n} items in the queue`, everyMs: 200 });
    const firstApprovalAt = Date.now();
    await approveAll(carol, items);
    await until(() => grown(replies, before.replied), { what: `the end of ${n} actions`, timeoutMs: TIMEOUT_MS });
    return { firstApprovalAt, keys: ids.map((id) => keyOfIntent(id)) };
  }
}

/** Those of these intents, once all of them are in the queue. */
async function itemsOf(person: Person, intents: Set<string>): Promise<ApprovalItem[] | undefined> {
  const items: ApprovalItem[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await person.call('GET', `/v1/approvals?status=open&limit=${PAGE}${after}`);
    if (status !== 200) throw new Error(`GET /v1/approvals answered ${status}: ${JSON.stringify(body)}`);
    const page = body as { data: ApprovalItem[]; nextCursor: string | null };
    items.push(...page.data.filter(({ intentId }) => intents.has(intentId)));
    cursor = page.nextCursor;
  }
  return items.length === intents.size ? items : undefined;
}

/** As the console does it: what is selected of one tool and one rule, in batches, all of them at once. */
async function approveAll(person: Person, items: ApprovalItem[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / BATCH) }, (_, index) =>
    items.slice(index * BATCH, (index + 1) * BATCH).map(({ approvalId, actionHash }) => ({ approvalId, actionHash })),
  );
  await Promise.all(
    batches.map(async (batch) => {
      const decision = { decision: 'approve', reason: 'the parcels came late', items: batch };
      const { status, body } = await person.call('POST', '/v1/approvals/decisions', decision);
      const { results = [] } = (body ?? {}) as { results?: { status: string }[] };
      const recorded = results.filter((result) => result.status === 'recorded').length;
      if (recorded !== batch.length)
        throw new Error(`${recorded} of ${batch.length} approvals were recorded: ${status} ${JSON.stringify(body)}`);
    }),
  );
}
