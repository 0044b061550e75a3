import kafkajs, { type Consumer } from 'kafkajs';
import { actionIdOf, idempotencyKeyOf, topicName } from '@countersign/contracts';
import type { IntentState, IntentToPublish, Person } from '@countersign/demo';
import type { World } from './world.js';

/** What the client's own ledger expects of an intent. */
interface Expected {
  intentId: string;
  kind: Kind;
  order: string;
  /** The refund that must be in helpdesk exactly once; undefined: none may be. */
  refund: string | undefined;
  outcome: string;
}

const KINDS = ['small', 'asked', 'approved', 'rejected', 'question', 'over'] as const;
type Kind = (typeof KINDS)[number];

const WORDS: Record<Kind, { refund?: string; outcome: string }> = {
  small: { refund: '5.00', outcome: 'committed' },
  asked: { refund: '7.00', outcome: 'committed' },
  approved: { refund: '300.00', outcome: 'committed' },
  rejected: { outcome: 'denied' },
  question: { outcome: 'read' },
  over: { outcome: 'denied' },
};

/**
 * A product that keeps a window of intents open: it publishes a new one whenever one has ended, remembers what each must
 * come to, and has `bob` decide what is escalated. Everything it uses may die and come back meanwhile.
 */
export class Flow {
  readonly expected = new Map<string, Expected>();
  readonly #accepted = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #decideAs = new Map<string, 'approve' | 'reject'>();
  #consumer: Consumer | undefined;
  #next = 0;
  #publishing = false;
  #loops: Promise<void>[] = [];
  #stopped = false;

  constructor(
    private readonly world: World,
    private readonly alice: string,
    private readonly bob: Person,
    private readonly window: number,
    private readonly total: number,
  ) {}

  async start(): Promise<void> {
    await this.listen();
    this.#publishing = true;
    this.#loops = [this.publishLoop(), this.approveLoop()];
  }

  /** Between accepted and ended: what a kill now would hit. */
  inFlight(): number {
    return [...this.#accepted].filter((id) => !this.#ended.has(id)).length;
  }

  get ended(): number {
    return this.#ended.size;
  }

  /** No new intents; those on their way go on. */
  stopPublishing(): void {
    this.#publishing = false;
  }

  allEnded(): boolean {
    return [...this.expected.keys()].every((id) => this.#ended.has(id));
  }

  open(): string[] {
    return [...this.expected.values()]
      .filter(({ intentId }) => !this.#ended.has(intentId))
      .map(({ intentId, kind }) => `${kind} ${intentId}`);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#publishing = false;
    await Promise.allSettled([...this.#loops, this.#consumer?.disconnect()]);
  }

  private async listen(): Promise<void> {
    const { system } = this.world;
    const kafka = new kafkajs.Kafka({
      clientId: 'flow',
      brokers: system.urls.kafka.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 100, maxRetryTime: 500 },
    });
    this.#consumer = kafka.consumer({ groupId: `flow-${Date.now()}`, maxWaitTimeInMs: 50, sessionTimeout: 10_000 });
    await this.#consumer.connect();
    await this.#consumer.subscribe({
      topics: [topicName('decisions', system.topicPrefix), topicName('replies', system.topicPrefix)],
      fromBeginning: true,
    });
    await this.#consumer.run({
      autoCommit: false,
      eachMessage: ({ message }) => {
        const type = String(message.headers?.['ce_type']);
        const intentId = String(message.headers?.['ce_correlationid']);
        if (type === 'countersign.intent.accepted.v1') this.#accepted.add(intentId);
        if (type === 'countersign.reply.sent.v1') this.#ended.add(intentId);
        return Promise.resolve();
      },
    });
  }

