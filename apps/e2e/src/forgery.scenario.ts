import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { topicName, type Topic } from '@countersign/contracts';
import type { IntentToPublish, Person } from '@countersign/demo';
import { until, type StoredRecord } from '@countersign/testing';
import { altered, dataOf, resigned, send, strangerKey, withHeader, type Forgery } from './forge.js';
import type { World } from './world.js';

const SESSION = 'forgery';
const refund = (id: string, token: string, orderId: string, amount: string): IntentToPublish => ({
  id,
  tenant: 'acme',
  session: SESSION,
  token,
  data: {
    workflow: 'support-desk',
    session: SESSION,
    tool: 'issue_refund',
    arguments: { orderId, amount, currency: 'EUR', reason: 'damaged' },
  },
});

/** Copies of valid records that differ in the signature, the key or one signed field, sent straight onto their topics. */
export function forgeryScenario(open: () => World): void {
  it('commits nothing from forged warrants, decisions, approvals and results, shows each in audit, and commits the valid ones beside them', async () => {
    const world = open();
    const [alice, bob, audra] = await Promise.all(['alice', 'bob', 'audra'].map((user) => world.person(user)));
    const real = await realRecords(world, alice!, bob!);
    const executorKey = createPrivateKey(
      readFileSync(path.join(world.system.dataDir, 'keys/executor/sign.pem'), 'utf8'),
    );
    const warrants = [...forgedWarrants(real.warrant, executorKey), ...relabelled(real.escalated)];
    const approvals = forgedApprovals(real.granted, real.escalated, executorKey);
    const results = forgedResults(real.result, real.escalated);
    await send(world.plain, name(world, 'decisions'), warrants);
    await send(world.plain, name(world, 'approvals'), approvals);
    await send(world.plain, name(world, 'results'), results);

    // The valid ones, behind the forged ones in the same partitions.
    const [besideId = ''] = await world.product.publish(refund('beside', alice!.token, 'ord_12004', '12.00'));
    const beside = await alice!.intent(besideId, 30);
    const item = await bob!.approvalOf(real.pendingId);
    const answer = await bob!.decide(item!, 'approve', 'the real one');
    const pending = await alice!.intent(real.pendingId, 30);

    expect([beside?.actions.at(-1)?.outcome, answer.status, pending?.actions.at(-1)?.outcome]).toEqual([
      'committed',
      200,
      'committed',
    ]);
    const effects = (await world.helpdesk.ledger())
      .filter(({ record }) => /^ord_120\d\d$/.test(record))
      .map(({ record, amount }) => `${record} ${Number(amount)}`);
    expect(effects.sort()).toEqual(['ord_12001 12', 'ord_12002 400', 'ord_12003 400', 'ord_12004 12']);
    const forged = [...warrants, ...approvals, ...results];
    await auditShows(world, audra!, forged);
    console.log(
      `forged: ${forged.length} records (${forged.map((each) => each.name).join('; ')}), effects from them: 0`,
    );
  });
}

const name = (world: World, topic: Topic) => topicName(topic, world.system.topicPrefix);

async function find(world: World, topic: Topic, type: string, intentId: string): Promise<StoredRecord> {
  return until(
    async () =>
      (await world.plain.readAll(name(world, topic))).findLast(
        ({ headers }) => headers['ce_type'] === `countersign.${type}.v1` && headers['ce_correlationid'] === intentId,
      ),
    { what: `${type} of ${intentId}` },
  );
}

async function realRecords(world: World, alice: Person, bob: Person) {
  const [smallId = '', pendingId = '', approvedId = ''] = await world.product.publish(
    refund('small', alice.token, 'ord_12001', '12.00'),
    refund('pending', alice.token, 'ord_12002', '400.00'),
    refund('approved', alice.token, 'ord_12003', '400.00'),
  );
  const item = await bob.approvalOf(approvedId);
  await bob.decide(item!, 'approve', 'fine');
  await Promise.all([alice.intent(smallId, 30), alice.intent(approvedId, 30), bob.approvalOf(pendingId)]);
  return {
    pendingId,
    warrant: await find(world, 'decisions', 'action.approved', smallId),
    escalated: await find(world, 'decisions', 'action.escalated', pendingId),
    granted: await find(world, 'approvals', 'approval.granted', approvedId),
    result: await find(world, 'results', 'action.committed', approvedId),
  };
}

