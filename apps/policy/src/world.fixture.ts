import { expect } from '@jest/globals';
import {
  actionIdOf,
  digest,
  EVENTS,
  intentIdOf,
  type AnyEvent,
  type CloudEvent,
  type EventData,
  type EventDraft,
  type EventType,
  type Incoming,
  type JsonObject,
  type Person,
  type Stage,
} from '@countersign/contracts';
import { applyControl, ControlView, type ControlRow } from '@countersign/control';
import { allow, defineRule, escalate, pass } from '@countersign/policy-kit';
import { classified } from '@countersign/contracts';
import type { Effect, States } from '@countersign/messaging/stream';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow, type LoadedWorkflow } from '@countersign/workflow-kit';
import { z } from 'zod';
import { placeOf, type Checked, type Facts } from './facts.js';

const word = classified('internal', z.string().max(300));

const lookUp = defineToolContract({
  ...{
    name: 'look_up',
    version: '1.0.0',
    description: 'Reads a case.',
    effect: 'read',
    reversible: true,
    target: 'desk',
  },
  ...{
    input: z.strictObject({ caseId: word }),
    output: z.object({ note: word }),
    permissions: { roles: ['clerk', 'auditor'] },
  },
});
const pay = defineToolContract({
  ...{
    name: 'pay',
    version: '1.0.0',
    description: 'Pays money out.',
    effect: 'write',
    class: 'A',
    reversible: false,
    target: 'desk',
  },
  ...{
    input: z.strictObject({ caseId: word, amount: word, currency: word }),
    output: z.object({ id: word }),
    permissions: { roles: ['clerk'] },
  },
  preview: z.object({ balance: word }),
  records: {},
  blast: ({ amount, currency, caseId }) => ({
    amount: { amount: String(amount), currency: String(currency) },
    records: caseId === 'all' ? 2 : 1,
    affected: [String(caseId)],
  }),
  narrows: (before, after) =>
    before['caseId'] === after['caseId'] &&
    before['currency'] === after['currency'] &&
    Number(after['amount']) < Number(before['amount']),
});
const close = defineToolContract({
  ...{
    name: 'close',
    version: '1.0.0',
    description: 'Closes a case.',
    effect: 'write',
    class: 'A',
    reversible: true,
    target: 'desk',
  },
  ...{ input: z.strictObject({ caseId: word }), output: z.object({ id: word }), permissions: { roles: ['clerk'] } },
  preview: z.object({ balance: word }),
  records: {},
});

export const desk: LoadedWorkflow = {
  workflow: defineWorkflow({
    ...{ name: 'desk', version: '2.0.0', title: 'Desk', prompt: 'Be exact.', roles: ['clerk', 'auditor'] },
    model: { temperature: 0, maxTurns: 4, tokenBudget: 1000, timeoutMs: 1000 },
    tools: [lookUp, pay, close],
    rules: [
      defineRule({ name: 'reads', title: 'Reads', tools: ['look_up'], decide: () => allow('a read') }),
      defineRule({
        ...{ name: 'small', title: 'Small payments', tools: ['pay'] },
        decide: ({ arguments: { amount } }) =>
          Number(amount) <= 50 ? allow('small') : escalate('large', ['lead'], Number(amount) > 500 ? 2 : 1),
      }),
      defineRule({
        ...{ name: 'closing', title: 'Closing needs its effect', tools: ['close'], needs: ['preview'] },
        decide: ({ preview }) =>
          JSON.stringify(preview?.effect).includes('debt') ? pass('there is debt') : allow('nothing owed'),
      }),
    ],
    limits: { amountPerAction: { EUR: '1000.00' }, recordsPerAction: 1 },
    approval: { expiresInMs: 3_600_000 },
  }),
  policyVersion: 'pv-1',
  fingerprint: 'fp-1',
  from: 'here',
};

export const T0 = Date.parse('2026-03-01T10:00:00.000Z');
export const alice: Person = { sub: 'alice', tenant: 'acme', roles: ['clerk'] };
export const bob: Person = { sub: 'bob', tenant: 'acme', roles: ['lead'] };
export const carol: Person = { sub: 'carol', tenant: 'acme', roles: ['lead'] };
export const intentId = intentIdOf('acme', '/shop', 'req-1');
export const actionId = actionIdOf(intentId, 0, 0);

interface Handler {
  touches(incoming: never, facts: Facts): string[];
  touchesAlso?(incoming: never, states: States, facts: Facts): string[];
  decide(incoming: never, states: States, facts: Facts, now: Date): Effect[];
}

/** Switches and stages as the records of the control topic leave them, from the offset after the last one. */
export class Switchboard {
  readonly #rows = new Map<string, ControlRow>();
  #offset = 0;

  /** What is loaded is released. */
  constructor() {
    this.release();
  }

