/*
 * One case in the world of its run. What it guarantees:
 * 1. Its tenants are fresh and its own: nothing of another case is seen, and nobody else is seen by this one.
 * 2. A step is over when what it caused has ended or waits for a person. What does not come to that in time, or cannot be done as it
 *    is written, is an error of the case: it is judged by nobody.
 * 3. What is not taken because the product refuses it is seen as refused: judging it is no matter of the runner's.
 */
import { randomBytes } from 'node:crypto';
import { intentIdOf, type Code, type JsonObject, type OutRecord, type Person } from '@countersign/contracts';
import {
  CASE_TENANTS,
  type CaseTenant,
  type FoundCase,
  type ModelMode,
  type Observed,
  type SimpleStep,
  type Step,
} from '@countersign/evals';
import type { Workflow } from '@countersign/workflow-kit';
import type { CaseWorld, Said, TokenOf } from './case-world.js';
import type { ModelServer } from './model-server.js';
import { observe } from './observe.js';
import { openItems, type OpenItem } from './open-items.js';
import type { SystemOfRecord } from './system-of-record.js';

/** What a case runs in. */
export interface Stage {
  world: CaseWorld;
  workflow: Workflow;
  /** Those its tools name. */
  systems: readonly SystemOfRecord[];
  tokenOf: TokenOf;
  mode: ModelMode;
  model: ModelServer;
}

type Asked = Extract<SimpleStep, { intent: unknown } | { action: unknown }>;
type Decision = Extract<SimpleStep, { approve: unknown } | { reject: unknown } | { edit: unknown }>;

const changesIn = (steps: readonly Step[]) =>
  steps
    .flatMap((step) => ('together' in step ? step.together : [step]))
    .flatMap((step) => ('change' in step ? [step.change] : []));

type SaidOf<D> = D extends { approve: infer S } | { reject: infer S } | { edit: infer S } ? S : never;

function saidIn(step: Decision): [Said['decision'], SaidOf<Decision>] {
  if ('approve' in step) return ['approve', step.approve];
  return 'reject' in step ? ['reject', step.reject] : ['edit', step.edit];
}

const SOURCE = '/evals';

export class CaseRun {
  private readonly name = `eval-${randomBytes(6).toString('hex')}`;
  private readonly tenants: Record<CaseTenant, string> = { own: this.name, other: `${this.name}-other` };
  /** Those in which there is anything: of the other one many cases have nothing. */
  private readonly peopled: readonly CaseTenant[];
  private readonly records: OutRecord[] = [];
  private readonly published: (OutRecord | undefined)[] = [];
  private readonly intents: string[] = [];
  private readonly refusedSteps: Observed['refusedSteps'] = [];
  /** Switches of no tenant of its own that are on. */
  private readonly tripped = new Set<string>();

  constructor(
    private readonly one: FoundCase,
    private readonly stage: Stage,
  ) {
    const { people, records } = one.given;
    const named = new Set([...Object.values(people), ...records, ...changesIn(one.steps)].map(({ tenant }) => tenant));
    this.peopled = CASE_TENANTS.filter((tenant) => tenant === 'own' || named.has(tenant));
  }

  async run(): Promise<Observed> {
    const { world, model } = this.stage;
    const before = world.flaws.length;
    const tenants = Object.values(this.tenants);
    const { refusedSteps } = this;
    const flaws = () => [...this.modelFlaws(), ...world.flaws.slice(before)];
    world.enter(tenants, (record) => void this.records.push(record));
    try {
      await this.prepare();
      for (const [at, step] of this.one.steps.entries()) await this.perform(step, at + 1);
      await this.putBack();
      return { ...(await this.seen()), refusedSteps, errors: flaws() };
    } catch (error) {
      await this.putBack();
      return { ...observe(this.records), effects: [], reads: [], refusedSteps, errors: [messageOf(error), ...flaws()] };
    } finally {
      world.leave(tenants);
      for (const intent of this.intents) model.forget(intent);
    }
  }

  private async prepare(): Promise<void> {
    const { world, systems, workflow } = this.stage;
    const { people, records, stage, switches, released } = this.one.given;
    const fixtures = (tenant: CaseTenant) => ({
      people: Object.fromEntries(
        Object.keys(people).flatMap((sub) =>
          people[sub]!.tenant === tenant ? [[sub, { roles: this.person(sub).roles }]] : [],
        ),
      ),
      records: records
        .filter((record) => record.tenant === tenant)
        .map(({ type, id, fields }) => ({ type, id, fields: fields as JsonObject })),
    });
    await Promise.all(
      systems.flatMap((system) => this.peopled.map((tenant) => system.prepare(this.tenants[tenant], fixtures(tenant)))),
    );
    if (!released) await world.withdraw(workflow.name);
    if (stage !== 'scoped') await this.setStage(stage);
    for (const scope of switches) await this.kill(scope, true);
  }

  /** What other cases would feel. */
  private async putBack(): Promise<void> {
    const { world, workflow } = this.stage;
    for (const scope of this.tripped) await world.control(scope, { killed: false });
    this.tripped.clear();
    if (!this.one.given.released) await world.release(workflow.name);
  }

  private async perform(step: Step, at: number): Promise<void> {
    if ('together' in step)
      await Promise.all(step.together.map((each, within) => this.performOne(each, at, `${at}.${within + 1}`)));
    else await this.performOne(step, at, String(at));
    await this.stage.world.settled(Object.values(this.tenants)).catch((error: Error) => {
      throw new Error(`step ${at} has not ended: ${error.message}`);
    });
  }

