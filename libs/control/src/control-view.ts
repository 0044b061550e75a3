import { killScopesOf, stageScopesOf, type ControlTarget, type Stage } from '@countersign/contracts';
import { CONTROL_KEYS, type ControlRow, type KillRow, type ReleaseRow, type StageRow } from './control-row.js';

/** Where nobody has said otherwise, nothing is changed. */
export const DEFAULT_STAGE: Stage = 'read-only';

/** All switches and stages as one service knows them: a value, given to pure functions. */
export class ControlView {
  /** Offset of the latest record it goes by; 0 before the first. A warrant carries it. */
  readonly epoch: number;
  private readonly rows: ReadonlyMap<string, ControlRow>;

  constructor(rows: Iterable<ControlRow>) {
    this.rows = new Map([...rows].map((row) => [row.scope, row]));
    this.epoch = Math.max(0, ...[...this.rows.values()].map(({ epoch }) => epoch));
  }

  all(): ControlRow[] {
    return [...this.rows.values()];
  }

  /** The switch that stops this tool call now; undefined while none does. */
  killedBy(target: ControlTarget): KillRow | undefined {
    return this.switchesOf(target).find(({ killed }) => killed);
  }

  /**
   * The switch that was tripped since a warrant of this epoch was decided on, whether it is on or not. A trip of the very epoch counts:
   * whoever knew of it granted nothing.
   */
  trippedSince(target: ControlTarget, epoch: number): KillRow | undefined {
    return this.switchesOf(target).find(({ trippedEpoch }) => trippedEpoch !== undefined && trippedEpoch >= epoch);
  }

  stageOf(of: Pick<ControlTarget, 'tenant' | 'workflow'>): Stage {
    return this.stageRowOf(of)?.stage ?? DEFAULT_STAGE;
  }

  stageRowOf(of: Pick<ControlTarget, 'tenant' | 'workflow'>): StageRow | undefined {
    for (const scope of stageScopesOf(of)) {
      const row = this.rows.get(scope);
      if (row?.kind === 'stage') return row;
    }
    return undefined;
  }

  releaseOf(workflow: string): ReleaseRow | undefined {
    const row = this.rows.get(`release/workflow/${workflow}`);
    return row?.kind === 'release' ? row : undefined;
  }

  /** Whether what has this fingerprint may act: it was released last, or just before that. */
  isReleased(workflow: string, fingerprint: string): boolean {
    const release = this.releaseOf(workflow);
    return release !== undefined && (release.fingerprint === fingerprint || release.previous === fingerprint);
  }

  /** Scopes of the switches that are on. */
  switchesOn(): string[] {
    return this.all().flatMap((row) => (row.kind === 'kill' && row.killed ? [row.scope] : []));
  }

  /**
   * When something that was opened then, and was to expire then, expires: later by as long as a switch of its scopes was on
   * meanwhile. Undefined while one is on: its time stands still.
   */
  expiresAt(openedAt: string, expiresAt: string, target: ControlTarget): Date | undefined {
    return this.endOf(openedAt, expiresAt, target, () => undefined);
  }

  /** How much of that time is left: while a switch is on it does not get less. */
  remainingMs(openedAt: string, expiresAt: string, target: ControlTarget, now: Date): number {
    const end = this.endOf(openedAt, expiresAt, target, (since) => Math.max(since, now.getTime()));
    return Math.max(0, end!.getTime() - now.getTime());
  }

  /** `stillOn`: when a pause that goes on is taken to end; undefined if that is not known. */
  private endOf(
    openedAt: string,
    expiresAt: string,
    target: ControlTarget,
    stillOn: (since: number) => number | undefined,
  ): Date | undefined {
    let end = Date.parse(expiresAt);
    for (const { from, to = stillOn(from) } of this.pausesOf(target, Date.parse(openedAt))) {
      if (from >= end) break;
      if (to === undefined) return undefined;
      end += to - from;
    }
    return new Date(end);
  }

  /** Disjoint, in the order of time, cut at the beginning. */
  private pausesOf(target: ControlTarget, since: number): { from: number; to?: number }[] {
    const all = this.switchesOf(target)
      .flatMap(({ pauses }) => pauses)
      .map(({ from, to }) => ({ from: Math.max(since, Date.parse(from)), to: to ? Date.parse(to) : Infinity }))
      .filter(({ from, to }) => to > from)
      .sort((a, b) => a.from - b.from);
    const merged: { from: number; to: number }[] = [];
    for (const pause of all) {
      const last = merged.at(-1);
      if (last && pause.from <= last.to) last.to = Math.max(last.to, pause.to);
      else merged.push({ ...pause });
    }
    return merged.map(({ from, to }) => (to === Infinity ? { from } : { from, to }));
  }

  private switchesOf(target: ControlTarget): KillRow[] {
    return killScopesOf(target).flatMap((scope) => {
      const row = this.rows.get(scope);
      return row?.kind === 'kill' ? [row] : [];
    });
  }
}

/** One statement: every control row of a service's `state` table. */
export const CONTROL_SQL = `select body from state where key >= '${CONTROL_KEYS.from}' and key < '${CONTROL_KEYS.to}' and body is not null`;

export const viewOf = (rows: readonly { body: unknown }[]): ControlView =>
  new ControlView(rows.map(({ body }) => body as ControlRow));

/** What `CONTROL_SQL` answers, of a store in memory: its state rows by key, each body as JSON. */
export function controlRowsIn(
  states: Iterable<readonly [string, { body: string | undefined }]>,
): { body: ControlRow }[] {
  const held = [...states].filter(([key]) => key >= CONTROL_KEYS.from && key < CONTROL_KEYS.to);
  held.sort(([a], [b]) => (a < b ? -1 : 1));
  return held.flatMap(([, { body }]) => (body === undefined ? [] : [{ body: JSON.parse(body) as ControlRow }]));
}
