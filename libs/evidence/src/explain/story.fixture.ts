// Over 500 lines: one story told in its order; the shapes that tell it stand in shapes.fixture.ts.
import {
  actionIdOf,
  EVENTS,
  eventIdOf,
  intentIdOf,
  refusal,
  type Code,
  type DoneCheck,
  type EventData,
  type EventType,
  type Json,
  type JsonObject,
  type MemberSeen,
  type Person,
  type RecordRead,
} from '@countersign/contracts';
import type { Stored } from './story.js';

/** The shapes actions take, as the events of a whole trace each. Specs take them apart. Long because events are: one list, no logic to split. */
export interface Shape {
  actionId: string;
  trace: Stored[];
}

const ACTOR: Person = { sub: 'alice', tenant: 'acme', roles: ['support-agent'] };
const T0 = Date.UTC(2026, 0, 1, 9, 0, 0);
export const instant = (n: number) => new Date(T0 + n * 100).toISOString();
const SOURCE = '/apps/shop';
const intentId = intentIdOf('acme', SOURCE, 'req-1');
export const mainAction = actionIdOf(intentId, 1, 0);
export const readAction = actionIdOf(intentId, 0, 0);

/** Appends one event after the other, each 100 ms later and on an offset of its own. */
class Trace {
  readonly stored: Stored[] = [];

  add<T extends EventType>(type: T, data: EventData<T>, subject = intentId): this {
    const n = this.stored.length;
    const parsed = EVENTS[type].data.parse(data);
    const event = {
      id: type.endsWith('requested.v1') ? 'req-1' : eventIdOf(type, n),
      source: type.endsWith('requested.v1') ? SOURCE : '/services/any',
      type,
      time: instant(n),
      subject,
      tenantid: 'acme',
      actorid: 'alice',
      session: 's-1',
      correlationid: intentId,
      causationid: this.stored.at(-1)?.event.id ?? '',
      data: parsed,
    };
    this.stored.push({
      event,
      topic: EVENTS[type].topic,
      partition: 0,
      offset: String(n),
      at: instant(n),
    } as unknown as Stored);
    return this;
  }
}

const decided = (actionId: string, tool: string, n: number) => ({
  intentId,
  actionId,
  revision: 0,
  tenant: 'acme',
  actor: ACTOR,
  workflow: 'support-desk',
  workflowVersion: '1',
  session: 's-1',
  tool,
  toolVersion: '1',
  rules: [{ rule: 'the-rule', outcome: 'allow' as const, reason: 'it may' }],
  policyVersion: 'pv1',
  decidedAt: instant(n),
});
export const ARGUMENTS = { orderId: 'ord_1002', amount: '900.00', currency: 'EUR' };
const previewOf = (digest: string) => ({
  effect: { refund: '900.00', after: digest } as Json,
  basis: { ord_1002: 3 },
  digest,
});

interface Grant {
  grant: 'read' | 'preview' | 'draft' | 'commit';
  jti: string;
  preview?: string;
  approver?: string | string[];
  dryRun?: boolean;
  actionId?: string;
  tool?: string;
  people?: string[];
  context?: RecordRead[];
  facts?: JsonObject;
}

/** Steps of the path, named as they are spoken of. */
export class Story {
  private readonly trace = new Trace();
  private tool = 'issue_refund';
  private actor = ACTOR;
  private args: JsonObject = ARGUMENTS;
  private readonly edits: EventData<'countersign.action.approved.v1'>['edits'] & object = [];

  private get n() {
    return this.trace.stored.length;
  }

  /** Who acts for the person. */
  by(act: JsonObject): this {
    this.actor = { ...ACTOR, act };
    return this;
  }

  intent(): this {
    this.trace.add('countersign.intent.requested.v1', {
      workflow: 'support-desk',
      session: 's-1',
      text: 'refund 900 EUR on ord_1002',
    });
    return this.accept('intent');
  }

  request(dryRun = false): this {
    const data = { workflow: 'support-desk', session: 's-1', tool: this.tool, arguments: ARGUMENTS, dry_run: dryRun };
    this.trace.add('countersign.action.requested.v1', data);
    return this.accept('action', { actionId: mainAction, tool: this.tool, arguments: ARGUMENTS, dryRun });
  }

  private accept(kind: 'intent' | 'action', action?: EventData<'countersign.intent.accepted.v1'>['action']): this {
    this.trace.add('countersign.intent.accepted.v1', {
      intentId,
      source: SOURCE,
      requestId: 'req-1',
      kind,
      workflow: 'support-desk',
      workflowVersion: '1',
      session: 's-1',
      sessionId: 'ses_1',
      actor: this.actor,
      authorityUntil: instant(9000),
      ...(kind === 'intent' ? { text: 'refund 900 EUR on ord_1002' } : { action }),
    });
    return this;
  }

