import { idempotencyKeyOf } from '@countersign/contracts';
import type { World } from '../world.js';
import { ask, type Answer, type Caller } from './callers.js';
import { ID_KINDS, TENANTS, type IdKind, type Records, type Tenant } from './records.js';
import type { Tally } from './tally.js';

/** A tool as GET /v1/tools tells it. */
export interface ToolView {
  workflow: string;
  name: string;
  effect: string;
  permissions: { roles: string[]; approvals?: Record<string, { roles: string[] }>; restricted?: string[] };
  input: { properties: Record<string, unknown>; required?: string[] };
}

interface Cell {
  tool: ToolView;
  kind: IdKind;
  caller: Caller;
  args: Record<string, unknown>;
  /** The id in the arguments. */
  id: string;
}

/** How an action ended, and everything its caller was told on the way. */
interface Outcome {
  actionId: string;
  state: string;
  outcome: string | undefined;
  code: string | undefined;
  waits: boolean;
  told: string;
}

const AT_A_TIME = 16;
const MOST_MS = 60_000;

/** Every tool for every caller and every kind of id. */
export class ToolCells {
  /** Keys of what was permitted and committed: nothing else may be in the ledger. */
  readonly committed = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly records: Records,
    private readonly workflowRoles: Map<string, string[]>,
    private readonly tally: Tally,
    private readonly people: Caller[],
    /** Tools that a budget names: somebody permitted may have used theirs up. */
    private readonly budgeted: ReadonlySet<string>,
  ) {}

  async all(tools: ToolView[]): Promise<void> {
    const cells = tools.flatMap((tool) => this.people.flatMap((caller) => this.cellsOf(tool, caller)));
    const outcomes = new Map<Cell, Outcome>();
    const queue = [...cells];
    const worker = async () => {
      for (let cell = queue.shift(); cell; cell = queue.shift()) outcomes.set(cell, await this.play(cell));
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    for (const cell of cells) this.judge(cell, outcomes);
  }

  private cellsOf(tool: ToolView, caller: Caller): Cell[] {
    const tenant = (caller.person?.tenant ?? 'acme') as Tenant;
    const as = caller.person ? caller.name : 'alice';
    const argument = Object.keys(tool.input.properties).find((name) => /Id$|^sub$|^member/.test(name));
    if (!argument) throw new Error(`${tool.name} takes no id: tell the matrix how to call it`);
    return ID_KINDS.flatMap((kind) => {
      const id = this.records.idFor(argument, kind, tenant, as);
      return id === undefined ? [] : [{ tool, kind, caller, id, args: argumentsOf(tool, argument, id) }];
    });
  }

  private async play({ tool, caller, args }: Cell): Promise<Outcome> {
    const session = `matrix-${tool.name}-${caller.name.replaceAll(' ', '-')}`;
    const body = { workflow: tool.workflow, session, tool: tool.name, arguments: args };
    const taken = await ask(this.world, caller, 'POST', '/v1/actions', body);
    const { actionId = '', intentId = '' } = taken.body as { actionId?: string; intentId?: string };
    if (taken.status !== 202)
      return {
        actionId,
        state: `answered ${taken.status}`,
        outcome: undefined,
        code: String(taken.body['code']),
        waits: false,
        told: taken.text,
      };
    const { seen: ended, waits } = await this.ended({ tool, caller }, actionId, intentId);
    const seen = await Promise.all(
      [`/v1/intents/${intentId}?wait=${waits ? 0 : 10}`, `/v1/traces/${intentId}`].map((path) =>
        ask(this.world, caller, 'GET', path),
      ),
    );
    const { state, outcome, code } = ended.body as { state: string; outcome?: string; code?: string };
    const told = [taken, ended, ...seen].map(({ text }) => text).join('\n');
    return { actionId, state, outcome, code, waits, told };
  }

  /** The end of an action. Somebody who may, and is not the caller, says yes to what waits for a person. */
  private async ended(
    of: Pick<Cell, 'tool' | 'caller'>,
    actionId: string,
    intentId: string,
  ): Promise<{ seen: Answer; waits: boolean }> {
    const look = (wait: number) => ask(this.world, of.caller, 'GET', `/v1/actions/${actionId}?wait=${wait}`);
    const decider = this.deciderOf(of);
    const began = performance.now();
    for (;;) {
      const seen = await look(1);
      const { state } = seen.body as { state: string };
      if (state === 'ended' || state === 'refused' || performance.now() - began > MOST_MS)
        return { seen, waits: false };
      if (state !== 'waiting') continue;
      if (!decider) return { seen, waits: true };
      const person = await this.world.person(decider);
      const item = await person.approvalOf(intentId);
      if (item) await person.decide(item, 'approve', 'the matrix says yes');
      return { seen: await look(30), waits: false };
    }
  }

  /** By the permission map: somebody else of the tenant with a role that may approve. */
  private deciderOf({ tool, caller }: Pick<Cell, 'tool' | 'caller'>): string | undefined {
    const roles = Object.values(tool.permissions.approvals ?? {}).flatMap((need) => need.roles);
    return this.people.find(
      ({ name, person }) =>
        name !== caller.name &&
        person?.tenant === caller.person?.tenant &&
        roles.some((role) => person?.roles.includes(role)),
    )?.name;
  }

  private may({ tool, kind, caller }: Cell): boolean {
    const has = (roles: string[]) => roles.some((role) => caller.person?.roles.includes(role));
    if (!caller.person || !has(this.workflowRoles.get(tool.workflow) ?? []) || !has(tool.permissions.roles))
      return false;
    return kind === 'own' || (kind === 'restricted' && has(tool.permissions.restricted ?? []));
  }

  private judge(cell: Cell, outcomes: Map<Cell, Outcome>): void {
    const { tool, kind, caller } = cell;
    const outcome = outcomes.get(cell)!;
    const may = this.may(cell);
    const isOver = outcome.code === 'RATE_LIMITED' && this.budgeted.has(tool.name);
    const flaws = isOver ? [] : may ? this.succeeded(cell, outcome) : refusedFlaws(cell, outcome);
    this.tally.count(tool.name, `${kind} id for ${caller.name}`, may, {
      leaks: this.leaks(cell, outcome, outcomes),
      flaws,
    });
  }

  private succeeded({ tool, caller }: Cell, { actionId, state, outcome, code, waits }: Outcome): string[] {
    const done = tool.effect === 'read' ? 'read' : 'committed';
    if (outcome === done && done === 'committed')
      this.committed.add(idempotencyKeyOf(caller.person!.tenant, actionId, 0));
    // Nobody in the tenant but the caller could approve it: it waits, as it should.
    if (outcome === done || (waits && state === 'waiting')) return [];
    return [`permitted, and ended ${state} ${outcome} ${code}`];
  }

  private leaks(cell: Cell, outcome: Outcome, outcomes: Map<Cell, Outcome>): string[] {
    const tenant = cell.caller.person?.tenant;
    const hidden = TENANTS.filter((name) => name !== tenant || !this.may(cell)).flatMap(
      (name) => this.records.markers[name],
    );
    const found = hidden.filter((marker) => outcome.told.includes(marker)).map((marker) => `${marker} was told`);
    if (cell.kind !== 'other tenant’s') return found;
    const twin = [...outcomes].find(
      ([{ tool, kind, caller }]) => tool === cell.tool && caller === cell.caller && kind === 'absent',
    );
    const [given, absent] = [shape(cell, outcome), twin ? shape(twin[0], twin[1]) : ''];
    return given === absent ? found : [...found, `told ${given}, and of an absent one ${absent}`];
  }
}

