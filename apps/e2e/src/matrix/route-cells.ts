import { caseOf, runWith } from '../told-run.js';
import type { World } from '../world.js';
import { ask, type Answer, type Caller } from './callers.js';
import { TENANTS, type Records, type Tenant } from './records.js';
import { doubtFor, itemFor, type Subjects } from './subjects.js';
import type { Tally } from './tally.js';

/** A route as openapi.json tells it: who may call it, and who sees whose things. */
interface Operation {
  method: string;
  path: string;
  public: boolean;
  roles: string[] | undefined;
  sees: string[] | 'item' | undefined;
}

interface Around {
  world: World;
  records: Records;
  subjects: Record<Tenant, Subjects>;
  /** Roles the permission map lets approve what the items ask for. */
  approvers: string[];
}

const KINDS = ['acme', 'globex', 'absent', 'malformed'] as const;
type Kind = (typeof KINDS)[number];
const ABSENT = 'int_00000000000000000000000000000000';
const MALFORMED = "no-such'; -- \u{1F4A5}";

/** Every route for every caller and every kind of id. */
export async function routeCells(around: Around, callers: Caller[], tally: Tally): Promise<void> {
  const ending = ({ path }: Operation) => Number(path.endsWith('/decisions'));
  // What ends an item comes after what is only said of an open one.
  const operations = (await operationsOf(around.world)).sort((one, other) => ending(one) - ending(other));
  for (const operation of operations) {
    const cells = callers.map((caller) => new RouteCells(around, operation, caller, tally));
    await Promise.all(cells.map((each) => (operation.path.includes('{') ? each.withIds() : each.withoutId())));
  }
}

