import type { FoundCase } from '../../find-cases.js';
import {
  ACTOR,
  agreed,
  approversOf,
  ask,
  callersOf,
  callOf,
  made,
  readingOf,
  tell,
  whenAsked,
  type Asked,
  type Bench,
  type Play,
} from '../bench.js';
import { AMOUNT } from '../fill.js';
import { rolesNamed } from './roles.js';
import { oneOver } from './limits.js';

/** The values that the map asks people about, just inside and just outside; and who may answer. */
export const approvalCases = (bench: Bench): FoundCase[] => [...thresholdCases(bench), ...answerCases(bench)];

interface Threshold {
  says: string;
  asked: Asked;
}

function thresholdCases(bench: Bench): FoundCase[] {
  return thresholdsOf(bench).map(({ says, asked }) =>
    made(bench, 'approval', `${says} ${tell(bench, readingOf(bench, asked))}`, whenAsked(bench, asked)),
  );
}

function thresholdsOf(bench: Bench): Threshold[] {
  const { sample, tool } = bench;
  const [role = ''] = callersOf(bench);
  return Object.entries(tool.permissions.approvals ?? {}).flatMap(([parameter, { over, oneOf = [] }]) => {
    const standing = sample.arguments[parameter];
    const withValue = (value: string): Asked => {
      if (standing === AMOUNT) return { role, values: { amount: value } };
      return { role, arguments: { [parameter]: typeof standing === 'number' ? Number(value) : value } };
    };
    const values = over === undefined ? oneOf : [over, oneOver(over, sample.amount ?? over)];
    return values
      .map((value) => ({ says: `with ${value} for ${parameter}`, asked: withValue(value) }))
      .filter(({ asked }) => tool.input.safeParse(callOf(bench, asked).arguments).success);
  });
}

/** Of a call that people are asked about: not by oneself, not without the role, not from elsewhere, not by too few, and no is no. */
function answerCases(bench: Bench): FoundCase[] {
  const [role = ''] = callersOf(bench);
  const asked = [{ role }, ...thresholdsOf(bench).map((each) => each.asked)].find(
    (each) => readingOf(bench, each).tag === 'escalated',
  );
  return asked ? [...notBy(bench, asked), ...tooFew(bench, asked), ...rejected(bench, asked)] : [];
}

type Escalated = Extract<ReturnType<typeof readingOf>, { tag: 'escalated' }>;
const escalationOf = (bench: Bench, asked: Asked) => readingOf(bench, asked) as Escalated;

/** Those who may not say yes, and what their yes comes to. */
function notBy(bench: Bench, asked: Asked): FoundCase[] {
  const { roles } = escalationOf(bench, asked);
  const [first = ''] = roles;
  const strangers = rolesNamed(bench.workflow).filter((role) => !roles.includes(role));
  const oneself = callersOf(bench).find((role) => roles.includes(role));
  return [
    ...strangers.map((role) =>
      unanswered(bench, asked, `is not approved by ${role}`, { by: { roles: [role] }, code: 'PERMISSION_DENIED' }),
    ),
    unanswered(bench, asked, `is not approved by ${first} of another tenant`, {
      by: { roles: [first], tenant: 'other' },
      code: 'NOT_FOUND',
    }),
    ...(oneself === undefined
      ? []
      : [
          unanswered(bench, { ...asked, role: oneself }, 'is not approved by whoever asked for it', {
            code: 'SELF_APPROVAL',
          }),
        ]),
  ];
}

interface Answer {
  /** Whoever asked if absent. */
  by?: { roles: string[]; tenant?: 'other' };
  code: 'PERMISSION_DENIED' | 'NOT_FOUND' | 'SELF_APPROVAL';
}

function unanswered(bench: Bench, asked: Asked, says: string, { by, code }: Answer): FoundCase {
  const other = 'somebody';
  const play = waiting(bench, asked);
  const people = { ...play.given.people, ...(by ? { [other]: by } : {}) };
  const approve = { by: by ? other : ACTOR, tool: bench.tool.name, refused: code };
  return made(bench, 'approval', says, {
    ...{ given: { ...play.given, people }, expect: play.expect },
    steps: [...play.steps, { approve }],
  });
}

/** Asked for, and nobody said a word. */
function waiting(bench: Bench, asked: Asked): Play {
  const { name: tool } = bench.tool;
  const call = callOf(bench, asked);
  const { roles, approvals } = escalationOf(bench, asked);
  return {
    given: { people: { [ACTOR]: { roles: [asked.role] } }, records: call.records },
    steps: [ask(bench, call.arguments)],
    expect: {
      decisions: [{ tool, outcome: 'escalated', roles, approvals }],
      outcomes: [{ tool, ends: 'waiting' }],
      effects: [],
    },
  };
}

function tooFew(bench: Bench, asked: Asked): FoundCase[] {
  const reading = escalationOf(bench, asked);
  if (reading.approvals < 2) return [];
  const play = waiting(bench, asked);
  const people = { ...play.given.people, ...approversOf(reading) };
  return [
    made(bench, 'approval', `is not done with ${reading.approvals - 1} of ${reading.approvals} approvals`, {
      ...{ given: { ...play.given, people }, expect: play.expect },
      steps: [...play.steps, ...agreed(bench, reading).slice(1)],
    }),
  ];
}

function rejected(bench: Bench, asked: Asked): FoundCase[] {
  const { name: tool } = bench.tool;
  const reading = escalationOf(bench, asked);
  const play = waiting(bench, asked);
  const approvers = approversOf(reading);
  const [by = ''] = Object.keys(approvers);
  const code = 'APPROVAL_REJECTED';
  return [
    made(bench, 'approval', 'is not done when it is rejected', {
      given: { ...play.given, people: { ...play.given.people, ...approvers } },
      steps: [...play.steps, { reject: { by, tool } }],
      expect: {
        decisions: [...(play.expect.decisions ?? []), { tool, outcome: 'denied', code }],
        outcomes: [{ tool, ends: 'denied', code }],
        effects: [],
      },
    }),
  ];
}
