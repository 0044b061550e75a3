import type { Code, JsonObject, Person } from '@countersign/contracts';
import type { ToolContract } from '@countersign/tool-sdk';
import type { AccessMapping, LoadedWorkflow } from '@countersign/workflow-kit';
import type { Question } from './question.js';
import { subjectOf, type Subject, type Subjects } from './subjects.js';

/** The tool call a question is about. */
export interface Call {
  person: Person;
  loaded: LoadedWorkflow;
  contract: ToolContract;
  arguments: JsonObject;
  dryRun: boolean;
}

/** Why there is none: then the answer is no. */
export interface NoCall {
  code: Code;
  reason: string;
  nextStep?: string;
}

/** What questions are understood by. */
export interface Known {
  workflows: ReadonlyMap<string, LoadedWorkflow>;
  subjects: Subjects;
}

/** `workflow`: named for the whole request; a question's own `context.workflow` comes before it. */
export function callOf(question: Question, caller: Person, known: Known, workflow?: string): Call | NoCall {
  const subject = subjectOf(caller, question.subject, known.subjects);
  if (!subject) return NOBODY;
  const found = toolFor(question, known.workflows, workflow);
  if ('code' in found) return found;
  const { loaded, contract, mapping } = found;
  if (question.resource.type !== mapping.resource)
    return misfit(`${contract.name} is about a resource of the type ${mapping.resource}`);
  const dryRun = question.action.properties?.['dry_run'] === true;
  return { person: subject.person, loaded, contract, arguments: argumentsOf(mapping, question, subject), dryRun };
}

const misfit = (reason: string, nextStep?: string): NoCall => ({
  ...{ code: 'INVALID_ARGUMENTS', reason },
  ...(nextStep ? { nextStep } : {}),
});

const NOBODY: NoCall = {
  code: 'NOT_FOUND',
  reason: 'no such subject is known here',
  nextStep: 'Ask as that person, or have the person put into the directory of subjects.',
};

interface Found {
  loaded: LoadedWorkflow;
  contract: ToolContract;
  mapping: AccessMapping;
}

function toolFor(
  { action, context }: Question,
  workflows: Known['workflows'],
  forAll: string | undefined,
): Found | NoCall {
  const named = context?.['workflow'] ?? forAll;
  if (named !== undefined && typeof named !== 'string') return misfit('context.workflow is the name of a workflow');
  if (named !== undefined && !workflows.has(named))
    return { code: 'UNKNOWN_WORKFLOW', reason: 'no workflow of that name is loaded' };
  const among = named === undefined ? [...workflows.values()] : [workflows.get(named)!];
  const [found, another] = among.flatMap((loaded) => askable(loaded, action.name));
  if (!found) return { code: 'UNKNOWN_TOOL', reason: 'no loaded workflow can be asked about an action of that name' };
  if (!another) return found;
  const names = [found, another].map(({ loaded }) => loaded.workflow.name).join(' and ');
  return misfit(`${names} have an action of that name`, 'Name the workflow in context.workflow.');
}

function askable(loaded: LoadedWorkflow, name: string): Found[] {
  const { tools, access = {} } = loaded.workflow;
  const contract = tools.find((tool) => tool.name === name);
  const mapping = Object.hasOwn(access, name) ? access[name] : undefined;
  return contract && mapping ? [{ loaded, contract, mapping }] : [];
}

function argumentsOf({ arguments: places }: AccessMapping, question: Question, subject: Subject): JsonObject {
  const said = Object.entries(places).map(([input, place]) => [input, valueAt(place, question, subject)] as const);
  return Object.fromEntries(said.filter(([, value]) => value !== undefined)) as JsonObject;
}

/** An e-mail is the directory's word alone: what a caller says of a subject never says who the subject is. */
function valueAt(place: string, question: Question, { email }: Subject): unknown {
  if (place === 'subject.email') return email;
  return place.split('.').reduce<unknown>((at, name) => {
    if (typeof at !== 'object' || at === null) return undefined;
    return Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined;
  }, question);
}
