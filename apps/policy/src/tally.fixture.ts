import { actionIdOf, intentIdOf, type AnyEvent, type JsonObject } from '@countersign/contracts';
import type { Tally } from '@countersign/policy-kit';
import { Desk, executed, type Warrant } from './desk.fixture.js';
import { done, resolved, undone } from './results.js';
import { alice, isPerson, signed, T0 } from './world.fixture.js';

/** One tool call and the last decision on it. */
export interface Called {
  event: AnyEvent;
  intentId: string;
  actionId: string;
}
export type End = 'failed' | 'blocked' | 'drafted' | 'committed' | 'in full' | 'not at all';
interface Given {
  session?: string;
  at?: number;
  by?: typeof alice;
  data?: object;
}

export const codeOf = ({ event }: Pick<Called, 'event'>) =>
  (event.data as { code?: string }).code ?? event.type.split('.')[2];

const refusal = { code: 'UPSTREAM_FAILED' as const, detail: 'd', nextStep: 'n' };
const changed = { idempotencyKey: 'k', result: null, recordsChanged: [] };
const looked = { ...changed, by: 'lookup' as const, detail: 'd' };

/** A desk where many tool calls are asked for and end. */
export class Counter extends Desk {
  #calls = 0;

  /** One more tool call, in a session of its own unless one is given. */
  one(tool: string, args: JsonObject, given: Given = {}): Called {
    const id = `req-c-${++this.#calls}`;
    const { session = id, at = T0, by = alice, data = {} } = given;
    const events = this.call(tool, args, { session, ...data }, isPerson(by), {
      ...{ id, at, tenantid: by.tenant, key: `${by.tenant}/${session}` },
    });
    const intentId = intentIdOf(by.tenant, '/shop', id);
    return { event: events.at(-1)!, intentId, actionId: actionIdOf(intentId, 0, 0) };
  }

  pay = (args: JsonObject, given: Given = {}) => this.one('pay', args, given);

  ends({ event, intentId, actionId }: Called, end: End): AnyEvent[] {
    const { jti, tenant, tool } = event.data as Warrant;
    const common = executed(jti, { intentId, actionId, tenant, tool });
    const { recordsRead: _, ...bare } = common;
    const line = { tenantid: tenant };
    switch (end) {
      case 'failed': {
        const failed = this.record('countersign.action.failed.v1', { ...common, ...refusal }, line);
        return this.when(undone('failed'), failed, signed);
      }
      case 'blocked': {
        const blocked = this.record('countersign.action.blocked.v1', { ...bare, ...refusal }, line);
        return this.when(undone('blocked'), blocked, signed);
      }
      case 'drafted': {
        const drafted = this.record(
          'countersign.action.drafted.v1',
          { ...common, preview: { effect: null, basis: {}, digest: 'd' } },
          line,
        );
        return this.when(done('drafted'), drafted, signed);
      }
      case 'committed': {
        const committed = this.record('countersign.action.committed.v1', { ...common, ...changed }, line);
        return this.when(done('committed'), committed, signed);
      }
      case 'in full':
      case 'not at all': {
        const outcome = end === 'in full' ? ('committed' as const) : ('failed' as const);
        const found = this.record('countersign.action.resolved.v1', { ...bare, ...looked, outcome }, line);
        return this.when(resolved, found, signed);
      }
      default:
        return end satisfies never;
    }
  }

  /** Tally rows of one kind (`ses`, `bud`, `his`). */
  tallies = (kind: string) =>
    [...this.rows].flatMap(([key, row]) => (key.startsWith(`limit:${kind}_`) ? [row as Tally] : []));
}
