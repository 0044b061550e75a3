import type { z } from 'zod';
import { sourceFlaws, type Source } from '@countersign/context';
import { contractFlaws, fieldAt, type Tool, type ToolContract } from '@countersign/tool-sdk';
import { accessFlaws } from './access.js';
import type { Budget, Workflow, WorkflowLimits } from './workflow.js';

const AMOUNT = /^\d{1,15}(\.\d{1,4})?$/;
const CURRENCY = /^[A-Z]{3}$/;

/** All that makes a workflow unfit, its tools' contracts included. */
export function workflowFlaws(workflow: Workflow): string[] {
  const { name, tools, rules, roles, done = {}, sources = [], maxReplans = 0, limits, budgets = [] } = workflow;
  const known = new Map(tools.map((tool) => [tool.name, tool]));
  const flaws: string[] = [];
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) flaws.push('its name must be kebab-case');
  flaws.push(...twice(tools.map((tool) => `the tool ${tool.name}`)));
  for (const tool of tools)
    flaws.push(...contractFlaws(tool).map((flaw) => `the tool ${tool.name} is not fit: ${flaw}`));
  for (const rule of rules) {
    const unknown = rule.tools?.filter((tool) => !known.has(tool)) ?? [];
    if (unknown.length > 0) flaws.push(`the rule ${rule.name} names unknown tools: ${unknown.join(', ')}`);
  }
  if (rules.length === 0) flaws.push('it has no rule, so everything would be denied');
  if (roles.length === 0) flaws.push('no role may start it');
  flaws.push(...twice(rules.map((rule) => `the rule ${rule.name}`)));
  flaws.push(...doneFlaws(done, known), ...limitFlaws(limits));
  flaws.push(...twice(budgets.map((budget) => `the budget ${budget.name}`)));
  for (const budget of budgets)
    flaws.push(...budgetFlaws(budget, known).map((flaw) => `the budget ${budget.name} ${flaw}`));
  flaws.push(...twice(sources.map((source) => `the source ${source.name}`)));
  flaws.push(...twice(sources.map(({ tool, record }) => `a source of ${record} by ${tool}`)));
  for (const source of sources) {
    flaws.push(...sourceFlaws(source).map((flaw) => `the source ${source.name}: ${flaw}`));
    flaws.push(...bindingFlaws(source, known).map((flaw) => `the source ${source.name} ${flaw}`));
  }
  flaws.push(...accessFlaws(workflow.access ?? {}, known));
  if (workflow.agent !== undefined && workflow.agent !== 'outside') flaws.push('its agent is outside, or not named');
  const by: string | undefined = (workflow.approval as Workflow['approval'] | undefined)?.roles;
  if (by !== undefined && by !== 'token') flaws.push('its approvals take roles from token, or name nothing');
  if (!Number.isInteger(maxReplans) || maxReplans < 0) flaws.push('maxReplans must be a whole number');
  return flaws;
}

/** What the implementations of its tools lack. `done` is said in the workflow and checked in the tool: neither stands alone. */
export function toolsetFlaws({ done = {} }: Workflow, tools: ReadonlyMap<string, Tool>): string[] {
  return [...tools].flatMap(([name, tool]) => {
    const isStated = Object.hasOwn(done, name);
    if (isStated && !tool.done) return [`the workflow says when ${name} is done, and the tool has no done to check it`];
    if (!isStated && tool.done) return [`${name} checks whether it is done, and the workflow's done does not say when`];
    return [];
  });
}

function twice(things: string[]): string[] {
  return [...new Set(things.filter((thing, at) => things.indexOf(thing) !== at))].map(
    (thing) => `${thing} stands twice`,
  );
}

type Known = ReadonlyMap<string, ToolContract>;

function doneFlaws(done: Readonly<Record<string, string>>, known: Known): string[] {
  return Object.entries(done).flatMap(([name, statement]) => {
    const tool = known.get(name);
    if (!tool) return [`done names the unknown tool ${name}`];
    if (tool.effect === 'read') return [`done names ${name}, which only reads`];
    return statement.trim() === '' ? [`done of ${name} says nothing`] : [];
  });
}

/** What a source names that its workflow's tools do not have. */
function bindingFlaws({ tool: name, argument, fields, steps = [] }: Source, known: Known): string[] {
  const unknown = steps.flatMap(({ tools }) => tools).filter((step) => !known.has(step));
  const flaws = unknown.length > 0 ? [`has a step for unknown tools: ${unknown.join(', ')}`] : [];
  const tool = known.get(name);
  if (!tool) return [...flaws, `names the unknown tool ${name}`];
  if (tool.effect !== 'read') flaws.push(`needs a read tool, and ${name} is none`);
  if (!Object.hasOwn(tool.input.shape, argument)) flaws.push(`names ${argument}, which is no input of ${name}`);
  const needed = requiredOf(tool).filter((input) => input !== argument);
  if (needed.length > 0) flaws.push(`cannot be read again by ${argument} alone: ${name} needs ${needed.join(', ')}`);
  const absent = Object.keys(fields).filter((field) => !fieldAt(tool.output, field));
  if (absent.length > 0) flaws.push(`shows what ${name} does not give: ${absent.join(', ')}`);
  return flaws;
}

function requiredOf({ input }: ToolContract): string[] {
  const fields = Object.entries<z.ZodType>(input.shape);
  return fields.filter(([, field]) => !field.safeParse(undefined).success).map(([name]) => name);
}

function limitFlaws(limits: WorkflowLimits): string[] {
  const { amountPerAction, recordsPerAction, amountPerSession = {}, recordsPerSession } = limits;
  return [
    ...amountFlaws('the limit amountPerAction', amountPerAction),
    ...amountFlaws('the limit amountPerSession', amountPerSession),
    ...countFlaws('the limit recordsPerAction', recordsPerAction),
    ...(recordsPerSession === undefined ? [] : countFlaws('the limit recordsPerSession', recordsPerSession)),
  ];
}

/** A budget that limits nothing, or counts what is not there, was meant otherwise. */
function budgetFlaws({ name, per, tools, actionsPerDay, recordsPerDay, amountPerDay }: Budget, known: Known): string[] {
  const flaws = /^[a-z][a-z0-9-]{0,63}$/.test(name) ? [] : ['needs a kebab-case name'];
  if (!['user', 'tenant', 'tool'].includes(per)) flaws.push(`is per ${String(per)}: user, tenant or tool`);
  const unknown = tools?.filter((tool) => !known.has(tool)) ?? [];
  if (unknown.length > 0) flaws.push(`names unknown tools: ${unknown.join(', ')}`);
  if (tools?.length === 0) flaws.push('names no tool: leave tools out to count all that change state');
  if (actionsPerDay === undefined && recordsPerDay === undefined && amountPerDay === undefined)
    flaws.push('limits nothing');
  if (actionsPerDay !== undefined) flaws.push(...countFlaws('has actionsPerDay', actionsPerDay));
  if (recordsPerDay !== undefined) flaws.push(...countFlaws('has recordsPerDay', recordsPerDay));
  return [...flaws, ...amountFlaws('has amountPerDay', amountPerDay ?? {})];
}

const amountFlaws = (what: string, perCurrency: Readonly<Record<string, string>>): string[] =>
  Object.entries(perCurrency)
    .filter(([currency, amount]) => !CURRENCY.test(currency) || !AMOUNT.test(amount))
    .map(([currency, amount]) => `${what} of ${amount} ${currency}, which is no decimal of a currency`);

const countFlaws = (what: string, count: number): string[] =>
  Number.isInteger(count) && count >= 0 ? [] : [`${what} of ${count}, which is no count`];
