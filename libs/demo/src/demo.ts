import { idempotencyKeyOf } from '@countersign/contracts';
import { Product, type IntentToPublish } from './product.js';
import { Helpdesk, Person, type ApprovalItem, type IntentState, type LedgerEntry } from './watchers.js';

/** One row of the demo's table. `ok` is judged from helpdesk's ledger and over HTTP. */
export interface DemoRow {
  intent: string;
  proposed: string;
  policy: string;
  person: string;
  executor: string;
  trace: string;
  intentId: string;
  actionIds: string[];
  ok: boolean;
  /** What is not as it should be. */
  wrong: string[];
  /** The record a refused intent was after. */
  mayNotTouch?: string;
}

export interface DemoWorld {
  gateway: string;
  helpdesk: string;
  brokers: string;
  topicPrefix: string;
  token(user: string): Promise<string>;
  onRow(row: DemoRow): void;
}

/** What a row says must be true of the world afterwards. */
interface Expectation {
  outcomes: string[];
  effects: { kind: string; record?: string; amount?: string }[];
  code?: string;
  replySays?: RegExp;
}

/** How an action went, in the words of the table. */
const POLICY_WORDS: Record<string, string> = {
  denied: 'denied',
  committed: 'approved',
  read: 'approved (read)',
  previewed: 'approved (preview)',
};

/** Runs the demo: nine intents, as a product, an approver and a judge who looks from outside. */
export async function runDemo(world: DemoWorld): Promise<DemoRow[]> {
  const stage = await Stage.open(world);
  try {
    const rows = await Promise.all([
      stage.question(),
      stage.ticket(),
      stage.smallRefundTwice(),
      stage.largeRefund('approve'),
      stage.largeRefund('reject'),
      stage.serviceAccount(),
      stage.foreignToken(),
    ]);
    // Alone at the end: a dropped answer would hit whichever write came next.
    const all = [...rows.flat(), await stage.lostAnswer()];
    await stage.closeBooks(all);
    return all;
  } finally {
    await stage.close();
  }
}

class Stage {
  readonly #run = Date.now().toString(36);
  /** Orders of its own each time, so that a kept system can show the demo again. */
  readonly #firstOrder = 15_000 + (Math.floor(Date.now() / 1000) % 4_990);
  #booksFrom = 0;

  private constructor(
    readonly world: DemoWorld,
    readonly product: Product,
    readonly helpdesk: Helpdesk,
    readonly alice: Person,
    readonly bob: Person,
  ) {}

  static async open(world: DemoWorld): Promise<Stage> {
    const [alice, bob] = await Promise.all([world.token('alice'), world.token('bob')]);
    const product = await new Product(world.brokers, world.topicPrefix).connect();
    const stage = new Stage(
      world,
      product,
      new Helpdesk(world.helpdesk),
      new Person('alice', world.gateway, alice),
      new Person('bob', world.gateway, bob),
    );
    stage.#booksFrom = (await stage.helpdesk.ledger()).at(-1)?.seq ?? 0;
    return stage;
  }

