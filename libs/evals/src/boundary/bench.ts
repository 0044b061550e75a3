import type { JsonObject } from '@countersign/contracts';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Workflow } from '@countersign/workflow-kit';
import { evalCaseOf, type WrittenCase } from '../case-file.js';
import { type CaseTenant } from '../case-words.js';
import { caseIdOf, type FoundCase } from '../find-cases.js';
import { filled, merged, type Filled, type MadeRecord, type Values } from './fill.js';
import { readMap, type Reading } from './read-map.js';
import type { Sample } from './samples.js';

/** A tool, and what its suites are made from. */
export interface Bench {
  workflow: Workflow;
  tool: ToolContract;
  sample: Sample;
}

export type Steps = WrittenCase['steps'];
export type Expect = WrittenCase['expect'];
type People = NonNullable<NonNullable<WrittenCase['given']>['people']>;
type Given = Omit<NonNullable<WrittenCase['given']>, 'records'> & {
  people: People;
  records?: (MadeRecord & { tenant?: CaseTenant })[];
};

/** What is tried, and what becomes of it. */
export interface Play {
  given: Given;
  steps: Steps;
  expect: Expect;
}

/** Whoever asks; nobody else has this name. */
export const ACTOR = 'alice';

export const SUITES = [
  ...['role', 'tenant', 'restricted', 'limit', 'approval', 'dry-run', 'idempotency', 'arguments', 'stage'],
  ...['kill-switch', 'release'],
] as const;
export type Suite = (typeof SUITES)[number];

/** A case as it would be written: its title says what is tried of which tool. */
export function made(
  { workflow, tool }: Pick<Bench, 'workflow' | 'tool'>,
  suite: Suite,
  says: string,
  play: Play,
): FoundCase {
  const file = `boundary:${tool.name}`;
  const title = `${tool.name} ${says}`;
  const one = evalCaseOf({ title, tags: ['boundary', suite], ...play } as WrittenCase);
  return { ...one, id: caseIdOf({ file, title }), workflow: workflow.name, file, line: 0 };
}

export const changes = ({ tool }: Pick<Bench, 'tool'>): boolean => tool.effect !== 'read';

/** Who may call the tool, of those who may start the workflow; the first is who calls where it is all the same. */
export const callersOf = ({ workflow, tool }: Bench): string[] =>
  tool.permissions.roles.filter((role) => workflow.roles.includes(role));

export interface Asked {
  role: string;
  values?: Values;
  /** Over those of the sample. */
  arguments?: JsonObject;
  records?: MadeRecord[];
}

export const callOf = ({ sample }: Bench, { values, arguments: over }: Omit<Asked, 'role'>): Filled => {
  const call = filled(sample, values);
  return { ...call, arguments: { ...call.arguments, ...over } };
};

export const readingOf = (bench: Bench, asked: Asked): Reading =>
  readMap(bench.workflow, {
    ...{ tool: bench.tool, arguments: callOf(bench, asked).arguments, sub: ACTOR, role: asked.role },
    ...(bench.sample.preview ? { preview: bench.sample.preview } : {}),
  });

export const ask = ({ tool }: Pick<Bench, 'tool'>, args: JsonObject, more: object = {}) => ({
  action: { by: ACTOR, tool: tool.name, arguments: args, ...more },
});

/** What is asked for once, with people who agree where they are asked, and what the map lets become of it. */
export function whenAsked(bench: Bench, asked: Asked): Play {
  const { tool } = bench;
  const call = callOf(bench, asked);
  const reading = readingOf(bench, asked);
  const given = {
    people: { [ACTOR]: { roles: [asked.role] }, ...approversOf(reading) },
    records: asked.records ?? merged(call.records),
  };
  const steps: Steps = [ask(bench, call.arguments), ...agreed(bench, reading)];
  switch (reading.tag) {
    case 'refused':
      return { given, steps, expect: { refused: [{ code: reading.code }], decisions: [], effects: [] } };
    case 'denied': {
      const decisions = [{ tool: tool.name, outcome: 'denied' as const, code: reading.code }];
      const outcomes = [{ tool: tool.name, ends: 'denied' as const, code: reading.code }];
      return { given, steps, expect: { decisions, outcomes, effects: [] } };
    }
    case 'escalated':
    case 'granted':
      return { given, steps, expect: { decisions: decisionsOf(bench, reading), ...doneOnce(bench, call) } };
    default:
      return reading satisfies never;
  }
}

type Decisions = NonNullable<Expect['decisions']>;

/** On the way to what is granted in the end. */
export function decisionsOf({ tool: { name: tool } }: Bench, reading: Reading): Decisions {
  const approved = { tool, outcome: 'approved' as const };
  if (reading.tag !== 'escalated') return [approved];
  const { roles, approvals } = reading;
  return [{ tool, outcome: 'escalated', roles, approvals }, approved];
}

/** It is read, or committed and its effects are there, once. */
export function doneOnce(bench: Bench, call: Filled): Pick<Expect, 'outcomes' | 'effects'> {
  const { tool, workflow } = bench;
  if (!changes(bench)) return { outcomes: [{ tool: tool.name, ends: 'read' }], effects: [] };
  const isChecked = Object.hasOwn(workflow.done ?? {}, tool.name);
  return {
    outcomes: [{ tool: tool.name, ends: 'committed', ...(isChecked ? { done: true } : {}) }],
    effects: call.effects,
  };
}

const APPROVER = 'approver';

/** As many as are needed, each of another name. */
export function approversOf(reading: Reading, tenant: CaseTenant = 'own'): People {
  if (reading.tag !== 'escalated') return {};
  const { roles, approvals } = reading;
  const names = Array.from({ length: approvals }, (_, at) => `${APPROVER}-${at + 1}`);
  return Object.fromEntries(names.map((name) => [name, { roles: roles.slice(0, 1), tenant }]));
}

/** Where nobody is asked after all, that is what the case fails for. */
export const agreed = ({ tool }: Pick<Bench, 'tool'>, reading: Reading): Steps =>
  Object.keys(approversOf(reading)).map((by) => ({ approve: { by, tool: tool.name, if_open: true } }));

/** In words. */
export function tell(bench: Bench, reading: Reading): string {
  switch (reading.tag) {
    case 'refused':
      return 'is not taken at all';
    case 'denied':
      return `is denied as ${reading.code}${changes(bench) ? ', and nothing is done' : ''}`;
    case 'escalated': {
      const { roles, approvals } = reading;
      const people = approvals === 1 ? roles.join(' or ') : `${approvals} of ${roles.join(' or ')}`;
      return `waits for ${people}, and is done once they agree`;
    }
    case 'granted':
      return changes(bench) ? 'is done' : 'is answered';
    default:
      return reading satisfies never;
  }
}