  private async performOne(step: SimpleStep, at: number, name: string): Promise<void> {
    const { world, systems } = this.stage;
    if ('intent' in step || 'action' in step) return this.ask(step, at, name);
    if ('approve' in step || 'reject' in step || 'edit' in step) return this.decide(step, name);
    if ('change' in step) {
      const { tenant, type, id, fields } = step.change;
      for (const system of systems) await system.change(this.tenants[tenant], type, id, fields as JsonObject);
      return;
    }
    if ('kill' in step) return this.kill(step.kill, true);
    if ('rearm' in step) return this.kill(step.rearm, false);
    if ('stage' in step) return this.setStage(step.stage);
    return world.publish(this.published[step.repeat]!);
  }

  /** As a product service publishes it. */
  private async ask(step: Asked, at: number, name: string): Promise<void> {
    const said = 'intent' in step ? step.intent : step.action;
    const { by, session, ...data } = said;
    const person = this.person(by);
    const { mode, model, tokenOf, world } = this.stage;
    const id = `${this.name}-${name}`;
    const intentId = intentIdOf(person.tenant, SOURCE, id);
    this.intents.push(intentId);
    if (mode === 'recorded' && 'intent' in step) model.record(intentId, step.model ?? []);
    const type = `countersign.${'intent' in step ? 'intent' : 'action'}.requested.v1`;
    const record: OutRecord = {
      ...{ topic: 'intents', key: `${person.tenant}/${session}` },
      value: JSON.stringify({ workflow: this.one.workflow, session, ...data }),
      headers: {
        ...{ ce_specversion: '1.0', ce_id: id, ce_source: SOURCE, ce_type: type, ce_tenantid: person.tenant },
        ...{ ce_session: session, authorization: `Bearer ${await tokenOf(person)}` },
      },
    };
    this.published[at] = record;
    await world.publish(record);
  }

  private async decide(step: Decision, name: string): Promise<void> {
    const [decision, said] = saidIn(step);
    const item = this.itemFor(decision, said, name);
    if (!item) return;
    const given = 'arguments' in said ? { arguments: said.arguments as JsonObject } : {};
    const word: Said = { decision, reason: said.reason, ...given };
    const answered = await this.stage.world.answer(this.person(said.by), item, word);
    if (!answered.ok) this.refusedSteps.push({ step: name, code: answered.code as Code, detail: answered.detail });
  }

  /** The one that is open and fits what is said of it. */
  private itemFor(decision: string, said: SaidOf<Decision>, name: string): OpenItem | undefined {
    const open = openItems(this.records);
    const fitting = open.filter(
      ({ tool, askedBy }) => tool === (said.tool ?? tool) && askedBy === (said.asked_by ?? askedBy),
    );
    if (fitting.length === 1 || (fitting.length === 0 && said.if_open)) return fitting[0];
    const found = fitting.length === 0 ? 'nothing of it waits for people' : 'more than one of it waits for people';
    const tools = open.length > 0 ? `open: ${open.map(({ tool }) => tool).join(', ')}` : 'nothing is open';
    throw new Error(
      `step ${name}: ${said.by} cannot ${decision}${said.tool ? ` ${said.tool}` : ''}, for ${found}; ${tools}`,
    );
  }

  private async kill(scope: string, killed: boolean): Promise<void> {
    const own = scope.replace(
      /^kill\/tenant\/(own|other)$/,
      (_, tenant: CaseTenant) => `kill/tenant/${this.tenants[tenant]}`,
    );
    if (own === scope) this.tripped[killed ? 'add' : 'delete'](scope);
    await this.stage.world.control(own, { killed });
  }

  private async setStage(stage: string): Promise<void> {
    for (const tenant of Object.values(this.tenants))
      await this.stage.world.control(`stage/workflow/${this.one.workflow}/tenant/${tenant}`, { stage });
  }

  private person(sub: string): Person {
    const { roles, tenant } = this.one.given.people[sub]!;
    return { sub, tenant: this.tenants[tenant], roles: [...(roles ?? this.stage.workflow.roles.slice(0, 1))] };
  }

  private async seen(): Promise<Omit<Observed, 'refusedSteps' | 'errors'>> {
    const looked = this.stage.systems.flatMap((system) =>
      this.peopled.map(async (tenant) => {
        const [ledger, access] = await Promise.all([
          system.ledger(this.tenants[tenant]),
          system.accessLog(this.tenants[tenant]),
        ]);
        const effects = ledger.map(({ kind, record, amount, currency }) => ({
          ...{ tenant, kind, record, ...(amount ? { amount } : {}), ...(currency ? { currency } : {}) },
        }));
        const reads = access
          .filter(({ status = 500 }) => status < 300)
          .flatMap(({ records = [] }) => records.map(({ type, id }) => ({ tenant, record: `${type}/${id}` })));
        return { effects, reads };
      }),
    );
    const all = await Promise.all(looked);
    return {
      ...observe(this.records),
      effects: all.flatMap(({ effects }) => effects),
      reads: all.flatMap(({ reads }) => reads),
    };
  }

  private modelFlaws(): string[] {
    return this.intents.flatMap((intent) => this.stage.model.flawOf(intent) ?? []);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
