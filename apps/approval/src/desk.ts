import type { KeyObject } from 'node:crypto';
import { problem, type Json, type Problem } from '@countersign/contracts';
import type { ControlView } from '@countersign/control';
import type { HttpProblem } from '@countersign/host';
import { sealToken, type CallerIdentity } from '@countersign/identity';
import type { Messaging } from '@countersign/messaging';
import { decideAnswer, decideLease, type Known, type Lease, type Verdict } from './answer.js';
import { answerItem, controlNow, type Said } from './answering.js';
import { oddOnes } from './batch.js';
import { unfit } from './bodies.js';
import { notFound, problemOf, staleProblem } from './problems.js';
import type { Approvals } from './read-model.js';
import { approvalKey, type Item } from './state.js';
import { difference, itemView } from './view.js';
import { decideViewed, hasViewed } from './viewed.js';

interface Several {
  decision: 'approve' | 'reject';
  reason: string;
  items: { approvalId: string; actionHash: string }[];
}
type OfBatch = { approvalId: string; status: 'recorded' } | { approvalId: string; status: 'refused'; problem: Problem };

/** Takes what people say to `answer.ts`, each time with the switches as they are known now. */
export class Desk {
  constructor(
    readonly messaging: Messaging,
    private readonly approvals: Approvals,
    readonly sealKey: KeyObject,
    readonly contractOf: Known['contractOf'],
  ) {}

  control(): Promise<ControlView> {
    return controlNow(this.messaging.sql);
  }

  async answer(caller: CallerIdentity, id: string, said: Said): Promise<Item> {
    await this.mustBe(caller.person, id);
    const verdict = await answerItem(this, caller, id, said);
    return this.recorded(verdict, caller.person, id, said.actionHash);
  }

  async lease({ person }: CallerIdentity, id: string, lease: Lease): Promise<Item> {
    await this.mustBe(person, id);
    const known = await this.known();
    const verdict = await this.messaging.execute({
      touches: [approvalKey(id)],
      decide: (states, now) => decideLease(id, person, lease, known, states, now),
    });
    return this.recorded(verdict, person, id);
  }

  /** Written down before any of them is shown; once for each person. */
  async viewed({ person }: CallerIdentity, item: Item, opened: Record<string, Json>): Promise<void> {
    if (hasViewed(item, person)) return;
    const { approvalId } = item;
    const tokens = new Set(Object.keys(opened));
    await this.messaging.execute({
      touches: [approvalKey(approvalId)],
      decide: (states, now) => decideViewed(approvalId, person, tokens, states, now),
    });
  }

  /** One decision on many items of one tool and one rule. Each binds to its own hash, and stands or falls by itself. */
  async answerAll({ person, token }: CallerIdentity, { items, ...said }: Several): Promise<OfBatch[]> {
    const ids = items.map(({ approvalId }) => approvalId);
    const found = await this.approvals.as(person, (queue) => queue.findAll(ids));
    const odd = oddOnes(found.map(({ item }) => item));
    if (odd.length > 0)
      throw unfit([{ path: 'items', message: `of another tool or another rule than the first: ${odd.join(', ')}` }]);
    const visible = new Set(found.map(({ approvalId }) => approvalId));
    const known = await this.known();
    const sealed = await sealToken(this.sealKey, token);
    const verdicts = await this.messaging.execute({
      touches: [...visible].map(approvalKey),
      decide: (states, now) => {
        const decided = items
          .filter(({ approvalId }) => visible.has(approvalId))
          .map(({ approvalId, actionHash }) => ({
            approvalId,
            ...decideAnswer(approvalId, person, { ...said, actionHash, sealed }, known, states, now),
          }));
        const result = new Map(decided.map(({ approvalId, result }) => [approvalId, result]));
        return { effects: decided.flatMap(({ effects }) => effects), result };
      },
    });
    return ids.map((id) => ofBatch(id, verdicts.get(id) ?? { tag: 'not-found' }));
  }

  private async known(): Promise<Known> {
    return { control: await this.control(), contractOf: this.contractOf };
  }

  /** Asked before a row of state is touched: made-up ids must not leave rows behind. */
  private async mustBe(person: CallerIdentity['person'], id: string): Promise<void> {
    if (!(await this.approvals.as(person, (queue) => queue.has(id)))) throw notFound(id);
  }

  private async recorded(verdict: Verdict, person: CallerIdentity['person'], id: string, hash?: string): Promise<Item> {
    if (verdict.tag === 'recorded') return verdict.item;
    if (verdict.tag === 'stale' && verdict.current !== undefined)
      throw await this.stale(person, id, hash, verdict.current);
    throw problemOf(verdict, id);
  }

  /** With what changed since the item whose hash was sent, so that the person sees it before deciding again. */
  private async stale(
    person: CallerIdentity['person'],
    id: string,
    sentHash: string | undefined,
    current: string,
  ): Promise<HttpProblem> {
    const siblings = await this.approvals.as(person, async (queue) => {
      const asked = await queue.find(id);
      return asked ? queue.ofAction(asked.actionId) : [];
    });
    const seen = siblings.find(
      ({ approvalId, actionHash }) => actionHash === sentHash || (!sentHash && approvalId === id),
    );
    const now = siblings.find(({ approvalId }) => approvalId === current)?.item;
    if (!now) return staleProblem(current);
    const look = { person, now: new Date(), control: await this.control() };
    const { actionHash } = now.escalated;
    return staleProblem(current, { actionHash, difference: difference(seen?.item, now), item: itemView(now, look) });
  }
}

function ofBatch(approvalId: string, verdict: Verdict): OfBatch {
  if (verdict.tag === 'recorded') return { approvalId, status: 'recorded' };
  const { code, detail, extensions } = problemOf(verdict, approvalId);
  return { approvalId, status: 'refused', problem: problem(code, detail, extensions) };
}
