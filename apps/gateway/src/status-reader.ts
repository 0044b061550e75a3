import type { Person } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import type { KeyRing } from '@countersign/signing';
import { actorOf, eventOf, genuineRows, type OnForged } from './genuine.js';
import type { IntentEvents } from './read-model.js';
import type { Accepted, Requests } from './requests.js';
import { OVERSEERS } from './routes.js';
import { foldStatus, type ActionStatus, type IntentStatus } from './status.js';
import type { Waiting } from './waiting.js';

/** Published here, and not judged by policy yet. */
export interface Requested extends Accepted {
  state: 'requested';
  actions?: [];
}
export type Found = Requested | IntentStatus | (ActionStatus & { reply?: string }) | RefusedAction;
export type RefusedAction = Omit<IntentStatus, 'actions'> & { actionId: string };

const maySee = ({ sub, roles }: Person, actor: string | undefined) =>
  actor === sub || OVERSEERS.some((role) => roles.includes(role));

export const hasEnded = ({ state }: Found): boolean => state === 'ended' || state === 'refused';

/** States of intents and actions, made from their events when they are asked for. */
export class Status {
  constructor(
    private readonly events: IntentEvents,
    private readonly requests: Requests,
    private readonly waiting: Waiting,
    private readonly ring: KeyRing,
    private readonly onForged: OnForged,
  ) {}

  /** The state once it has ended (or, where `isEnough` says so, before), or as it is when the signal fires. */
  async untilEnded(
    kind: 'intent' | 'action',
    person: Person,
    id: string,
    signal: AbortSignal,
    isEnough: (found: Found) => boolean = hasEnded,
  ): Promise<Found | undefined> {
    for (;;) {
      const seen = signal.aborted ? 0 : await this.count(id);
      const found = kind === 'intent' ? await this.intent(person, id) : await this.action(person, id);
      if (signal.aborted || (found && isEnough(found))) return found;
      if (this.waiting.isFull)
        throw new HttpProblem('RATE_LIMITED', 'too many requests wait already; ask without wait');
      await this.waiting.changed(id, seen, signal);
    }
  }

  /** Taken before the events are read: what comes in between wakes at once. */
  private async count(id: string): Promise<number> {
    return (await this.events.counts([id])).get(id) ?? 0;
  }

  private async intent(person: Person, intentId: string): Promise<Found | undefined> {
    const folded = await this.folded(person, intentId);
    if (folded) return folded;
    const known = await this.known(person, intentId);
    return known?.intentId === intentId ? { ...known, state: 'requested', actions: [] } : undefined;
  }

  private async action(person: Person, actionId: string): Promise<Found | undefined> {
    const intentId = await this.events.intentOfAction(person.tenant, actionId);
    const intent = intentId ? await this.folded(person, intentId) : undefined;
    if (intent?.state === 'refused') {
      const { actions: _, ...refused } = intent;
      return { ...refused, actionId };
    }
    const action = intent?.actions.find((candidate) => candidate.actionId === actionId);
    if (action) return { ...action, ...(intent?.reply ? { reply: intent.reply } : {}) };
    const known = await this.known(person, actionId);
    return known?.actionId === actionId ? { ...known, state: 'requested' } : undefined;
  }

  private async known(person: Person, id: string): Promise<Accepted | undefined> {
    const known = await this.requests.known(person.tenant, id);
    return known && maySee(person, known.sub) ? known.accepted : undefined;
  }

  /** Another's intent is as if it were not there. */
  private async folded(person: Person, intentId: string): Promise<IntentStatus | undefined> {
    const rows = genuineRows(this.ring, await this.events.ofIntent(person.tenant, intentId), this.onForged);
    return maySee(person, actorOf(rows)) ? foldStatus(intentId, rows.map(eventOf), new Date()) : undefined;
  }
}
