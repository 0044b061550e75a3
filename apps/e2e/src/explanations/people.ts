import { intentIdOf } from '@countersign/contracts';
import type { ApprovalItem, Person } from '@countersign/demo';
import { inLetters } from '../target.js';
import type { Asked, Step } from './kinds.js';

/** What a person said of an action and was answered 200: as they remember it. */
export interface Said {
  who: string;
  said: 'granted' | 'edited' | 'rejected' | 'committed' | 'failed';
  reason: string;
  /** Of an edit: what the arguments were, and what they became. */
  edit?: { before: object; after: object };
}

const SAID = { approve: 'granted', reject: 'rejected', edit: 'edited' } as const;

/** The desk's leads and its admin: each looks at the queue and says what the action's kind asks them to. */
export class People {
  readonly said = new Map<string, Said[]>();
  readonly flaws: string[] = [];
  readonly #done = new Set<string>();
  /** By action: who handed it on to whom, and why. */
  readonly handedOn = new Map<string, { by: string; to: string; reason: string }>();
  readonly #byIntent: Map<string, Asked>;
  #reasons = 0;

  constructor(
    private readonly people: readonly Person[],
    asked: readonly Asked[],
  ) {
    this.#byIntent = new Map(asked.map((one) => [intentIdOf(one.intent.tenant, '/e2e', one.intent.id), one]));
  }

  /** Until `playing.on` is false. */
  async work(playing: { on: boolean }): Promise<void> {
    await Promise.all(
      this.people.map(async (person) => {
        while (playing.on) {
          await this.look(person);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }),
    );
  }

  note(actionId: string, said: Said): void {
    this.said.set(actionId, [...(this.said.get(actionId) ?? []), said]);
  }

  /** Words of their own for each decision, so that no two are taken for each other. */
  reason(who: string): string {
    return `${who} has looked, ${inLetters(this.#reasons++)}`;
  }

  private async look(person: Person): Promise<void> {
    const { status, body } = await person.call('GET', '/v1/approvals?status=open&limit=100');
    const items = status === 200 ? (body as { data: ApprovalItem[] }).data : [];
    const due = items.flatMap((item) => {
      const step = this.stepFor(item);
      return step?.by === person.name && !this.#done.has(`${item.approvalId} ${step.do}`) ? [{ item, step }] : [];
    });
    await this.together(
      person,
      due.filter(({ step }) => step.do === 'together').map(({ item }) => item),
    );
    for (const { item, step } of due) if (step.do !== 'together') await this.take(person, item, step);
  }

  private stepFor(item: ApprovalItem): Step | undefined {
    const { amount = '' } = (item.arguments ?? {}) as { amount?: string };
    return this.#byIntent.get(item.intentId)?.kind.person?.(amount, this.handedOn.has(item.actionId));
  }

  private async together(person: Person, items: ApprovalItem[]): Promise<void> {
    if (items.length === 0) return;
    const reason = this.reason(person.name);
    const these = items.map(({ approvalId, actionHash }) => ({ approvalId, actionHash }));
    const body = { decision: 'approve', reason, items: these };
    const answer = await person.call('POST', '/v1/approvals/decisions', body);
    const { results = [] } = (answer.body ?? {}) as { results?: { approvalId: string; status: string }[] };
    const recorded = new Set(results.filter(({ status }) => status === 'recorded').map(({ approvalId }) => approvalId));
    if (recorded.size === 0)
      this.flaws.push(`a batch was answered ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`);
    for (const { approvalId, actionId } of items.filter((item) => recorded.has(item.approvalId))) {
      this.#done.add(`${approvalId} together`);
      this.note(actionId, { who: person.name, said: 'granted', reason });
    }
  }

  private async take(person: Person, item: ApprovalItem, step: Step): Promise<void> {
    const reason = this.reason(person.name);
    const { actionHash, approvalId, actionId, arguments: before = {} } = item;
    if (step.do === 'delegate') {
      const handed = { to: step.to, reason, leaseSeconds: 60 };
      const { status } = await person.call('POST', `/v1/approvals/${approvalId}/delegate`, handed);
      if (status < 300) this.handedOn.set(actionId, { by: person.name, to: step.to, reason });
      return;
    }
    if (step.do === 'together') return;
    const after = step.do === 'edit' ? { ...before, amount: step.amount } : undefined;
    const body = { decision: step.do, actionHash, reason, ...(after ? { arguments: after } : {}) };
    const { status } = await person.call('POST', `/v1/approvals/${approvalId}/decisions`, body);
    if (status !== 200) return;
    this.#done.add(`${approvalId} ${step.do}`);
    this.note(actionId, {
      who: person.name,
      said: SAID[step.do],
      reason,
      ...(after ? { edit: { before, after } } : {}),
    });
  }
}
