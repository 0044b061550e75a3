import type { KafkaConfig } from 'kafkajs';
import { idempotencyKeyOf } from '@countersign/contracts';
import { approvalFlaws, flaws, rowOf, unowned, type DemoRow, type Expectation } from './judge.js';
import { Product, type IntentToPublish } from './product.js';
import { Helpdesk, Person } from './watchers.js';

export interface DemoWorld {
  gateway: string;
  helpdesk: string;
  /** As a product comes to Kafka, and as an SRE does. */
  kafka: { product: KafkaConfig; sre: KafkaConfig };
  topicPrefix: string;
  token(user: string): Promise<string>;
  /** Of somebody who works on acme's records in helpdesk itself. */
  helpdeskToken: string;
  onRow(row: DemoRow): void;
}

const PEOPLE = ['alice', 'bob', 'carol', 'adam', 'audra', 'sam', 'ruth', 'erin'] as const;
type People = Record<(typeof PEOPLE)[number], Person>;

/** Where the demo is played: its people, its own orders, and the rows. */
export class Stage {
  readonly #run = Date.now().toString(36);
  /** Orders of its own each time, so that a kept system can show the demo again. */
  readonly #firstOrder = 15_000 + ((10 * Math.floor(Date.now() / 1000)) % 4_990);
  readonly #byHand = new Set<string>();
  #booksFrom = 0;

  private constructor(
    readonly world: DemoWorld,
    readonly product: Product,
    /** A plain Kafka client too, that may write to the topic of control. */
    readonly sre: Product,
    readonly helpdesk: Helpdesk,
    readonly people: People,
  ) {}

  static async open(world: DemoWorld): Promise<Stage> {
    const person = async (name: string) => [name, new Person(name, world.gateway, await world.token(name))] as const;
    const people = Object.fromEntries(await Promise.all(PEOPLE.map(person))) as People;
    const { kafka, topicPrefix } = world;
    const [product, sre] = await Promise.all([
      new Product(kafka.product, topicPrefix).connect(),
      new Product(kafka.sre, topicPrefix, '/demo/sre').connect(),
    ]);
    const stage = new Stage(world, product, sre, new Helpdesk(world.helpdesk), people);
    stage.#booksFrom = (await stage.helpdesk.ledger()).at(-1)?.seq ?? 0;
    return stage;
  }

