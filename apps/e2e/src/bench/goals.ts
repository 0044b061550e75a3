/** What a run has to come to. A figure that was not taken is neither met nor missed. */
export interface Goal {
  name: string;
  value: number | undefined;
  at: 'least' | 'most';
  goal: number;
  /** Why there is no value. */
  because?: string | undefined;
}

export type Outcome = 'met' | 'FAILED' | 'not measured';

export function outcomeOf({ value, at, goal }: Goal): Outcome {
  if (value === undefined) return 'not measured';
  const met = at === 'least' ? value >= goal : value <= goal; // no number meets no goal
  return met ? 'met' : 'FAILED';
}

const digits = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** `L1 ÷ Restate  1.23  at least 2  FAILED`, a line each. */
export function goalLines(goals: Goal[]): string[] {
  const widest = Math.max(0, ...goals.map(({ name }) => name.length));
  return goals.map((goal) => {
    const value = goal.value === undefined ? '-' : digits(goal.value);
    const because = goal.value === undefined && goal.because ? `: ${goal.because}` : '';
    return `goal  ${goal.name.padEnd(widest)}  ${value.padStart(7)}  at ${goal.at} ${goal.goal}  ${outcomeOf(goal)}${because}`;
  });
}

const FELL_SHORT = 3;

/** What the run ends with: a line for each goal that was missed and each flaw, and the exit code. A goal not measured ends nothing. */
export function concluded(goals: Goal[], flaws: string[]): { lines: string[]; exitCode: number } {
  const all = [...missed(goals), ...flaws];
  return { lines: all.map((flaw) => `FAILED: ${flaw}`), exitCode: all.length === 0 ? 0 : FELL_SHORT };
}

const missed = (goals: Goal[]): string[] =>
  goals
    .filter((goal) => outcomeOf(goal) === 'FAILED')
    .map(({ name, value, at, goal }) => `${name} is ${digits(value ?? Number.NaN)}, not at ${at} ${goal}`);