  /** The model reads the order first. */
  readFirst(): this {
    return this.propose(readAction, 0, 'get_order')
      .grant({ grant: 'read', jti: 'jti_r', actionId: readAction, tool: 'get_order' })
      .read(readAction, 'jti_r', 'get_order');
  }

  propose(actionId = mainAction, turn = 1, tool = this.tool, rationale?: string): this {
    this.trace.add('countersign.model.called.v1', {
      intentId,
      turn,
      model: 'stand-in',
      request: [],
      response: {},
      usage: { prompt: 1, completion: 1 },
      attempts: 1,
      durationMs: 5,
    });
    const call = {
      intentId,
      actionId,
      turn,
      index: 0,
      workflow: 'support-desk',
      tool,
      arguments: ARGUMENTS,
      dryRun: false,
      callId: `call_${turn}`,
      ...(rationale === undefined ? {} : { rationale }),
    };
    this.trace.add('countersign.action.proposed.v1', call, actionId);
    return this;
  }

  grant(given: Grant): this {
    const {
      grant,
      jti,
      preview,
      approver,
      dryRun = false,
      actionId = mainAction,
      tool = this.tool,
      people,
      context,
      facts = {},
    } = given;
    this.trace.add(
      'countersign.action.approved.v1',
      {
        ...decided(actionId, tool, this.n),
        grant,
        arguments: this.args,
        ...this.editsSoFar(),
        dryRun,
        idempotencyKey: 'key_1',
        ...(preview ? { preview: previewOf(preview) } : {}),
        approvers: (approver ? [approver].flat() : []).map((sub) => ({
          ...{ sub, roles: ['support-lead'], reason: 'seen', at: instant(this.n) },
        })),
        ...(people ? { people } : {}),
        ...(context ? { context } : {}),
        facts,
        epoch: 0,
        fingerprint: 'f1',
        jti,
        nbf: 1,
        exp: 2,
      },
      actionId,
    );
    return this;
  }

  deny(code: Code, detail = 'no', facts?: JsonObject): this {
    const data = {
      ...decided(mainAction, this.tool, this.n),
      arguments: this.args,
      ...refusal(code, detail),
      final: true,
      ...this.editsSoFar(),
      ...(facts ? { facts } : {}),
    };
    this.trace.add('countersign.action.denied.v1', data, mainAction);
    return this;
  }

  escalate(actionHash: string, preview?: string, approvalsNeeded = 1): this {
    this.trace.add(
      'countersign.action.escalated.v1',
      {
        ...decided(mainAction, this.tool, this.n),
        rules: [{ rule: 'large', outcome: 'escalate', reason: 'over 50' }],
        arguments: this.args,
        ...this.editsSoFar(),
        provenance: {},
        ...(preview ? { preview: previewOf(preview) } : {}),
        approverRoles: ['support-lead'],
        approvalsNeeded,
        blast: { records: 1, reversible: false, affected: [] },
        actionHash,
        expiresAt: instant(9000),
      },
      mainAction,
    );
    const bound = {
      approvalId: `apr_${actionHash}`,
      intentId,
      actionId: mainAction,
      revision: 0,
      actionHash,
      tenant: 'acme',
    };
    this.trace.add(
      'countersign.approval.opened.v1',
      { ...bound, tool: this.tool, openedAt: instant(this.n), expiresAt: instant(9000) },
      mainAction,
    );
    return this;
  }

  person(said: 'granted' | 'rejected', actionHash: string, sub = 'bob'): this {
    const bound = {
      approvalId: `apr_${actionHash}`,
      intentId,
      actionId: mainAction,
      revision: 0,
      actionHash,
      tenant: 'acme',
    };
    const by = {
      approver: { sub, roles: ['support-lead'] },
      reason: 'seen',
      decidedAt: instant(this.n),
      tokenDigest: 'sha',
    };
    this.trace.add(`countersign.approval.${said}.v1`, { ...bound, ...by }, mainAction);
    return this;
  }

  /** Sealed values of the item, or of the whole trace, were opened for somebody. */
  shown(to: string, actionHash?: string): this {
    const someone = { sub: to, roles: ['support-lead'] };
    const value = { token: 'tok_1', path: '/arguments/body' };
    if (actionHash === undefined) {
      const data = {
        intentId,
        tenant: 'acme',
        by: someone,
        reason: 'INC-42',
        opened: [{ ...value, event: 'evt_1' }],
        at: instant(this.n),
      };
      this.trace.add('countersign.audit.revealed.v1', data);
      return this;
    }
    const item = { approvalId: `apr_${actionHash}`, intentId, actionId: mainAction, revision: 0, actionHash };
    const data = { ...item, tenant: 'acme', viewer: someone, opened: [value], viewedAt: instant(this.n) };
    this.trace.add('countersign.approval.viewed.v1', data, mainAction);
    return this;
  }