  /** Every effect since the demo began must belong to a row: one under another key is nobody's, and one too many. */
  async closeBooks(rows: DemoRow[]): Promise<void> {
    const ledger = await this.helpdesk.ledger();
    const since = ledger.filter(({ seq, idempotencyKey: key }) => seq > this.#booksFrom && !this.#byHand.has(key));
    const strangers = unowned(since, rows);
    for (const { kind, record, amount } of strangers) {
      const row = rows.find((candidate) => candidate.mayNotTouch === record) ?? rows.at(-1)!;
      row.wrong.push(`helpdesk holds a ${kind} on ${record}${amount ? ` of ${amount}` : ''} that no row asked for`);
    }
    for (const row of rows.filter(({ ok, wrong }) => ok && wrong.length > 0)) this.report(row);
  }

  async close(): Promise<void> {
    await Promise.all([this.product.close(), this.sre.close()]);
  }

  intent(name: string, text: string, token: string | undefined = this.people.alice.token): IntentToPublish {
    const session = `demo-${name}-${this.#run}`;
    return {
      id: `${name}-${this.#run}`,
      tenant: 'acme',
      session,
      token,
      data: { workflow: 'support-desk', session, text },
    };
  }

  /** One tool call of alice's. `id`: another than its session's name, where there are several in a session. */
  call(name: string, tool: string, args: object, id = name): IntentToPublish {
    const { session, token } = this.intent(name, '');
    const data = { workflow: 'support-desk', session, tool, arguments: args };
    return { id: `${id}-${this.#run}`, tenant: 'acme', session, token, data };
  }

  /** More than the rules let anybody refund without a second person. */
  largeRefundOf(order: string, name: string): IntentToPublish {
    return this.intent(name, `Please refund 900 € on order ${order}, the customer sent everything back.`);
  }

  order(n: number): string {
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
    const before = await this.people.alice.intent(intentId, 0);
    // The same source and id again; then one more of the same session, hence behind it in the same partition.
    const fence = this.call('small', 'get_order', { orderId: this.order(0) }, 'fence');
    const [, fenceId = ''] = await this.product.publish(intent, fence);
    await this.people.alice.intent(fenceId);
    const again = await this.judge('the same intent again', intentId, '-', expected, false);
    const after = await this.people.alice.intent(intentId, 0);
    if (JSON.stringify(before) !== JSON.stringify(after))
      again.wrong.push('the second publication changed the outcome');
    again.executor = 'the same receipt';
    return [first, this.report(again)];
  }

  async largeRefund(decision: 'approve' | 'reject'): Promise<DemoRow> {
    const record = this.order(decision === 'approve' ? 1 : 2);
    const [intentId = ''] = await this.product.publish(this.largeRefundOf(record, decision));
    const item = await this.people.bob.approvalOf(intentId);
    const done = item
      ? await this.people.bob.decide(item, decision, decision === 'approve' ? 'goods are back' : 'goods never arrived')
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

  /** The caller hears of no order; audit alone knows that there is one, and whose. */
  async foreignOrder(): Promise<DemoRow> {
    const [intentId = ''] = await this.product.publish(this.intent('theirs', 'What did order ord_2001 cost?'));
    const expected = { outcomes: ['failed'], effects: [], code: 'NOT_FOUND', replySays: /no order|not found/i };
    const row = await this.judge("another tenant's order", intentId, '-', expected, false);
    const told = JSON.stringify((await this.people.alice.call('GET', `/v1/intents/${intentId}`)).body);
    if (/TENANT_MISMATCH|globex|54\.00/.test(told)) row.wrong.push('the caller is told of another tenant');
    const search = '/v1/traces?code=TENANT_MISMATCH&limit=100';
    const isAudited = await this.people.audra.sees(search, (found) => JSON.stringify(found).includes(intentId));
    if (!isAudited) row.wrong.push('audit does not say TENANT_MISMATCH');
    row.executor = 'NOT_FOUND (audit: TENANT_MISMATCH)';
    return this.report(row);
  }

  private get customer(): string {
    return `cus_${5_000 + (this.#firstOrder % 100)}`;
  }

  /** As a tool call of its own: a model is not even offered what the user may not do. */
  async deletionByAgent(): Promise<DemoRow> {
    const call = this.call('delete', 'delete_customer', { customerId: this.customer, reason: 'They asked us to.' });
    const [intentId = ''] = await this.product.publish(call);
    const expected = { outcomes: ['denied'], effects: [], code: 'PERMISSION_DENIED' };
    return this.judge('a deletion by a support agent', intentId, '-', expected);
  }

  async deletionByAdmin(): Promise<DemoRow> {
    const text = `Please delete customer ${this.customer}, they asked us to.`;
    const [intentId = ''] = await this.product.publish(this.intent('admin-delete', text, this.people.adam.token));
    return this.rejected(
      'a deletion by an admin',
      intentId,
      this.people.adam,
      this.people.bob,
      'they have changed their mind',
    );
  }

  async roleChange(): Promise<DemoRow> {
    const text = "Please change alice's role to support-lead because she leads the night shift.";
    const [intentId = ''] = await this.product.publish(this.intent('role', text, this.people.bob.token));
    return this.rejected('a change of a role', intentId, this.people.bob, this.people.adam, 'not before next month');
  }

  private async rejected(title: string, intentId: string, asker: Person, by: Person, why: string): Promise<DemoRow> {
    const item = await by.approvalOf(intentId);
    const done = item && (await by.decide(item, 'reject', why));
    const expected = { outcomes: ['denied'], effects: [], code: 'APPROVAL_REJECTED' };
    const row = await this.judge(title, intentId, `${by.name}: rejected`, expected, false, asker);
    row.policy = 'escalated, denied';
    row.wrong.push(...approvalFlaws(item, done));
    return this.report(row);
  }

  /** Approved on what the order was; somebody refunded on it since. It is asked again, about what it is. */
  async changedOrder(): Promise<DemoRow> {
    const record = this.order(5);
    const [intentId = ''] = await this.product.publish(this.largeRefundOf(record, 'changed'));
    const first = await this.people.bob.approvalOf(intentId);
    await this.refundByHand(record);
    const sentBack = first && (await this.people.bob.decide(first, 'approve', 'goods are back'));
    const again = first && (await this.people.bob.approvalOf(intentId, 20_000, first));
    const done = again && (await this.people.bob.decide(again, 'approve', 'still fine after the other refund'));
    const expected = { outcomes: ['committed'], effects: [{ kind: 'refund', record, amount: '900.00' }] };
    const row = await this.judge('an order that changed meanwhile', intentId, 'bob: approved twice', expected, false);
    row.policy = 'escalated, sent back, approved';
    row.wrong.push(...approvalFlaws(first, sentBack), ...approvalFlaws(again, done));
    if (JSON.stringify(first?.preview) === JSON.stringify(again?.preview))
      row.wrong.push('bob saw the same preview twice');
    return this.report(row);
  }

  /** Another refund on the order, made in helpdesk itself: the rules let no second one through while one is open. */
  private async refundByHand(orderId: string): Promise<void> {
    const refund = { orderId, amount: '18.00', currency: 'EUR', reason: 'The box was wet.' };
    const idempotencyKey = `by-hand-${this.#run}`;
    this.#byHand.add(idempotencyKey);
    await this.helpdesk.refund(this.world.helpdeskToken, idempotencyKey, refund);
  }

  async lostAnswer(): Promise<DemoRow> {
    await this.helpdesk.faults({ dropNext: 1 });
    const intent = this.intent('lost', `Refund 12 € on order ${this.order(4)}, the gift wrap was missing.`);
    const [intentId = ''] = await this.product.publish(intent);
    const expected = { outcomes: ['committed'], effects: [{ kind: 'refund', record: this.order(4), amount: '12.00' }] };
    const row = await this.judge('a refund whose answer is lost', intentId, '-', expected, false);
    const actionId = row.actionIds.at(-1) ?? '';
    const key = idempotencyKeyOf('acme', actionId, 0);
    // Sent again, or looked up by its key: what rests on a version that the first send has moved is not sent again.
    const requests = (await this.helpdesk.accessLog()).filter(
      ({ idempotencyKey, path }) => idempotencyKey === key || path.endsWith(`/${key}`),
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
    const seen = refusal && (await this.people.alice.call('GET', `/v1/intents/${refusal.intentId}`));
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
  async judge(
    title: string,
    intentId: string,
    person: string,
    expected: Expectation,
    report = true,
    asker = this.people.alice,
  ): Promise<DemoRow> {
    const state = await asker.intent(intentId, 30);
    const ledger = await this.helpdesk.ledger();
    const row = rowOf(title, intentId, person, state, flaws(state, ledger, expected));
    return report ? this.report(row) : row;
  }

  report(row: DemoRow): DemoRow {
    row.ok = row.wrong.length === 0;
    this.world.onRow(row);
    return row;
  }
}
