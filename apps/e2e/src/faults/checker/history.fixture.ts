import { actionIdOf, approvalIdOf, idempotencyKeyOf, intentIdOf, type Topic } from '@countersign/contracts';
import type { Asked, ClientEntry, Effect, History, Told } from './history.js';

type Data = Record<string, unknown>;
type Call = { kind: string; tool: string; args: Data; lawful: string[] };

const SECOND = 1_000;
const START = Date.parse('2026-01-05T12:00:00.000Z');

/** A small history written by hand: each `…ed` method tells what all sides saw of one action of that kind. */
export class Telling {
  readonly client: ClientEntry[] = [];
  readonly effects: Effect[] = [];
  readonly records: Told[] = [];
  readonly listedInDoubt: string[] = [];
  #now = START;
  #next = 0;
  readonly #offsets = new Map<Topic, number>();

  /** Every second audit says that it has all. */
  private tick(ms = SECOND): number {
    this.#now += ms;
    this.record('audit', 'audit.heartbeat', '', { ingestedThrough: new Date(this.#now).toISOString() });
    return this.#now;
  }

  private record(topic: Topic, name: string, cause: string, data: Data, of: Partial<Told> = {}): Told {
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    const told: Told = {
      ...{ topic, partition: 0, offset, at: this.#now, id: `evt_${topic}_${offset}`, type: `countersign.${name}.v1` },
      ...{
        tenant: 'acme',
        intentId: String(data['intentId'] ?? ''),
        cause,
        digest: `digest of ${topic} ${offset}`,
        data,
      },
      ...of,
    };
    this.records.push(told);
    return told;
  }

  private ask({ kind, tool, args, lawful }: Call) {
    const intentId = intentIdOf('acme', '/load', `n-${this.#next++}`);
    const actionId = actionIdOf(intentId, 0, 0);
    const key = idempotencyKeyOf('acme', actionId, 0);
    const about = { intentId, actionId, revision: 0, tool, workflow: 'support-desk' };
    const asked: Asked = {
      ...{ what: 'asked', at: this.tick(), kind, intentId, tenant: 'acme', actor: 'alice', workflow: 'support-desk' },
      ...{ tool, arguments: args, lawful },
    };
    this.client.push(asked);
    const accepted = this.record('decisions', 'intent.accepted', '', { intentId });
    return { intentId, actionId, key, about, accepted, actor: { sub: 'alice' } };
  }

  private warrant(
    call: Call,
    of: ReturnType<Telling['ask']>,
    cause: string,
    grant: string,
    approvers: Data[] = [],
  ): Told {
    const data = { ...of.about, grant, arguments: call.args, actor: of.actor, approvers, idempotencyKey: of.key };
    return this.record('decisions', 'action.approved', cause, {
      ...data,
      jti: `jti_${of.actionId}_${grant}_${this.#now}`,
    });
  }

  private result(name: string, of: ReturnType<Telling['ask']>, warrant: Told, more: Data = {}): Told {
    this.tick(20);
    return this.record('results', `action.${name}`, warrant.id, { ...of.about, jti: warrant.data['jti'], ...more });
  }

  private effect(of: ReturnType<Telling['ask']>, effect: Partial<Effect> & Pick<Effect, 'kind' | 'record'>): void {
    const startedAt = this.tick(5);
    const line = {
      ledger: 'helpdesk',
      seq: this.effects.length + 1,
      startedAt,
      tenant: 'acme',
      idempotencyKey: of.key,
    };
    this.effects.push({ ...line, ...effect });
  }

  private reply({ intentId, actionId, about }: ReturnType<Telling['ask']>, outcome: string): void {
    this.tick(10);
    const actions = [{ actionId, tool: about.tool, outcome }];
    this.record('replies', 'reply.sent', '', { intentId, outcome: 'answered', actions });
  }

  /** A refund that a rule approves. */
  committed(amount = '1.00'): this {
    const args = { orderId: 'ord_1', amount, currency: 'EUR' };
    const call = { kind: 'small', tool: 'issue_refund', args, lawful: ['committed'] };
    const of = this.ask(call);
    const warrant = this.warrant(call, of, of.accepted.id, 'commit');
    this.effect(of, { kind: 'refund', record: 'ord_1', amount, currency: 'EUR' });
    this.result('committed', of, warrant, { idempotencyKey: of.key });
    this.reply(of, 'committed');
    return this;
  }

  /** A refund that bob is asked about. */
  asked(decision: 'approve' | 'reject'): this {
    const args = { orderId: 'ord_2', amount: '60.00', currency: 'EUR' };
    const lawful = decision === 'approve' ? ['committed'] : ['denied APPROVAL_REJECTED'];
    const call = { kind: decision, tool: 'issue_refund', args, lawful };
    const of = this.ask(call);
    const previewed = this.result('previewed', of, this.warrant(call, of, of.accepted.id, 'preview'));
    const actionHash = `hash of ${of.actionId}`;
    const bound = { ...of.about, actionHash, approvalId: approvalIdOf(of.actionId, 0, actionHash) };
    const escalated = this.record('decisions', 'action.escalated', previewed.id, { ...bound, approvalsNeeded: 1 });
    this.tick(100);
    const opened = this.record('approvals', 'approval.opened', escalated.id, bound);
    const at = this.tick();
    this.client.push({ what: 'said', at, actionId: of.actionId, person: 'bob', decision, status: 200 });
    const word = decision === 'approve' ? 'granted' : 'rejected';
    const said = this.record('approvals', `approval.${word}`, opened.id, { ...bound, approver: { sub: 'bob' } });
    this.tick(20);
    if (decision === 'reject') {
      this.record('decisions', 'action.denied', said.id, { ...of.about, code: 'APPROVAL_REJECTED' });
      this.reply(of, 'denied');
      return this;
    }
    const warrant = this.warrant(call, of, said.id, 'commit', [{ sub: 'bob' }]);
    this.effect(of, { kind: 'refund', record: 'ord_2', amount: '60.0', currency: 'EUR' });
    this.result('committed', of, warrant, { idempotencyKey: of.key });
    this.reply(of, 'committed');
    return this;
  }

  /** Sam trips the switch of refunds, one is blocked by it, and sam re-arms it. */
  killed(): this {
    const args = { orderId: 'ord_3', amount: '1.00', currency: 'EUR' };
    const call = { kind: 'small', tool: 'issue_refund', args, lawful: ['committed'] };
    const of = this.ask(call);
    const warrant = this.warrant(call, of, of.accepted.id, 'commit');
    const scope = 'kill/tool/issue_refund';
    const trip = { what: 'switched' as const, at: this.tick(10), scope, killed: true, status: 200 };
    const control = this.record('control', 'control.set', '', { scope, value: { killed: true } });
    this.tick(30);
    this.record('control-acks', 'control.applied', control.id, { service: 'executor', epoch: control.offset });
    this.client.push({ ...trip, answeredAt: this.tick(10) });
    this.result('blocked', of, warrant, { code: 'KILLED' });
    this.reply(of, 'blocked');
    const rearm = { what: 'switched' as const, at: this.tick(), scope, killed: false, status: 200 };
    this.record('control', 'control.set', '', { scope, value: { killed: false } });
    this.client.push({ ...rearm, answeredAt: this.tick(10) });
    return this;
  }

  /** A letter whose answer was lost, to a target that can't be asked. */
  inDoubt(): this {
    const call = { kind: 'letter', tool: 'send_letter', args: { parcelId: 'par_1' }, lawful: ['committed'] };
    const of = this.ask(call);
    const warrant = this.warrant(call, of, of.accepted.id, 'commit');
    this.effect(of, { ledger: 'depot', kind: 'letter', record: 'par_1' });
    this.result('in-doubt', of, warrant, { code: 'IN_DOUBT', idempotencyKey: of.key });
    this.listedInDoubt.push(of.actionId);
    return this;
  }

  history(): History {
    const audited = new Map<string, Set<number>>();
    for (const { topic, partition, offset } of this.records) {
      const place = `${topic}/${partition}`;
      audited.set(place, (audited.get(place) ?? new Set()).add(offset));
    }
    const { client, effects, records, listedInDoubt } = this;
    const lastFaultAt = this.#now - 5 * SECOND;
    const told = { client, effects, records, audited, listedInDoubt, auditLimitMs: 8 * SECOND, lastFaultAt };
    return structuredClone({ ...told, drainedAt: this.#now });
  }
}