  private async publishLoop(): Promise<void> {
    while (this.#publishing) {
      const open = this.expected.size - this.#ended.size;
      const due = Math.min(this.window - open, 10, this.total - this.#next);
      if (due > 0) await this.publishSome(due);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async publishSome(n: number): Promise<void> {
    const intents = Array.from({ length: n }, () => this.make(this.#next++));
    const ids = await this.world.product.publish(...intents.map(({ intent }) => intent));
    ids.forEach((intentId, index) => {
      const { kind, order } = intents[index]!;
      const { refund, outcome } = WORDS[kind];
      this.expected.set(intentId, { intentId, kind, order, refund, outcome });
      if (kind === 'approved') this.#decideAs.set(intentId, 'approve');
      if (kind === 'rejected') this.#decideAs.set(intentId, 'reject');
    });
  }

  private make(n: number): { intent: IntentToPublish; kind: Kind; order: string } {
    const kind = KINDS[n % KINDS.length]!;
    const order = `ord_${11_000 + n}`;
    const session = `flow-${n % 50}`;
    const workflow = 'support-desk';
    const refund = (amount: string) => ({
      workflow,
      session,
      tool: 'issue_refund',
      arguments: { orderId: order, amount, currency: 'EUR', reason: 'late delivery' },
    });
    const text = (words: string) => ({ workflow, session, text: words });
    const data = {
      small: refund('5.00'),
      asked: text(`Please refund 7 € on order ${order}, it came late.`),
      approved: refund('300.00'),
      rejected: refund('301.00'),
      question: text(`What is the status of order ${order}?`),
      over: refund('5000.00'),
    }[kind];
    return { intent: { id: `flow-${n}`, tenant: 'acme', session, token: this.alice, data }, kind, order };
  }

  private async approveLoop(): Promise<void> {
    while (!this.#stopped) {
      try {
        const { status, body } = await this.bob.call('GET', '/v1/approvals?status=open&limit=100');
        const items = status === 200 ? (body as { data: Parameters<Person['decide']>[0][] }).data : [];
        await Promise.all(
          items.map(async (item) => {
            const decision = this.#decideAs.get(item.intentId);
            if (decision) await this.bob.decide(item, decision, 'decided by the flow');
          }),
        );
      } catch {
        // The gateway or approval is down just now: asked again.
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What differs between this ledger of what must be and the world: helpdesk's ledger and the gateway's states. */
  async differences(asker: Person): Promise<string[]> {
    const ledger = await this.world.helpdesk.ledger();
    const differences: string[] = [];
    const byKey = new Map<string, typeof ledger>();
    for (const entry of ledger) byKey.set(entry.idempotencyKey, [...(byKey.get(entry.idempotencyKey) ?? []), entry]);
    let explained = 0;
    for (const expected of this.expected.values()) {
      const state = await asker.intent(expected.intentId, 5);
      const found = [...actionKeys(expected, state)].flatMap((key) => byKey.get(key) ?? []);
      explained += found.length;
      differences.push(...differencesOf(expected, state, found));
    }
    if (explained !== ledger.length)
      differences.push(`${ledger.length - explained} effects in helpdesk belong to no intent`);
    return differences;
  }
}

function actionKeys(expected: Expected, state: IntentState | undefined): Set<string> {
  const ids = new Set([actionIdOf(expected.intentId, 0, 0), ...(state?.actions ?? []).map(({ actionId }) => actionId)]);
  return new Set([...ids].map((actionId) => idempotencyKeyOf('acme', actionId, 0)));
}

function differencesOf(
  expected: Expected,
  state: IntentState | undefined,
  effects: { record: string; amount?: string }[],
): string[] {
  const name = `${expected.kind} ${expected.intentId}`;
  if (!state) return [`${name}: the gateway does not know it`];
  const differences: string[] = [];
  if (state.state !== 'ended') differences.push(`${name}: it is ${state.state}`);
  // What the model was shown may be read again after the last of its own actions.
  const own = state.actions.filter((action) => action.outcome !== 'read');
  const outcome = (own.at(-1) ?? state.actions.at(-1))?.outcome;
  if (outcome !== expected.outcome) differences.push(`${name}: ended ${outcome}, not ${expected.outcome}`);
  if (effects.length !== (expected.refund ? 1 : 0)) differences.push(`${name}: ${effects.length} refunds`);
  const [effect] = effects;
  if (effect && (effect.record !== expected.order || Number(effect.amount) !== Number(expected.refund))) {
    differences.push(`${name}: refunded ${effect.amount} on ${effect.record}`);
  }
  return differences;
}
