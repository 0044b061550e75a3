import type {
  GetV1MetricsSummaryResponses,
  GetV1ToolsResponses,
  GetV1WorkflowsResponses,
} from '../../api/generated/types.gen.js';
import type { Tone } from '../../ui/tag.js';

export type Workflow = GetV1WorkflowsResponses[200]['data'][number];
export type Tool = GetV1ToolsResponses[200]['data'][number];
export type Stage = Workflow['stage'];
type Summary = GetV1MetricsSummaryResponses[200];

export const STAGES = ['read-only', 'draft-only', 'scoped'] as const satisfies readonly Stage[];
export const STAGE_TONES: Record<Stage, Tone> = { 'read-only': 'plain', 'draft-only': 'info', scoped: 'good' };
export const STAGE_WORDS: Record<Stage, string> = {
  'read-only': 'Reads and previews; changes nothing.',
  'draft-only': 'Makes drafts that a person opens and uses; changes nothing itself.',
  scoped: 'Does what policy, and where it says so a person, approves.',
};

/** How its release stands, never green where the running version is not the released one. */
export function releaseOf({ release, fingerprint }: Pick<Workflow, 'release' | 'fingerprint'>): [Tone, string] {
  if (!release) return ['warn', 'not released: only reads'];
  if (release.current === fingerprint) return ['good', 'released'];
  return release.previous === fingerprint
    ? ['warn', 'runs the previous release']
    : ['bad', 'what runs is not what was released'];
}

/** What speaks for a promotion, and whether anything but a person holds to it. */
export interface Gate {
  title: string;
  holds: boolean | undefined;
  says: string;
  /** `enforced`: policy denies what is not so. `advice`: look at it; nothing stops you. */
  by: 'enforced' | 'advice';
}

/** What its signed run said; of a rollback there is none. */
export const casesOf = (release: Workflow['release']) =>
  release?.report.kind === 'release' ? release.report.cases : undefined;

const percent = (rate: number | null) => (rate === null ? 'no figures yet' : `${(rate * 100).toFixed(2)} %`);
/** What the field calls healthy enough to go on: docs/metrics.md says how each is counted. */
export const MOST_ERRORS = 0.02;
export const MOST_OVERRIDES = 0.1;

export function gatesOf(workflow: Pick<Workflow, 'release' | 'fingerprint'>, summary: Summary | undefined): Gate[] {
  const [tone, words] = releaseOf(workflow);
  const ended = summary?.tools.reduce((sum, tool) => sum + tool.ended, 0) ?? 0;
  const failed = summary?.tools.reduce((sum, tool) => sum + tool.failed, 0) ?? 0;
  const errors = summary && ended > 0 ? failed / ended : null;
  const overrides = summary?.approvals.overrideRate ?? null;
  const under = (rate: number | null, most: number) => (rate === null ? undefined : rate <= most);
  const isNewest = workflow.release?.current === workflow.fingerprint;
  const cases = isNewest ? casesOf(workflow.release) : undefined;
  return [
    {
      title: 'What runs is released',
      holds: workflow.release !== null && tone !== 'bad',
      says: words,
      by: 'enforced',
    },
    {
      title: 'Its cases passed',
      holds: cases ? cases.failed + cases.errors === 0 : undefined,
      says: cases
        ? `${cases.passed} passed, ${cases.failed} failed, ${cases.errors} errors, ${cases.skipped} skipped`
        : 'no signed run of what runs is shown here',
      by: 'enforced',
    },
    {
      title: 'No incident is overdue',
      holds: summary && summary.incidents.overdue === 0,
      says: summary
        ? `${summary.incidents.overdue} overdue, ${summary.incidents.open} open`
        : 'your roles do not see it',
      by: 'advice',
    },
    {
      title: `Tools fail in at most ${MOST_ERRORS * 100} % of cases`,
      holds: under(errors, MOST_ERRORS),
      says: percent(errors),
      by: 'advice',
    },
    {
      title: `People override at most ${MOST_OVERRIDES * 100} %`,
      holds: under(overrides, MOST_OVERRIDES),
      says: percent(overrides),
      by: 'advice',
    },
  ];
}

const EFFECTS: Record<Tool['effect'], string> = { read: 'reads', write: 'changes', egress: 'sends data out' };
export const effectOf = ({ effect, reversible }: Pick<Tool, 'effect' | 'reversible'>): string =>
  effect === 'read' ? EFFECTS.read : `${EFFECTS[effect]}, ${reversible ? 'can be undone' : 'cannot be undone'}`;

const CLASSES: Record<NonNullable<Tool['class']>, string> = {
  A: 'A: the target honours our key',
  B: 'B: written only where the version is as read',
  C: 'C: found again by reference',
  D: 'D: nothing to ask; a lost answer needs a person',
};
export const classOf = (effectClass: Tool['class']): string => (effectClass === null ? '—' : CLASSES[effectClass]);

/** Which values need a person, and who may say yes. */
export const needsOf = ({ permissions }: Pick<Tool, 'permissions'>): string[] =>
  Object.entries(permissions.approvals).map(
    ([argument, { when, roles, approvals = 1 }]) =>
      `${argument} ${when}: ${approvals === 1 ? 'one' : approvals} of ${roles.join(' or ')}`,
  );
