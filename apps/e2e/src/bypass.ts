import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { actionIdOf, eventIdOf, idempotencyKeyOf, intentIdOf, topicName } from '@countersign/contracts';
import { until } from '@countersign/testing';
import type { StoredRecord } from '@countersign/testing';
import { altered, dataOf, resigned, send } from './forge.js';
import type { World } from './world.js';

const TYPE = 'countersign.action.approved.v1';

export interface ToolSeen {
  name: string;
  version: string;
  effect: string;
}

/** What is granted past policy: signed with policy's own key, right in every field, judged by nobody. */
export interface Granted {
  tool: string;
  arguments: object;
  grant: 'read' | 'preview' | 'draft' | 'commit';
  actor?: string;
  /** Of the control record it claims to know. */
  epoch: number;
}

export interface Answered {
  type: string;
  code?: string;
}

/** Policy's place taken by somebody who has its key: the executor is on its own. */
export class Bypass {
  #next = 0;

  private constructor(
    private readonly world: World,
    private readonly real: StoredRecord,
    private readonly tools: Map<string, ToolSeen>,
    private readonly run: string,
  ) {}

  /** A real warrant is the pattern: of a refund that a rule approved. */
  static async open(world: World, run: string): Promise<Bypass> {
    const alice = await world.person('alice');
    const session = `bypass-${run}`;
    const args = { orderId: 'ord_19999', amount: '0.01', currency: 'EUR', reason: 'pattern' };
    const data = { workflow: 'support-desk', session, tool: 'issue_refund', arguments: args };
    const [intentId = ''] = await world.product.publish({
      id: session,
      tenant: 'acme',
      session,
      token: alice.token,
      data,
    });
    await alice.intent(intentId, 30);
    const find = async () =>
      (await world.plain.readAll(topicName('decisions', world.system.topicPrefix))).find(
        ({ headers }) => headers['ce_type'] === TYPE && headers['ce_correlationid'] === intentId,
      );
    const real = await until(find, { what: 'a real warrant', timeoutMs: 30_000 });
    const { body } = await alice.call('GET', '/v1/tools?limit=200');
    const tools = (body as { data: (ToolSeen & { workflow: string })[] }).data;
    const own = tools.filter(({ workflow }) => workflow === 'support-desk');
    return new Bypass(world, real, new Map(own.map((tool) => [tool.name, tool])), run);
  }

  /** A warrant that nothing is wrong with but that nobody decided on it. */
  warrant({ tool, arguments: args, grant, actor = 'alice', epoch }: Granted): StoredRecord {
    const n = this.#next++;
    const intentId = intentIdOf('acme', '/bypass', `${this.run}-${n}`);
    const actionId = actionIdOf(intentId, 0, 0);
    const now = Math.floor(Date.now() / 1000);
    const jti = `jti_bypass_${this.run}_${n}`;
    const roles = ['support-agent', 'support-lead', 'admin'];
    const record = altered(this.real, (data) => {
      for (const name of ['preview', 'context', 'people', 'opens', 'edits']) delete data[name];
      Object.assign(data, {
        ...{ intentId, actionId, revision: 0, tool, toolVersion: this.tools.get(tool)?.version, arguments: args },
        ...{ grant, dryRun: false, actor: { sub: actor, tenant: 'acme', roles }, jti, epoch },
        decidedAt: new Date().toISOString(),
        ...{ idempotencyKey: idempotencyKeyOf('acme', actionId, 0), nbf: now - 5, exp: now + 60, approvers: [] },
      });
    });
    const headers = {
      ...record.headers,
      ...{ ce_id: eventIdOf(TYPE, jti), ce_subject: actionId, ce_correlationid: intentId, ce_actorid: actor },
    };
    return resigned({ ...record, headers }, this.key());
  }

  /** Sends them and waits for what the executor says of each, in their order. */
  async answers(records: StoredRecord[], timeoutMs = 30_000): Promise<Answered[]> {
    const forgeries = records.map((record) => ({ name: 'bypass', record }));
    await send(this.world.plain, topicName('decisions', this.world.system.topicPrefix), forgeries);
    const wanted = records.map((record) => String(dataOf(record)['jti']));
    return until(
      async () => {
        const results = await this.world.plain.readAll(topicName('results', this.world.system.topicPrefix));
        const byJti = new Map(results.flatMap((record) => answerIn(record)));
        const found = wanted.flatMap((jti) => byJti.get(jti) ?? []);
        return found.length === wanted.length && found;
      },
      { what: `the executor's word on ${wanted.length} warrants`, timeoutMs },
    );
  }

  private key() {
    return createPrivateKey(readFileSync(path.join(this.world.system.dataDir, 'keys/policy/sign.pem'), 'utf8'));
  }
}

function answerIn(record: StoredRecord): [string, Answered][] {
  try {
    const data = dataOf(record) as { jti?: string; code?: string };
    const { code } = data;
    const type = (record.headers['ce_type'] ?? '').replace(/^countersign\.action\.|\.v1$/g, '');
    return data.jti ? [[data.jti, { type, ...(code ? { code } : {}) }]] : [];
  } catch {
    return []; // poison of another scenario
  }
}
