import type { FoundCase } from '../../find-cases.js';
import {
  ACTOR,
  ask,
  callersOf,
  callOf,
  changes,
  made,
  readingOf,
  tell,
  whenAsked,
  type Bench,
  type Play,
  type Suite,
} from '../bench.js';

/** Stages, switches and the release: what each lets through, and what not. */
export const gateCases = (bench: Bench): FoundCase[] => {
  const [role = ''] = callersOf(bench);
  const reading = readingOf(bench, { role });
  if (reading.tag === 'refused' || reading.tag === 'denied') return [];
  return [...stageCases(bench, role), ...switchCases(bench, role), releaseCase(bench, role)];
};

type More = Pick<Play['given'], 'stage' | 'switches' | 'released'>;

const givenFor = (bench: Bench, role: string, more: More): Play['given'] => ({
  ...{ people: { [ACTOR]: { roles: [role] } }, records: callOf(bench, {}).records },
  ...more,
});

/** Reads and dry runs go through; what changes something ends so, and changes nothing. */
type LastEnd = { ends: 'denied'; code: 'STAGE_FORBIDS' | 'NOT_RELEASED' } | { ends: 'drafted' };

function nothingChanged(bench: Bench, suite: Suite, where: string, given: Play['given'], end: LastEnd): FoundCase {
  const { name: tool } = bench.tool;
  const { arguments: args } = callOf(bench, {});
  if (!changes(bench)) {
    const expect: Play['expect'] = { outcomes: [{ tool, ends: 'read' }], effects: [] };
    return made(bench, suite, `${where} is answered`, { given, steps: [ask(bench, args)], expect });
  }
  const says = end.ends === 'denied' ? `is denied as ${end.code} but for a dry run` : 'is kept as a draft';
  return made(bench, suite, `${where} ${says}, and nothing is done`, {
    given,
    steps: [ask(bench, args, { dry_run: true }), ask(bench, args)],
    expect: {
      outcomes: [
        { tool, ends: 'previewed' },
        { tool, ...end },
      ],
      effects: [],
    },
  });
}

const stageCases = (bench: Bench, role: string): FoundCase[] => [
  nothingChanged(bench, 'stage', 'at the stage read-only', givenFor(bench, role, { stage: 'read-only' }), {
    ...{ ends: 'denied', code: 'STAGE_FORBIDS' },
  }),
  nothingChanged(bench, 'stage', 'at the stage draft-only', givenFor(bench, role, { stage: 'draft-only' }), {
    ends: 'drafted',
  }),
];

const releaseCase = (bench: Bench, role: string): FoundCase =>
  nothingChanged(bench, 'release', 'without a release', givenFor(bench, role, { released: false }), {
    ...{ ends: 'denied', code: 'NOT_RELEASED' },
  });

function switchCases(bench: Bench, role: string): FoundCase[] {
  const { tool, workflow } = bench;
  const scopes = ['kill/*', 'kill/tenant/own', `kill/workflow/${workflow.name}`, `kill/tool/${tool.name}`];
  return [...scopes.map((scope) => stoppedBy(bench, role, scope)), notStopped(bench, role)];
}

/** By this very switch: once it is off, what was asked for is done. */
function stoppedBy(bench: Bench, role: string, scope: string): FoundCase {
  const { name: tool } = bench.tool;
  const play = whenAsked(bench, { role });
  const dryRuns = changes(bench) ? [ask(bench, callOf(bench, {}).arguments, { dry_run: true })] : [];
  const stopped = [...dryRuns, ask(bench, callOf(bench, {}).arguments)];
  const killed = stopped.map(() => ({ tool, outcome: 'denied' as const, code: 'KILLED' as const }));
  const { decisions = [], outcomes = [] } = play.expect;
  return made(bench, 'kill-switch', `is denied as KILLED while ${scope} is on`, {
    given: { ...play.given, switches: [scope] },
    steps: [...stopped, { rearm: scope }, ...play.steps],
    expect: {
      ...play.expect,
      decisions: [...killed, ...decisions],
      outcomes: [...killed.map(({ code }) => ({ tool, ends: 'denied' as const, code })), ...outcomes],
    },
  });
}

function notStopped(bench: Bench, role: string): FoundCase {
  const play = whenAsked(bench, { role });
  const says = `${tell(bench, readingOf(bench, { role }))} while a switch of another tenant is on`;
  return made(bench, 'kill-switch', says, { ...play, given: { ...play.given, switches: ['kill/tenant/other'] } });
}
