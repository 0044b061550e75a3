import type { FoundCase } from '../../find-cases.js';
import {
  agreed,
  approversOf,
  ask,
  ACTOR,
  callersOf,
  callOf,
  changes,
  made,
  readingOf,
  whenAsked,
  type Bench,
} from '../bench.js';

/** Dry run: the effect is computed, nobody is asked, and nothing changes. */
export function dryRunCases(bench: Bench): FoundCase[] {
  const { name: tool } = bench.tool;
  return callersOf(bench).flatMap((role) => {
    if (!isDone(bench, role)) return [];
    const { arguments: args, records } = callOf(bench, {});
    const one = made(bench, 'dry-run', `asked for by ${role} as a dry run is previewed, and nothing is done`, {
      given: { people: { [ACTOR]: { roles: [role] } }, records },
      steps: [ask(bench, args, { dry_run: true })],
      expect: {
        decisions: [{ tool, outcome: 'approved' }],
        outcomes: [{ tool, ends: 'previewed' }],
        effects: [],
      },
    });
    return [one];
  });
}

/** Idempotency: the same request again, several times at once and after its end, has the one effect. */
export function repeatCases(bench: Bench): FoundCase[] {
  const [role = ''] = callersOf(bench);
  if (!isDone(bench, role)) return [];
  const { arguments: args } = callOf(bench, {});
  const reading = readingOf(bench, { role });
  const again = { repeat: 1 };
  const play = whenAsked(bench, { role });
  return [
    made(bench, 'idempotency', 'asked for once and delivered five times is done once', {
      given: { ...play.given, people: { ...play.given.people, ...approversOf(reading) } },
      steps: [ask(bench, args), again, { together: [again, again] }, ...agreed(bench, reading), again],
      expect: play.expect,
    }),
  ];
}

/** It would change something if it were asked for. */
const isDone = (bench: Bench, role: string): boolean =>
  changes(bench) && ['granted', 'escalated'].includes(readingOf(bench, { role }).tag);
