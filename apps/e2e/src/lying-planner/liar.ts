import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import canonicalize from 'canonicalize';
import { actionIdOf, eventIdOf, topicName } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/testing';
import { resigned, send } from '../forge.js';
import type { World } from '../world.js';

/** An accepted intent somebody else's authority stands behind. */
export interface Victim {
  intentId: string;
  tenant: string;
  actor: string;
  session: string;
}

/** What a lie changes of an honest proposal. */
export interface Lie {
  tool?: string;
  arguments?: object;
  turn?: number;
  index?: number;
  data?: Record<string, unknown>;
  headers?: Record<string, string>;
  key?: string;
}

/** All of a proof's records go here, so that one behind them all tells that they have been read. */
const PARTITION = 0;
const PROPOSED = 'countersign.action.proposed.v1';

/** The planner's place taken by somebody who has its key. It builds its records by hand. */
export class Liar {
  constructor(private readonly world: World) {}

  key(service: string): KeyObject {
    return createPrivateKey(readFileSync(path.join(this.world.system.dataDir, 'keys', service, 'sign.pem'), 'utf8'));
  }

  /** Unsigned. Honest as far as nothing of it is changed. */
  proposal(victim: Victim, lie: Lie = {}): StoredRecord {
    const { turn = 0, index = 100, tool = 'issue_refund', arguments: args = {} } = lie;
    const actionId = actionIdOf(victim.intentId, turn, index);
    const data = {
      ...{ intentId: victim.intentId, actionId, turn, index, workflow: 'support-desk', tool, arguments: args },
      ...{ dryRun: false, callId: `call_${index}`, ...lie.data },
    };
    const id = eventIdOf(PROPOSED, actionId, JSON.stringify(lie));
    return this.record(victim, PROPOSED, id, data, lie);
  }

  reply(victim: Victim): StoredRecord {
    const type = 'countersign.reply.sent.v1';
    const { intentId, tenant } = victim;
    const said = { text: 'I am done.', outcome: 'answered', fromModel: true, turns: 1, actions: [] };
    return this.record(victim, type, eventIdOf(type, intentId), { intentId, tenant, ...said });
  }

  private record(victim: Victim, type: string, id: string, data: object, lie: Lie = {}): StoredRecord {
    const { intentId, tenant, actor, session } = victim;
    const headers = {
      ...{ ce_specversion: '1.0', ce_id: id, ce_source: '/services/planner', ce_type: type },
      ...{ ce_time: new Date().toISOString(), ce_subject: intentId, ce_tenantid: tenant, ce_actorid: actor },
      ...{ ce_session: session, ce_correlationid: intentId, ce_causationid: 'evt_none' },
      ...{ 'content-type': 'application/json', ...lie.headers },
    };
    const value = Buffer.from(canonicalize(data) ?? '');
    return { partition: PARTITION, offset: 0n, key: lie.key ?? `${tenant}/${session}`, value, headers, timestamp: 0 };
  }

  signed(record: StoredRecord, by: KeyObject = this.key('planner')): StoredRecord {
    return resigned(record, by);
  }

  async publish(topic: 'proposals' | 'replies', ...records: StoredRecord[]): Promise<void> {
    const named = records.map((record) => ({ name: topic, record }));
    for (let next = 0; next < named.length; next += 200)
      await send(this.world.plain, topicName(topic, this.world.system.topicPrefix), named.slice(next, next + 200));
  }
}

export const refundOf = (orderId: string, amount: string) => ({ orderId, amount, currency: 'EUR', reason: 'a lie' });