  /** Every effect since the demo began must belong to a row: one under another key is nobody's, and one too many. */
  async closeBooks(rows: DemoRow[]): Promise<void> {
    const since = (await this.helpdesk.ledger()).filter(({ seq }) => seq > this.#booksFrom);
    const strangers = unowned(since, rows);
    for (const { kind, record, amount } of strangers) {
      const row = rows.find((candidate) => candidate.mayNotTouch === record) ?? rows.at(-1)!;
      row.wrong.push(`helpdesk holds a ${kind} on ${record}${amount ? ` of ${amount}` : ''} that no row asked for`);
    }
    for (const row of rows.filter(({ ok, wrong }) => ok && wrong.length > 0)) this.report(row);
  }

  close(): Promise<void> {
    return this.product.close();
  }

  private intent(name: string, text: string, token: string | undefined = this.alice.token): IntentToPublish {
    const session = `demo-${name}-${this.#run}`;
    return {
      id: `${name}-${this.#run}`,
      tenant: 'acme',
      session,
      token,
      data: { workflow: 'support-desk', session, text },
    };
  }

  private order(n: number): string {
    return `ord_${this.#firstOrder + n}`;
  }

  async question(): Promise<DemoRow> {
    const intent = this.intent('question', `Where is order ${this.order(0)} and what did it cost?`);
    const [intentId = ''] = await this.product.publish(intent);
    return this.judge('a question about an order', intentId, '-', {
      outcomes: ['read'],
      effects: [],
      replySays: new RegExp(this.order(0)),
    });
  }

  async ticket(): Promise<DemoRow> {
    const intent = this.intent('ticket', 'Please open a ticket for customer cus_001: the parcel arrived damaged.');
    const [intentId = ''] = await this.product.publish(intent);
    return this.judge('a complaint', intentId, '-', { outcomes: ['committed'], effects: [{ kind: 'ticket' }] });
  }

  async smallRefundTwice(): Promise<DemoRow[]> {
    const intent = this.intent('small', `Refund 18 € on order ${this.order(0)}, it came two weeks late.`);
    const [intentId = ''] = await this.product.publish(intent);
    const expected = { outcomes: ['committed'], effects: [{ kind: 'refund', record: this.order(0), amount: '18.00' }] };
    const first = await this.judge('a refund of 18 €', intentId, '-', expected);
    const before = await this.alice.intent(intentId, 0);
    // The same source and id again; then one more of the same session, hence behind it in the same partition.
    const fence: IntentToPublish = {
      ...intent,
      id: `fence-${this.#run}`,
      data: {
        workflow: 'support-desk',
        session: intent.session,
        tool: 'get_order',
        arguments: { orderId: this.order(0) },
      },
    };
    const [, fenceId = ''] = await this.product.publish(intent, fence);
    await this.alice.intent(fenceId);
    const again = await this.judge('the same intent again', intentId, '-', expected, false);
    const after = await this.alice.intent(intentId, 0);
    if (JSON.stringify(before) !== JSON.stringify(after))
      again.wrong.push('the second publication changed the outcome');
    again.executor = 'the same receipt';
    return [first, this.report(again)];
  }

  async largeRefund(decision: 'approve' | 'reject'): Promise<DemoRow> {
    const record = this.order(decision === 'approve' ? 1 : 2);
    const intent = this.intent(decision, `Please refund 900 € on order ${record}, the customer sent everything back.`);
    const [intentId = ''] = await this.product.publish(intent);
    const item = await this.bob.approvalOf(intentId);
    const done = item
      ? await this.bob.decide(item, decision, decision === 'approve' ? 'goods are back' : 'goods never arrived')
      : undefined;
    const expected: Expectation =
      decision === 'approve'
        ? { outcomes: ['committed'], effects: [{ kind: 'refund', record, amount: '900.00' }] }
        : { outcomes: ['denied'], effects: [], code: 'APPROVAL_REJECTED', replySays: /reject|declin|not approved/i };
    const row = await this.judge(
      `a refund of 900 €`,
      intentId,
      `bob: ${decision === 'approve' ? 'approved' : 'rejected'}`,
      expected,
      false,
    );
    row.policy = decision === 'approve' ? 'escalated, approved' : 'escalated, denied';
    row.wrong.push(...approvalFlaws(item, done));
    return this.report(row);
  }

  async serviceAccount(): Promise<DemoRow> {
    const intent = this.intent('robot', `Refund 18 € on order ${this.order(3)}.`, await this.world.token('assistant'));
    return this.refused('an intent of the service account', intent, 'UNAUTHENTICATED', this.order(3));
  }

  async foreignToken(): Promise<DemoRow> {
    const intent = { ...this.intent('foreign', 'Refund 18 € on order ord_2001.'), tenant: 'globex' };
    return this.refused("acme's token under globex's key", intent, 'TENANT_MISMATCH', 'ord_2001');
  }

  async lostAnswer(): Promise<DemoRow> {
    await this.helpdesk.faults({ dropNext: 1 });
    const intent = this.intent('lost', `Refund 12 € on order ${this.order(4)}, the gift wrap was missing.`);
    const [intentId = ''] = await this.product.publish(intent);
    const expected = { outcomes: ['committed'], effects: [{ kind: 'refund', record: this.order(4), amount: '12.00' }] };
    const row = await this.judge('a refund whose answer is lost', intentId, '-', expected, false);
    const actionId = row.actionIds.at(-1) ?? '';
    const key = idempotencyKeyOf('acme', actionId, 0);
    const requests = (await this.helpdesk.accessLog()).filter(
      (entry) => entry.method === 'POST' && entry.idempotencyKey === key,
    ).length;
    row.executor = `committed (${requests} requests, 1 key)`;
    if (requests < 2) row.wrong.push(`the answer was not lost: ${requests} request with its key`);
    return this.report(row);
  }

  private async refused(title: string, intent: IntentToPublish, code: string, mayNotTouch: string): Promise<DemoRow> {
    await this.product.publish(intent);
    const refusal = await this.product.refusalOf(intent.id, 20_000);
    const wrong: string[] = [];
    if (refusal?.code !== code) wrong.push(`expected to be refused ${code}, was ${refusal?.code ?? 'not refused'}`);
    const seen = refusal && (await this.alice.call('GET', `/v1/intents/${refusal.intentId}`));
    const shownCode = (seen?.body as { code?: string } | undefined)?.code;
    if (shownCode === 'TENANT_MISMATCH') wrong.push('the caller is told of another tenant');
    const intentId = refusal?.intentId ?? '';
    return this.report({
      intent: title,
      proposed: '-',
      policy: `refused ${refusal?.code ?? ''}`,
      person: '-',
      executor: '-',
      trace: intentId,
      intentId,
      actionIds: [],
      ok: false,
      wrong,
      mayNotTouch,
    });
  }

  /** Holds an intent's end against what must be true, in the ledger and over HTTP. */
  private async judge(
    title: string,
    intentId: string,
    person: string,
    expected: Expectation,
    report = true,
  ): Promise<DemoRow> {
    const state = await this.alice.intent(intentId, 30);
    const ledger = await this.helpdesk.ledger();
    const row = rowOf(title, intentId, person, state, flaws(state, ledger, expected));
    return report ? this.report(row) : row;
  }

  private report(row: DemoRow): DemoRow {
    row.ok = row.wrong.length === 0;
    this.world.onRow(row);
    return row;
  }
}

function rowOf(
  title: string,
  intentId: string,
  person: string,
  state: IntentState | undefined,
  wrong: string[],
): DemoRow {
  const actions = state?.actions ?? [];
  const last = actions.at(-1);
  return {
    intent: title,
    proposed: actions.map((action) => action.tool).join(', ') || '-',
    policy: last ? (POLICY_WORDS[last.outcome ?? ''] ?? last.state) : (state?.state ?? 'unknown'),
    person,
    executor: last?.outcome === 'denied' ? '-' : (last?.outcome ?? '-'),
    trace: intentId,
    intentId,
    actionIds: actions.map((action) => action.actionId),
    ok: false,
    wrong,
  };
}

/** Everything that is not as expected, in sentences. Pure: an altered effect must show up here. */
export function flaws(state: IntentState | undefined, ledger: LedgerEntry[], expected: Expectation): string[] {
  if (!state) return ['the gateway does not know the intent'];
  const wrong: string[] = [];
  if (state.state !== 'ended') wrong.push(`it is ${state.state}, not ended`);
  const outcomes = state.actions.map((action) => action.outcome ?? action.state);
  const last = outcomes.slice(-expected.outcomes.length);
  if (JSON.stringify(last) !== JSON.stringify(expected.outcomes))
    wrong.push(`outcomes are ${outcomes.join(', ') || 'none'}, not ${expected.outcomes.join(', ')}`);
  const earlier = outcomes.slice(0, -expected.outcomes.length).filter((outcome) => outcome !== 'read');
  if (earlier.length > 0) wrong.push(`more than reads came before: ${earlier.join(', ')}`);
  const keys = new Map(state.actions.map(({ actionId }) => [idempotencyKeyOf('acme', actionId, 0), actionId]));
  const effects = ledger.filter((entry) => keys.has(entry.idempotencyKey));
  if (effects.length !== expected.effects.length)
    wrong.push(`${effects.length} effects in the ledger, not ${expected.effects.length}`);
  expected.effects.forEach((effect, index) => wrong.push(...effectFlaws(effects[index], effect)));
  if (expected.code && !state.actions.some((action) => action.code === expected.code))
    wrong.push(`no action ended with ${expected.code}`);
  if (!state.reply) wrong.push('there is no reply');
  else if (expected.replySays && !expected.replySays.test(state.reply))
    wrong.push(`the reply does not say it: ${state.reply.slice(0, 120)}`);
  return wrong;
}

/** The effects whose key derives from no action of any row. */
export function unowned(ledger: LedgerEntry[], rows: Pick<DemoRow, 'actionIds'>[]): LedgerEntry[] {
  const keys = new Set(rows.flatMap(({ actionIds }) => actionIds.map((id) => idempotencyKeyOf('acme', id, 0))));
  return ledger.filter(({ idempotencyKey }) => !keys.has(idempotencyKey));
}

function effectFlaws(entry: LedgerEntry | undefined, effect: Expectation['effects'][number]): string[] {
  if (!entry) return [];
  const wrong: string[] = [];
  if (entry.tenant !== 'acme') wrong.push(`the effect is in tenant ${entry.tenant}`);
  if (entry.kind !== effect.kind) wrong.push(`the effect is a ${entry.kind}, not a ${effect.kind}`);
  if (effect.record && entry.record !== effect.record)
    wrong.push(`the effect is on ${entry.record}, not ${effect.record}`);
  if (effect.amount && Number(entry.amount) !== Number(effect.amount))
    wrong.push(`the amount is ${entry.amount}, not ${effect.amount}`);
  return wrong;
}

function approvalFlaws(item: ApprovalItem | undefined, done: { status: number; body: unknown } | undefined): string[] {
  if (!item) return ['no approval was opened'];
  const wrong: string[] = [];
  if (!item.preview?.effect) wrong.push('the approver saw no preview');
  if (!done || done.status >= 300)
    wrong.push(`the decision was answered ${done?.status}: ${JSON.stringify(done?.body).slice(0, 200)}`);
  return wrong;
}