/** What a caller learns of an action, but for what it brought itself. */
function shape({ id }: Cell, { state, outcome, code, told }: Outcome): string {
  const said = /"reply":"((?:[^"\\]|\\.)*)"/.exec(told)?.[1]?.replaceAll(id, '<id>') ?? '';
  return [state, outcome, code, said].join(' ');
}

function refusedFlaws({ kind, caller }: Cell, { state, outcome, code }: Outcome): string[] {
  const ended = `${state} ${outcome} ${code}`;
  if (!caller.person) return state === 'answered 401' ? [] : [`nobody vouches for the caller, and it ended ${ended}`];
  if (outcome === 'committed' || outcome === 'read' || outcome === 'previewed')
    return [`not permitted, and ended ${ended}`];
  if (!code) return [`refused without a code: ${ended}`];
  const due = { own: ['PERMISSION_DENIED'], restricted: ['PERMISSION_DENIED', 'RECORD_RESTRICTED'] }[kind as string];
  return !due || due.includes(code) ? [] : [`refused ${code}, not ${due.join(' or ')}`];
}

/** Arguments as the tool's own schema asks for them, small enough for every rule. */
function argumentsOf({ name, input }: ToolView, argument: string, id: string): Record<string, unknown> {
  const required = input.required ?? Object.keys(input.properties);
  const others = required
    .filter((property) => property !== argument)
    .map((property) => {
      const value = VALUES[property];
      if (value === undefined) throw new Error(`${name} asks for ${property}: tell the matrix what to say`);
      return [property, value] as const;
    });
  return { [argument]: id, ...Object.fromEntries(others) };
}

const VALUES: Record<string, unknown> = {
  amount: '1.00',
  currency: 'EUR',
  reason: 'the matrix asks',
  subject: 'a question',
  body: 'Please look at it.',
  text: 'Please look at it.',
  role: 'support-lead',
  roles: ['support-lead'],
};