  /** Opened by a person, or by rule. */
  incident(cause: 'opened' | 'override', note?: string): this {
    const incident = { incidentId: 'inc_1', tenant: 'acme', intentId, actionId: mainAction, cause };
    const by = cause === 'opened' ? { by: { sub: 'sam', roles: ['sre'] } } : {};
    const data = { ...incident, openedAt: instant(this.n), ...by, ...(note === undefined ? {} : { note }) };
    this.trace.add('countersign.audit.incident-opened.v1', data);
    return this;
  }

  handOn(actionHash: string, sub: string, to: string): this {
    const item = { approvalId: `apr_${actionHash}`, intentId, actionId: mainAction, revision: 0, actionHash };
    const by = { sub, roles: ['support-lead'] };
    const data = { ...item, tenant: 'acme', by, to, reason: 'knows her', until: instant(9000) };
    this.trace.add('countersign.approval.delegated.v1', data, mainAction);
    return this;
  }

  expire(actionHash: string): this {
    const bound = {
      approvalId: `apr_${actionHash}`,
      intentId,
      actionId: mainAction,
      revision: 0,
      actionHash,
      tenant: 'acme',
    };
    this.trace.add('countersign.approval.expired.v1', { ...bound, expiredAt: instant(this.n) }, mainAction);
    return this;
  }

  private editsSoFar() {
    return this.edits.length ? { edits: [...this.edits] } : {};
  }

  drafted(jti: string): this {
    const data = { ...this.executed(jti, 'draft'), preview: previewOf('pre_1') };
    this.trace.add('countersign.action.drafted.v1', data, mainAction);
    return this;
  }

  private executed(
    jti: string,
    grant: 'read' | 'preview' | 'draft' | 'commit',
    actionId = mainAction,
    tool = this.tool,
  ) {
    const order = { system: 'helpdesk', type: 'order', id: 'ord_1002', version: '3', at: instant(this.n) };
    return {
      intentId,
      actionId,
      revision: 0,
      tenant: 'acme',
      tool,
      toolVersion: '1',
      jti,
      grant,
      attempts: 1,
      endedAt: instant(this.n),
      recordsRead: [order],
    };
  }

  read(actionId: string, jti: string, tool: string): this {
    this.trace.add(
      'countersign.action.read.v1',
      { ...this.executed(jti, 'read', actionId, tool), result: { total: '1200.00' } },
      actionId,
    );
    return this;
  }

  previewed(jti: string, digest: string, people?: MemberSeen[]): this {
    this.trace.add(
      'countersign.action.previewed.v1',
      { ...this.executed(jti, 'preview'), preview: previewOf(digest), ...(people ? { people } : {}) },
      mainAction,
    );
    return this;
  }

  committed(jti: string, holds?: boolean): this {
    const recordsChanged = [
      { system: 'helpdesk', type: 'order', id: 'ord_1002', version: '4', before: null, after: null },
    ];
    this.trace.add(
      'countersign.action.committed.v1',
      {
        ...this.executed(jti, 'commit'),
        idempotencyKey: 'key_1',
        result: {},
        recordsChanged,
        ...(holds === undefined ? {} : { done: this.done(holds) }),
      },
      mainAction,
    );
    return this;
  }

  private done(holds: boolean): DoneCheck {
    const checked = [{ system: 'helpdesk', type: 'order', id: 'ord_1002', version: '4', at: instant(this.n) }];
    const detail = holds ? 'it does' : 'no refund of 900.00 stands there';
    return { holds, statement: 'the order shows the refund', detail, checked };
  }

  returned(jti: string, code: Code, digest?: string): this {
    const data = {
      ...this.executed(jti, 'commit'),
      ...refusal(code, 'handed back'),
      ...(digest ? { preview: previewOf(digest) } : {}),
    };
    this.trace.add('countersign.action.returned.v1', data, mainAction);
    return this;
  }

  /** What another action rested on has moved: it is handed back, and policy denies it for a new proposal to come. */
  stale(actionId: string, jti: string): this {
    const back = { ...this.executed(jti, 'commit', actionId), ...refusal('STALE_CONTEXT', 'it has moved') };
    this.trace.add('countersign.action.returned.v1', back, actionId);
    const decision = decided(actionId, this.tool, this.n);
    const denied = { ...decision, arguments: this.args, ...refusal('STALE_CONTEXT', 'it has moved'), final: true };
    this.trace.add('countersign.action.denied.v1', denied, actionId);
    return this;
  }