async function operationsOf(world: World): Promise<Operation[]> {
  const response = await fetch(`${world.system.urls.gateway}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, Record<string, unknown>>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      // A browser's own visits are tried by a browser.
      .filter(([, told]) => !told['x-browser'])
      .map(([method, told]) => ({
        method: method.toUpperCase(),
        path,
        public: Array.isArray(told['security']) && told['security'].length === 0,
        roles: told['x-roles'] as string[] | undefined,
        sees: told['x-sees'] as Operation['sees'],
      })),
  );
}

class RouteCells {
  private readonly row: string;

  constructor(
    private readonly around: Around,
    private readonly operation: Operation,
    private readonly caller: Caller,
    private readonly tally: Tally,
  ) {
    this.row = `${operation.method} ${operation.path}`;
  }

  async withoutId(): Promise<void> {
    const { operation, caller } = this;
    const answer = await this.ask(operation.path, bodyOf(operation, this.around, caller, 'absent'));
    const may = this.mayCall();
    const wrong = {
      leaks: this.markersIn(answer, caller.person?.tenant as Tenant | undefined),
      flaws: this.statusFlaws(answer, may),
    };
    this.tally.count(this.row, caller.name, may, wrong);
  }

  async withIds(): Promise<void> {
    const answers = new Map<Kind, { id: string; answer: Answer }>();
    for (const kind of KINDS) {
      const id = this.idOf(kind);
      const path = this.operation.path.replace(/\{\w+\}/, encodeURIComponent(id));
      answers.set(kind, { id, answer: await this.ask(path, bodyOf(this.operation, this.around, this.caller, kind)) });
    }
    const absent = answers.get('absent')!;
    for (const [kind, { id, answer }] of answers) {
      const may = this.maySee(kind);
      const isTenant = kind === 'acme' || kind === 'globex';
      const foreign = isTenant && kind !== this.caller.person?.tenant && this.isTenantsThing();
      const told = foreign ? differences({ id, answer }, absent) : [];
      const own = may ? (this.caller.person?.tenant as Tenant) : undefined;
      const flaws = this.statusFlaws(answer, may || !isTenant ? may : false, kind);
      this.tally.count(this.row, `${kind} for ${this.caller.name}`, may, {
        leaks: [...told, ...this.markersIn(answer, own)],
        flaws,
      });
    }
  }

  private ask(path: string, body: object | undefined): Promise<Answer> {
    const asked = path === '/mcp' ? `${path}?workflow=support-desk` : path;
    return ask(this.around.world, this.caller, this.operation.method, asked, body);
  }

  /**
   * What is parked, and what stops or bounds everybody, belongs to the operators, whatever tenant it concerns. A data subject is one of
   * the caller's own tenant, whatever it is called.
   */
  private isTenantsThing(): boolean {
    return !/^\/v1\/(parked|control|subjects)/.test(this.operation.path);
  }

  private mayCall(): boolean {
    const { operation, caller } = this;
    if (operation.public) return true;
    if (!caller.person) return false;
    return operation.roles?.some((role) => caller.person!.roles.includes(role)) ?? true;
  }

  private maySee(kind: Kind): boolean {
    const { operation, caller, around } = this;
    if (operation.path.startsWith('/v1/subjects')) return this.mayCall();
    if (!this.mayCall() || (kind !== 'acme' && kind !== 'globex')) return false;
    if (!this.isTenantsThing() || operation.sees === undefined) return true;
    if (caller.person?.tenant !== kind) return false;
    const { requester } = around.subjects[kind];
    const decides = operation.method === 'POST';
    if (caller.name === requester && !decides) return true;
    const seers = operation.sees === 'item' ? around.approvers : operation.sees;
    return seers.some((role) => caller.person!.roles.includes(role));
  }

  private idOf(kind: Kind): string {
    const { path } = this.operation;
    if (kind === 'malformed') return MALFORMED;
    if (path.startsWith('/v1/control/kill')) return kind === 'absent' ? 'tool/no_such_tool' : `tenant/${kind}`;
    if (path.startsWith('/v1/control/stage')) return kind === 'absent' ? 'no-such-desk' : 'support-desk';
    if (kind === 'absent') return path.startsWith('/v1/parked') ? 'policy:404404' : ABSENT;
    const subjects = this.around.subjects[kind];
    if (path.startsWith('/v1/approvals')) return itemFor(subjects, this.caller.name).approvalId;
    if (path.startsWith('/v1/parked')) return subjects.parked;
    if (path.startsWith('/v1/audit/proofs')) return subjects.event;
    if (path.startsWith('/v1/incidents')) return subjects.incident;
    if (path.startsWith('/v1/evals/runs')) return subjects.run;
    if (path.startsWith('/v1/in-doubt')) return doubtFor(subjects, this.caller.name);
    return path.startsWith('/v1/actions') ? subjects.action : subjects.intent;
  }

  /** A route that is not built says so to whoever may call it. */
  private statusFlaws({ status, body, text }: Answer, may: boolean, kind?: Kind): string[] {
    const built = body['code'] !== 'NOT_BUILT';
    const told = `${status} ${text.slice(0, 160)}`;
    if (status >= 500 && built) return [`it broke: ${told}`];
    // A method that is there to say that there is nothing: of MCP.
    if (may && status === 405 && this.operation.path === '/mcp' && this.operation.method !== 'POST') return [];
    if (may) return status < 300 || !built ? [] : [`permitted, and answered ${told}`];
    if (!this.caller.person && !this.operation.public)
      return status === 401 || !built ? [] : [`nobody vouches for the caller, and it was answered ${told}`];
    if (!built) return [];
    if (status < 400) return [`not permitted${kind ? ` (${kind})` : ''}, and answered ${told}`];
    return body['code'] && body['nextStep'] ? [] : [`refused without code and next step: ${told}`];
  }

  /** Words that stand in a tenant's things alone. */
  private markersIn({ text }: Answer, own: Tenant | undefined): string[] {
    const hidden = TENANTS.filter((tenant) => tenant !== own).flatMap((tenant) => this.around.records.markers[tenant]);
    return hidden
      .filter((marker) => text.includes(marker))
      .map((marker) => `${marker} stands in ${text.slice(0, 200)}`);
  }
}

/** What is another tenant's must be answered as what is not there. */
function differences(given: { id: string; answer: Answer }, absent: { id: string; answer: Answer }): string[] {
  const plain = ({ id, answer }: typeof given) => `${answer.status} ${answer.text.replaceAll(id, '<id>')}`;
  return plain(given) === plain(absent)
    ? []
    : [`answered ${plain(given).slice(0, 200)}, and of an absent one ${plain(absent).slice(0, 200)}`];
}

function bodyOf(
  { method, path }: Operation,
  { records, subjects }: Around,
  caller: Caller,
  kind: Kind,
): object | undefined {
  if (method === 'GET') return undefined;
  const tenant = (caller.person?.tenant ?? 'acme') as Tenant;
  const common = { workflow: 'support-desk', session: `matrix-${caller.name}` };
  if (path === '/v1/intents') return { ...common, text: 'What can you do?' };
  const orderId = records.idFor('orderId', 'own', tenant, caller.person ? caller.name : 'alice');
  if (path === '/v1/actions') return { ...common, tool: 'get_order', arguments: { orderId } };
  const reason = 'the matrix says so';
  // What is on nowhere is let go on: nothing is stopped while the other cells are played.
  if (path.startsWith('/v1/control/kill')) return { killed: kind === 'absent', reason, waitSeconds: 0 };
  if (path.startsWith('/v1/control/stage')) return { stage: 'scoped', reason, waitSeconds: 0 };
  if (path.endsWith('/reveals') || path.startsWith('/v1/subjects')) return { reason };
  if (path === '/v1/incidents') return { intentId: subjects[tenant].intent };
  if (path === '/v1/evals/runs') return runWith('f', [caseOf('It is refused')], '2026-03-01T09:00:00.000Z');
  if (path === '/v1/incidents/closures') return { workflow: 'support-desk', fingerprint: 'none', passed: [] };
  if (path.startsWith('/access/v1/')) {
    const subject = { type: 'user', id: caller.name };
    return { subject, action: { name: 'get_order' }, resource: { type: 'order', id: orderId } };
  }
  if (path === '/mcp') {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'matrix', version: '1' } };
    return { jsonrpc: '2.0', id: 1, method: 'initialize', params };
  }
  if (path.endsWith('/resolve')) return { outcome: 'committed', reason };
  if (path.endsWith('/delegate')) return { to: caller.name, reason };
  const none = { approvalId: ABSENT, actionHash: 'none' };
  if (path === '/v1/approvals/decisions') return { decision: 'reject', reason, items: [none] };
  if (!path.endsWith('/decisions')) return {};
  const item = kind === 'acme' || kind === 'globex' ? itemFor(subjects[kind], caller.name) : undefined;
  return { decision: 'reject', actionHash: item?.actionHash ?? 'none', reason };
}