  say(scope: string, value: object, at = T0): this {
    const change = { scope, value, epoch: this.#offset++, at: new Date(at).toISOString() };
    const row = applyControl(this.#rows.get(scope), change);
    if (row) this.#rows.set(scope, row);
    return this;
  }
  release = (fingerprint = 'fp-1', workflow = 'desk') =>
    this.say(`release/workflow/${workflow}`, { fingerprint, report: { kind: 'release' }, signature: 's' });
  stage = (stage: Stage, scope = 'stage/workflow/desk') => this.say(scope, { stage });
  trip = (scope = 'kill/tool/pay', at = T0) => this.say(scope, { killed: true, reason: 'INC-42' }, at);
  rearm = (scope = 'kill/tool/pay', at = T0) => this.say(scope, { killed: false }, at);

  view = () => new ControlView(this.#rows.values());
}

/** A desk that may commit. */
export const scoped = () => new Switchboard().stage('scoped');

/** A policy without engines: rows in a map, decisions applied as the runtime applies them. */
export class World {
  readonly rows = new Map<string, object>();
  now = T0;
  /** What is loaded; a spec may load another. */
  desk = desk;
  freshAfterMs = 60_000;
  switches = scoped();
  #offset = 0n;

  /** Hands one record to a handler; answers what it emitted, each checked against its contract. */
  when(handler: Handler, incoming: Incoming, checked: Checked): AnyEvent[] {
    const facts: Facts = {
      workflows: new Map([[this.desk.workflow.name, this.desk]]),
      checked: new Map([[placeOf(incoming), checked]]),
      freshAfterMs: this.freshAfterMs,
      control: this.switches.view(),
    };
    const first = handler.touches(incoming as never, facts);
    const also = handler.touchesAlso?.(incoming as never, this.#locked(first), facts) ?? [];
    const kinds = [...first, ...also].map((key) => key.split(':')[0]);
    expect([...kinds].sort()).toEqual(kinds); // as they are locked
    this.touched = [...first, ...also];
    const effects = handler.decide(incoming as never, this.#locked(this.touched), facts, new Date(this.now));
    this.ignored = effects.flatMap((effect) => (effect.do === 'ignore' ? effect.because : []));
    for (const effect of effects) {
      if (effect.do !== 'put') continue;
      expect(this.touched).toContain(effect.key);
      this.rows.set(effect.key, JSON.parse(JSON.stringify(effect.state)) as object);
    }
    return effects.flatMap((effect) => (effect.do === 'emit' ? toEvent(effect.event) : []));
  }
  touched: string[] = [];

  /** A row that is not named is not locked, so nobody may look at it. */
  #locked(keys: string[]): States {
    const row = (key: string) => {
      if (!keys.includes(key)) throw new TypeError(`the state "${key}" is not named by touches or touchesAlso`);
      return this.rows.get(key);
    };
    return { get: <S>(key: string) => row(key) as S | undefined };
  }
  ignored: string[] = [];

  record<T extends EventType>(
    type: T,
    data: EventData<T>,
    given: Partial<CloudEvent> & { key?: string; at?: number; text?: string } = {},
  ): Incoming {
    const { key = 'acme/s-1', at = this.now, text = JSON.stringify(data), ...attributes } = given;
    const event = {
      ...{
        id: `e-${this.#offset}`,
        source: '/services/x',
        type,
        time: '',
        subject: '',
        tenantid: 'acme',
        actorid: '',
        session: 's-1',
      },
      ...{ correlationid: '', causationid: '', data },
      ...attributes,
    } as unknown as AnyEvent;
    const record = {
      topic: EVENTS[type].topic,
      partition: 0,
      offset: this.#offset++,
      timestamp: at,
      key: null,
      value: null,
      headers: {},
    };
    return { record, key, event, text, headers: {}, signature: undefined };
  }
}

function toEvent(draft: EventDraft): AnyEvent {
  const parsed = EVENTS[draft.type].data.safeParse(JSON.parse(JSON.stringify(draft.data)));
  if (!parsed.success) throw new Error(`${draft.type} breaks its contract: ${parsed.error.message}`);
  return draft as unknown as AnyEvent;
}

/** The desk with other rules or tools, as after an upgrade. */
export const deskWith = (change: Partial<LoadedWorkflow['workflow']>, policyVersion = 'pv-1'): LoadedWorkflow => ({
  ...{ ...desk, policyVersion },
  workflow: { ...desk.workflow, ...change },
});

export const isPerson = (person: Person, expiresAt = T0 + 3_600_000): Checked => ({ tag: 'person', person, expiresAt });
export const signed: Checked = { tag: 'signed' };
export const saidBy = (person: Person): Checked => ({ tag: 'approver', person });
export const previewOf = (effect: JsonObject) => ({ effect, basis: { version: '7' }, digest: digest(effect) });