  failed(jti: string, code: Code = 'UPSTREAM_FAILED', auditCode?: Code, grant: 'preview' | 'commit' = 'commit'): this {
    this.trace.add(
      'countersign.action.failed.v1',
      {
        ...this.executed(jti, grant),
        ...refusal(code, 'the target said no'),
        ...(auditCode ? { auditCode } : {}),
      },
      mainAction,
    );
    return this;
  }

  blocked(jti: string, code: Code = 'KILLED', detail = 'kill/tool/issue_refund is on'): this {
    const { recordsRead: _, ...executed } = this.executed(jti, 'commit');
    this.trace.add('countersign.action.blocked.v1', { ...executed, ...refusal(code, detail) }, mainAction);
    return this;
  }

  /** Somebody writes to the control topic; policy says what became of it. Answers nothing where `verdict` is left out. */
  control(scope: string, value: JsonObject, verdict?: 'applied' | 'refused', by?: string): this {
    const epoch = this.n;
    this.trace.add('countersign.control.set.v1', { scope, value }, scope);
    const ack = {
      scope,
      epoch,
      service: 'policy',
      instance: 'policy-1',
      at: instant(epoch),
      appendedAt: instant(epoch),
    };
    if (verdict === 'applied')
      this.trace.add('countersign.control.applied.v1', { ...ack, value, ...(by ? { by } : {}) }, scope);
    if (verdict === 'refused')
      this.trace.add('countersign.control.refused.v1', { ...ack, ...refusal('UNAUTHENTICATED', 'no token') }, scope);
    return this;
  }

  edited(actionHash: string, sub: string, args: JsonObject): this {
    const bound = {
      approvalId: `apr_${actionHash}`,
      intentId,
      actionId: mainAction,
      revision: 0,
      actionHash,
      tenant: 'acme',
    };
    const approver = { sub, roles: ['support-lead'] };
    const at = instant(this.n);
    const said = { ...bound, approver, reason: 'half is due', decidedAt: at, tokenDigest: 'sha' };
    this.trace.add('countersign.approval.edited.v1', { ...said, arguments: args }, mainAction);
    this.edits.push({ by: sub, roles: approver.roles, reason: said.reason, at, arguments: this.args, narrowing: true });
    this.args = args;
    return this;
  }

  inDoubt(jti: string): this {
    const { recordsRead: _, ...executed } = this.executed(jti, 'commit');
    this.trace.add(
      'countersign.action.in-doubt.v1',
      { ...executed, ...refusal('IN_DOUBT', 'no answer'), idempotencyKey: 'key_1', known: 'sent' },
      mainAction,
    );
    return this;
  }

  /** What a person says of a doubt, and policy's answer. */
  verdict(sub: string, isTaken: boolean): this {
    const about = { intentId, actionId: mainAction, revision: 0, tenant: 'acme', outcome: 'committed' as const };
    const said = { ...about, reason: 'it is there', decidedAt: instant(this.n), tokenDigest: 'sha' };
    const approver = { sub, roles: ['support-lead'] };
    this.trace.add('countersign.approval.settled.v1', { ...said, approver }, mainAction);
    const taken = { ...about, by: sub, reason: 'it is there' };
    const because = refusal('UNAUTHENTICATED', 'the token has expired');
    if (isTaken) this.trace.add('countersign.action.settled.v1', taken, mainAction);
    else
      this.trace.add(
        'countersign.action.unsettled.v1',
        { ...about, by: sub, verdictId: 'evt_1', ...because },
        mainAction,
      );
    return this;
  }

  resolved(jti: string, by: 'lookup' | 'person'): this {
    const { recordsRead: _, ...executed } = this.executed(jti, 'commit');
    const data = {
      ...executed,
      outcome: 'committed' as const,
      by,
      detail: 'found',
      idempotencyKey: 'key_1',
      result: {},
      recordsChanged: [],
    };
    this.trace.add('countersign.action.resolved.v1', data, mainAction);
    return this;
  }

  reply(
    outcome: EventData<'countersign.reply.sent.v1'>['actions'][number]['outcome'],
    others: string[] = [],
    flagged?: string,
  ): Shape {
    const reads = others.map((actionId) => ({ actionId, tool: 'get_order', outcome: 'read' as const }));
    this.trace.add('countersign.reply.sent.v1', {
      intentId,
      tenant: 'acme',
      text: 'Done.',
      outcome: 'answered',
      fromModel: true,
      ...(flagged ? { flagged } : {}),
      turns: 2,
      actions: [...reads, { actionId: mainAction, tool: this.tool, outcome }],
    });
    return this.unfinished();
  }

  unfinished(): Shape {
    return { actionId: mainAction, trace: this.trace.stored };
  }
}
