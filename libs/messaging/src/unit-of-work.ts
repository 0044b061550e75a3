import { StoreFailure } from './errors.js';
import type { EventDraft, OutRecord } from '@countersign/contracts';
import { assertSendable } from './record-size.js';
import type { Applied, Effect, States, WorkDraft } from './stream.js';
import type { StateRow, StoreTx } from './ports.js';

export type Encode = (draft: EventDraft) => OutRecord;
/** Signs all that one transaction emits, in one go. */
export type SignAll = (records: OutRecord[]) => OutRecord[];

/** One pure step inside a unit: what it touches and what it decides. */
export interface Step {
  touches: string[];
  touchesAlso?: (states: States) => string[];
  decide: (states: States, now: Date) => Effect[];
  /** Copied to what it emits. */
  traceparent?: string | undefined;
  /** Told what it emits. */
  tell?: ((emitted: EventDraft[]) => void) | undefined;
}

/**
 * What one transaction is about to do: states loaded and locked, and the effects of its steps folded in order, so that
 * a later step sees what an earlier one put. A step's effects count all or not at all.
 */
export class UnitOfWork {
  readonly puts = new Map<string, object>();
  readonly emitted: EventDraft[] = [];
  readonly records: OutRecord[] = [];
  readonly work: WorkDraft[] = [];
  private readonly cancelled: string[] = [];
  /** Cancelled by a later step than the one that wrote it down. */
  private readonly stillborn = new Set<string>();
  private readonly loaded = new Map<string, StateRow>();

  constructor(
    private readonly tx: StoreTx,
    private readonly encode: Encode,
    private readonly now: Date,
  ) {}

  /** What has to hold before anything is decided; it is asked together with the first load. */
  condition: Promise<void> = Promise.resolve();

  /** Locks and loads what the steps touch: one query, and a second one if any step asks for more. */
  async load(steps: Step[]): Promise<void> {
    await Promise.all([this.ensure(steps.flatMap((step) => step.touches)), this.condition]);
    await this.ensure(steps.flatMap((step) => this.furtherKeys(step)));
  }

  /** Runs one step. What it throws leaves the unit as it was. */
  async run(step: Step): Promise<void> {
    const keys = [...step.touches];
    if (step.touchesAlso) {
      keys.push(...step.touchesAlso(this.view(step.touches)));
      // An earlier step of this unit may have put what leads to a row nobody has loaded yet.
      await this.ensure(keys);
    }
    this.fold(keys, step.decide(this.view(keys), this.now), step);
  }

  /**
   * Writes states, work and what was folded, none of it waited for before the next is sent. Answers which work was new.
   * `claim` says which work this process takes at once.
   */
  async write(claim: (drafts: WorkDraft[]) => Map<string, number>): Promise<Set<string>> {
    const rows = [...this.loaded.values()].filter((row) => row.rev === 0 || this.puts.has(row.key));
    const sent: Promise<unknown>[] = [];
    if (rows.length) sent.push(this.tx.save(rows.map((row) => ({ ...row, body: this.puts.get(row.key) }))));
    if (this.cancelled.length) sent.push(this.tx.cancelWork(this.cancelled));
    const inserted = this.work.length ? this.addWork(claim) : Promise.resolve(new Set<string>());
    if (this.stillborn.size) sent.push(this.tx.cancelWork([...this.stillborn]));
    const [ids] = await Promise.all([inserted, ...sent]);
    return ids;
  }

  private addWork(claim: (drafts: WorkDraft[]) => Map<string, number>): Promise<Set<string>> {
    const leases = claim(this.work.filter(({ id }) => !this.stillborn.has(id)));
    return this.tx.addWork(this.work.map((draft) => ({ draft, leaseMs: leases.get(draft.id) })));
  }

  applied(incoming: Applied['incoming']): Applied {
    return { puts: this.puts, emitted: this.emitted, incoming };
  }

  private furtherKeys(step: Step): string[] {
    try {
      return step.touchesAlso?.(this.view(step.touches)) ?? [];
    } catch {
      return []; // `run` asks again, and what it throws there is dealt with as that step's own.
    }
  }

  private async ensure(keys: string[]): Promise<void> {
    const missing = [...new Set(keys)].filter((key) => !this.loaded.has(key)).sort();
    if (!missing.length) return;
    const rows = await this.tx.load(missing).catch((error: unknown) => {
      throw new StoreFailure(error);
    });
    for (const row of rows) this.loaded.set(row.key, row);
  }

  private view(keys: string[]): States {
    const loaded = (key: string): object | undefined => {
      if (!keys.includes(key)) throw new TypeError(`the state "${key}" is not named by touches or touchesAlso`);
      return this.puts.get(key) ?? this.loaded.get(key)?.body;
    };
    return { get: <S>(key: string) => loaded(key) as S | undefined };
  }

  private fold(keys: string[], effects: Effect[], { traceparent, tell }: Step): void {
    const records: OutRecord[] = [];
    const emitted: EventDraft[] = [];
    for (const effect of effects) {
      if (effect.do === 'put' && !keys.includes(effect.key))
        throw new TypeError(`put to "${effect.key}", which touches does not name`);
      if (effect.do !== 'emit') continue;
      const event = effect.event.traceparent || !traceparent ? effect.event : { ...effect.event, traceparent };
      emitted.push(event);
      records.push(this.encoded(event));
    }
    this.records.push(...records);
    this.emitted.push(...emitted);
    tell?.(emitted);
    for (const effect of effects) this.keep(effect, traceparent);
  }

  private encoded(event: EventDraft): OutRecord {
    const record = this.encode(event);
    assertSendable(record);
    return record;
  }

  private keep(effect: Effect, traceparent: string | undefined): void {
    switch (effect.do) {
      case 'put':
        this.puts.set(effect.key, effect.state);
        return;
      case 'work':
        this.work.push(effect.work.traceparent || !traceparent ? effect.work : { ...effect.work, traceparent });
        return;
      case 'cancel':
        if (this.work.some(({ id }) => id === effect.workId)) this.stillborn.add(effect.workId);
        else this.cancelled.push(effect.workId);
        return;
      case 'emit':
      case 'ignore':
        return;
      default:
        return effect satisfies never;
    }
  }
}