function forgedWarrants(real: StoredRecord, executorKey: ReturnType<typeof createPrivateKey>): Forgery[] {
  const fresh = (data: Record<string, unknown>, n: number) => {
    data['jti'] = `jti_forged_${n}`;
    data['idempotencyKey'] = `key_forged_${n}`;
    (data['arguments'] as Record<string, unknown>)['orderId'] = `ord_${12_050 + n}`;
  };
  const set = (path: string, value: unknown): Forgery => ({
    name: `${path} changed`,
    record: altered(real, (data) => {
      const parts = path.split('.');
      const last = parts.pop()!;
      const holder = parts.reduce((at, part) => at[part] as Record<string, unknown>, data);
      holder[last] = value;
    }),
  });
  const signature = real.headers['ce_signature'] ?? '';
  const flipped = signature.slice(0, -6) + (signature.at(-6) === 'A' ? 'B' : 'A') + signature.slice(-5);
  return [
    { name: 'signature flipped in one bit', record: withHeader(real, 'ce_signature', flipped) },
    {
      name: 'signature left out',
      record: withHeader(
        altered(real, (data) => fresh(data, 1)),
        'ce_signature',
        '',
      ),
    },
    {
      name: 'signed by a stranger',
      record: resigned(
        altered(real, (data) => fresh(data, 2)),
        strangerKey(),
      ),
    },
    {
      name: 'signed by the executor',
      record: resigned(
        altered(real, (data) => fresh(data, 3)),
        executorKey,
      ),
    },
    { name: 'old signature under new content', record: altered(real, (data) => fresh(data, 4)) },
    { name: 'another event id', record: withHeader(real, 'ce_id', 'evt_forged') },
    set('arguments.orderId', 'ord_12060'),
    set('arguments.amount', '49.00'),
    set('jti', 'jti_forged_field'),
    set('idempotencyKey', 'key_forged_field'),
    set('tenant', 'globex'),
    set('exp', 4_000_000_000),
    set('revision', 1),
    set('actionId', 'act_forged'),
  ];
}

/** A decision that policy did sign, sent as another type. */
function relabelled(escalated: StoredRecord): Forgery[] {
  return [
    {
      name: 'an escalation with one field changed',
      record: altered(escalated, (data) => (data['actionHash'] = 'forged')),
    },
  ];
}

function forgedApprovals(
  granted: StoredRecord,
  escalated: StoredRecord,
  executorKey: ReturnType<typeof createPrivateKey>,
): Forgery[] {
  const pending = dataOf(escalated);
  const aimed = altered(granted, (data) => {
    for (const field of ['intentId', 'actionId', 'revision', 'actionHash']) data[field] = pending[field];
  });
  const headers = {
    ...aimed.headers,
    ce_id: 'evt_forged_approval',
    ce_subject: String(pending['actionId']),
    ce_correlationid: String(pending['intentId']),
  };
  const aimedRecord = { ...aimed, headers };
  return [
    { name: 'an approval aimed at another action', record: aimedRecord },
    { name: 'an approval signed by a stranger', record: resigned(aimedRecord, strangerKey()) },
    { name: 'an approval signed by the executor', record: resigned(aimedRecord, executorKey) },
    {
      name: 'an approval by somebody else',
      record: altered(granted, (data) => (data['approver'] = { sub: 'carol', roles: ['support-lead'] })),
    },
  ];
}

function forgedResults(result: StoredRecord, escalated: StoredRecord): Forgery[] {
  const pending = dataOf(escalated);
  const aimed = altered(result, (data) => {
    data['intentId'] = pending['intentId'];
    data['actionId'] = pending['actionId'];
  });
  return [{ name: 'a result signed by a stranger', record: resigned(aimed, strangerKey()) }];
}

/** Each forged record stands in audit as such, found by the hash of its value and its event id. */
async function auditShows(world: World, audra: Person, forged: Forgery[]): Promise<void> {
  const { rows } = await until(
    async () => {
      const found = await world.owner.query<{ value: string; signature: string }>(
        "select value, signature from audit.records where signature in ('invalid', 'absent') and type like 'countersign.%'",
      );
      return found.rows.length >= forged.length && found;
    },
    { what: 'audit to flag the forged records', timeoutMs: 30_000 },
  );
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const flagged = new Set(rows.map(({ value }) => hash(value)));
  expect(
    forged.filter(({ record }) => !flagged.has(hash(record.value?.toString() ?? ''))).map((each) => each.name),
  ).toEqual([]);
  const intents = new Set(forged.map(({ record }) => record.headers['ce_correlationid'] ?? ''));
  let shown = 0;
  for (const intentId of intents) {
    const { body } = await audra.call('GET', `/v1/traces/${intentId}`);
    shown += (body as { forged?: unknown[] }).forged?.length ?? 0;
  }
  expect(shown).toBeGreaterThanOrEqual(forged.length);
}
