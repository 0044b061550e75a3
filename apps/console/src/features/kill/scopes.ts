import type { GetV1ControlResponses, GetV1ToolsResponses } from '../../api/generated/types.gen.js';

export type Switch = GetV1ControlResponses[200]['switches'][number];
export type Past = GetV1ControlResponses[200]['history'][number];
type Tool = Pick<GetV1ToolsResponses[200]['data'][number], 'name' | 'workflow' | 'effect'>;

/** A scope as one can trip it, with what stands below it. */
export interface Scope {
  scope: string;
  /** As people say it. */
  title: string;
  level: 1 | 2 | 3;
  /** Its own switch; undefined where it was never tripped. */
  own: Switch | undefined;
  /** Scopes above it that are on: it is stopped whatever its own says. */
  stoppedBy: string[];
}

/**
 * Everything that can be stopped, from the whole to a tool, in the order of a tree. A tenant's scope stands beside workflows: it stops
 * what is that tenant's, in all of them.
 */
export function scopesOf(switches: readonly Switch[], tools: readonly Tool[], tenant: string): Scope[] {
  const known = new Map(switches.map((each) => [each.scope, each]));
  const isOn = (scope: string) => known.get(scope)?.killed === true;
  const made = (scope: string, title: string, level: Scope['level'], above: string[]): Scope => ({
    ...{ scope, title, level },
    own: known.get(scope),
    stoppedBy: above.filter(isOn),
  });
  const all = 'kill/*';
  const tenants = [...new Set([tenant, ...namesOf(switches, 'kill/tenant/')])].sort();
  const workflows = [
    ...new Set([...tools.map(({ workflow }) => workflow), ...namesOf(switches, 'kill/workflow/')]),
  ].sort();
  const placed = new Set<string>();
  const ofWorkflows = workflows.flatMap((workflow) => {
    const scope = `kill/workflow/${workflow}`;
    const own = tools.filter((tool) => tool.workflow === workflow).sort(byWeight);
    for (const { name } of own) placed.add(name);
    return [
      made(scope, `Workflow ${workflow}`, 2, [all]),
      ...own.map(({ name, effect }) => made(`kill/tool/${name}`, toolTitle(name, effect), 3, [all, scope])),
    ];
  });
  const others = namesOf(switches, 'kill/tool/').filter((name) => !placed.has(name));
  return [
    made(all, 'Everything', 1, []),
    ...tenants.map((name) => made(`kill/tenant/${name}`, `Tenant ${name}`, 2, [all])),
    ...ofWorkflows,
    ...others.map((name) => made(`kill/tool/${name}`, `Tool ${words(name)}, not loaded`, 2, [all])),
  ];
}

const namesOf = (switches: readonly Switch[], prefix: string) =>
  switches.filter(({ scope }) => scope.startsWith(prefix)).map(({ scope }) => scope.slice(prefix.length));
const words = (name: string) => name.replaceAll('_', ' ');
const toolTitle = (name: string, effect: Tool['effect']) =>
  `Tool ${words(name)}${effect === 'read' ? ', which only reads' : ''}`;
/** What changes something stands before what only reads. */
const byWeight = (a: Tool, b: Tool) =>
  Number(a.effect === 'read') - Number(b.effect === 'read') || a.name.localeCompare(b.name);

/** How far a change has come. */
export function reached({ inForce, applied, tookMs }: Pick<Switch, 'inForce' | 'applied' | 'tookMs'>): string {
  const heard = `${applied.acknowledged} of ${applied.instances} instances`;
  if (!inForce) return `not in force yet; heard by ${heard}`;
  return tookMs === null ? `in force; heard by ${heard}` : `in force after ${tookMs} ms; heard by ${heard}`;
}

/** What a past change did, in words; of a refused one, what it was about. */
export function didWhat({ killed, stage, scope, refused }: Past): string {
  const [kind, , name = '', , tenant] = scope.split('/');
  const where = kind === 'stage' ? `${name}${tenant ? ` of ${tenant}` : ''}` : scopeName(scope);
  if (refused) return kind === 'stage' ? `the stage of ${where}` : where;
  return stage ? `set ${where} to ${stage}` : `${killed ? 'tripped' : 're-armed'} ${where}`;
}

/** A scope as one says it in a sentence. */
export function scopeName(scope: string): string {
  const [kind = '', name = ''] = pathScope(scope).split('/');
  return kind === '*' ? 'everything' : `the ${kind} ${words(name)}`;
}

/** The tools a scope stops, what changes something first; those that only read are judged as stopped too. */
export function toolsStopped(scope: string, tools: readonly Tool[]): string[] {
  const [kind = '', name = ''] = pathScope(scope).split('/');
  const isIn = (tool: Tool) =>
    kind === '*' || kind === 'tenant' || (kind === 'workflow' ? tool.workflow === name : tool.name === name);
  return [...tools]
    .filter(isIn)
    .sort(byWeight)
    .map((tool) => words(tool.name));
}

/** What the API knew of a change when it stopped waiting for it. */
export function knownOf(error: unknown): string | undefined {
  const { applied } = (typeof error === 'object' && error !== null ? error : {}) as { applied?: Switch['applied'] };
  return applied && `Heard by ${applied.acknowledged} of ${applied.instances} instances until then.`;
}

/** As it stands in the path of the API: without the kind in front. */
export const pathScope = (scope: string): string => scope.replace(/^kill\//, '');
