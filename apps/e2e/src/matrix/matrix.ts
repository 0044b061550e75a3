import type { Finding } from '../finding.js';
import type { World } from '../world.js';
import { ask, callersOf } from './callers.js';
import { Records } from './records.js';
import { routeCells } from './route-cells.js';
import { subjectsOf } from './subjects.js';
import { Tally } from './tally.js';
import { ToolCells, type ToolView } from './tool-cells.js';

/**
 * Every route and every tool, for every kind of id, both tenants and every role. What is permitted is said by data: the
 * permission maps of GET /v1/tools and the roles of openapi.json. A leak is another tenant's word, or that its record exists.
 */
export async function matrix(world: World, say: (text: string) => void): Promise<Finding> {
  const records = await Records.plant(world);
  const subjects = await subjectsOf(world, records);
  const callers = await callersOf(world);
  const alice = callers[0]!;
  const tools = (await ask(world, alice, 'GET', '/v1/tools')).body['data'] as ToolView[];
  const workflows = (await ask(world, alice, 'GET', '/v1/workflows')).body['data'] as {
    name: string;
    roles: string[];
    budgets: { tools: string[] | null }[];
  }[];
  const own = tools.filter(({ workflow }) => workflow === 'support-desk');
  const tally = new Tally();
  const booksFrom = (await world.helpdesk.ledger()).at(-1)?.seq ?? 0;
  const approvers = own.find(({ name }) => name === 'issue_refund')?.permissions.approvals?.['amount']?.roles ?? [];
  await routeCells({ world, records, subjects, approvers }, callers, tally);
  say(`${tally.total().cells} cells of routes`);
  const roles = new Map(workflows.map((workflow) => [workflow.name, workflow.roles] as const));
  const budgeted = new Set(workflows.flatMap(({ budgets }) => budgets.flatMap(({ tools }) => tools ?? [])));
  const cells = new ToolCells(world, records, roles, tally, callers, budgeted);
  // What deletes comes last: others still ask for what it takes away.
  const deletes = ({ name }: ToolView) => name.startsWith('delete_');
  await cells.all(own.filter((tool) => !deletes(tool)));
  await cells.all(own.filter(deletes));
  const effects = (await world.helpdesk.ledger()).filter(({ seq }) => seq > booksFrom);
  const beyond = effects.filter(({ idempotencyKey }) => !cells.committed.has(idempotencyKey));
  const flaws = [
    ...tally.flaws,
    ...beyond.map(({ kind, tenant, record }) => `nobody was permitted a ${kind} on ${tenant}'s ${record}`),
    ...(effects.length < cells.committed.size ? ['the ledger lacks effects of permitted cells'] : []),
  ];
  say(tally.table());
  const { cells: counted, permitted, refused, leaks } = tally.total();
  return { figures: { cells: counted, permitted, refused, leaks, effects: effects.length }, flaws };
}
