/** At an await a process can die twice: when what is awaited was begun, and when it was answered. */
export type Phase = 'begun' | 'answered';

/** What a process that is to die at its awaits is told, in `plan.json`. Beside it `deaths` has a line for each time. */
export interface Plan {
  /** Files of this workspace, as built, and the marked ones beside the plan that are loaded instead. */
  files: Record<string, string>;
  /** So often is died at each point. */
  times: number;
  /** Points that are passed by. */
  spared: string[];
  /** Every other process passes so many by before it begins to die: else all would end at the start for as long as that has places left. */
  young: number;
}

export const pointOf = (place: number, phase: Phase): string => `${place}${phase === 'begun' ? 'b' : 'a'}`;

/** How often each point was died at. */
export function deathsAt(log: string): Map<string, number> {
  const deaths = new Map<string, number>();
  for (const point of log.split('\n')) if (point) deaths.set(point, (deaths.get(point) ?? 0) + 1);
  return deaths;
}
