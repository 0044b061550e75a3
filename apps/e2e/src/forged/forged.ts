import { topicName } from '@countersign/contracts';
import type { ApprovalItem, IntentToPublish, LedgerEntry } from '@countersign/demo';
import { until, type StoredRecord } from '@countersign/testing';
import type { Finding } from '../finding.js';
import { Player } from '../player.js';
import type { World } from '../world.js';
import { kindsOf, type Kind, type Patterns } from './forgeries.js';

const PENDING = 5;
const CONTROLS = 20;
const AT_ONCE = 250;

/** Forged and replayed decisions and approvals among valid ones: only the valid ones have effects, and audit holds every one. */
export async function forged(world: World, total: number, run: string, say: (text: string) => void): Promise<Finding> {
  const player = await Player.open(world);
  try {
    const booksFrom = (await world.helpdesk.ledger()).at(-1)?.seq ?? 0;
    const { patterns, items, valid } = await patternsOf(world, player, run);
    const kinds = await kindsOf(world, patterns);
    const before = await audited(world);
    // The token of the expired ones lasts a second.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const controls = play(world, player, run);
    await sendAll(world, kinds, total, say);
    const controlIds = await controls;
    const sent = { decisions: 0, approvals: 0 };
    for (let n = 0; n < total; n++) sent[kinds[n % kinds.length]!.topic] += 1;
    await until(async () => (await audited(world)) >= before + total, {
      what: 'audit to hold every forged record',
      timeoutMs: 120_000,
    });
    const open = await stillOpen(world, items);
    const ledger = (await world.helpdesk.ledger()).filter(({ seq }) => seq > booksFrom);
    const flaws = judged(ledger, valid + controlIds.length, open, items.length);
    await rejectAll(world, items);
    return {
      figures: {
        'kinds of forgery': kinds.length,
        'forged or replayed warrants': sent.decisions,
        'forged or replayed approvals': sent.approvals,
        'valid controls beside them, each committed': controlIds.length,
        'effects of forgeries': Math.max(0, ledger.length - valid - controlIds.length),
        'items they aimed at, still open': `${open} of ${items.length}`,
      },
      flaws,
    };
  } finally {
    await player.close();
  }
}

const refund = (token: string, run: string, n: number, amount: string): IntentToPublish => {
  const session = `forged-${run}-${amount}-${n}`;
  const args = { orderId: `ord_${19_900 + (n % 90)}`, amount, currency: 'EUR', reason: 'forgeries' };
  const data = { workflow: 'support-desk', session, tool: 'issue_refund', arguments: args };
  return { id: session, tenant: 'acme', session, token, data };
};

/** A refund by rule, one by a person, and some that wait. */
async function patternsOf(world: World, player: Player, run: string) {
  const [alice, bob] = await Promise.all([world.person('alice'), world.person('bob')]);
  const [ruled = '', approved = ''] = await world.product.publish(
    refund(alice.token, run, 0, '1.01'),
    refund(alice.token, run, 1, '60.01'),
  );
  const asked = await world.product.publish(
    ...Array.from({ length: PENDING }, (_, n) => refund(alice.token, run, 2 + n, '60.02')),
  );
  const item = await bob.approvalOf(approved, 30_000);
  await bob.decide(item!, 'approve', 'the real one');
  const items = await Promise.all(asked.map((id) => bob.approvalOf(id, 30_000)));
  await until(() => [ruled, approved].every((id) => player.ended.has(id)), { what: 'the patterns', timeoutMs: 30_000 });
  const all = async (topic: 'decisions' | 'approvals') =>
    world.plain.readAll(topicName(topic, world.system.topicPrefix));
  const [decisions, approvals] = await Promise.all([all('decisions'), all('approvals')]);
  const find = (records: StoredRecord[], type: string, intentId: string) =>
    records.find(
      ({ headers }) => headers['ce_type'] === `countersign.${type}.v1` && headers['ce_correlationid'] === intentId,
    )!;
  const patterns: Patterns = {
    warrant: find(decisions, 'action.approved', ruled),
    granted: find(approvals, 'approval.granted', approved),
    pending: asked.map((id) => find(approvals, 'approval.opened', id)),
  };
  return { patterns, items: items as ApprovalItem[], valid: 2 };
}

/** Refunds by rule that go on beside the lies. */
async function play(world: World, player: Player, run: string): Promise<string[]> {
  const token = await world.token('alice');
  const intents = Array.from({ length: CONTROLS }, (_, n) => refund(token, run, n, '2.03'));
  const ids: string[] = [];
  for (const intent of intents) {
    ids.push(...(await world.product.publish(intent)));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await until(() => ids.every((id) => player.ended.has(id)), { what: 'the valid controls', timeoutMs: 120_000 });
  return ids;
}

async function sendAll(world: World, kinds: Kind[], total: number, say: (text: string) => void): Promise<void> {
  for (let from = 0; from < total; from += AT_ONCE) {
    const made = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, total - from) }, async (_, index) => {
        const n = from + index;
        const kind = kinds[n % kinds.length]!;
        return { topic: kind.topic, record: await kind.make(Math.floor(n / kinds.length)), twice: n % 97 === 0 };
      }),
    );
    for (const topic of ['decisions', 'approvals'] as const) {
      const records = made.filter((one) => one.topic === topic).map(({ record, twice }) => written(record, twice));
      await world.plain.produce(topicName(topic, world.system.topicPrefix), ...records);
    }
    if (from % 2_500 === 0) say(`${from + made.length} of ${total} forgeries`);
  }
}

/** `twice`: the signature stands in two headers, so that two readers might take different ones. */
function written({ key, value, headers, partition }: StoredRecord, twice: boolean) {
  const { ce_signature: signature = '', ...rest } = headers;
  const doubled = twice ? { ce_signature: [signature, signature] } : { ce_signature: signature };
  return { key: key ?? null, value, partition, headers: { ...rest, ...doubled } };
}

async function audited(world: World): Promise<number> {
  const { rows } = await world.owner.query<{ n: string }>(
    "select count(*) as n from audit.records where topic in ('decisions', 'approvals')",
  );
  return Number(rows[0]?.n);
}

async function stillOpen(world: World, items: ApprovalItem[]): Promise<number> {
  const bob = await world.person('bob');
  const seen = await Promise.all(items.map(({ approvalId }) => bob.call('GET', `/v1/approvals/${approvalId}`)));
  return seen.filter(({ body }) => (body as ApprovalItem).status === 'open').length;
}

/** What waits is answered, so that nothing of this run waits on. */
async function rejectAll(world: World, items: ApprovalItem[]): Promise<void> {
  const carol = await world.person('carol');
  await Promise.all(items.map((item) => carol.decide(item, 'reject', 'aimed at by forgeries')));
}

function judged(ledger: LedgerEntry[], expected: number, open: number, items: number): string[] {
  const keys = new Set(ledger.map(({ idempotencyKey }) => idempotencyKey));
  return [
    ...(ledger.length > expected ? [`${ledger.length - expected} effects beyond the valid ones`] : []),
    ...(ledger.length < expected ? [`${expected - ledger.length} valid ones have no effect`] : []),
    ...(keys.size < ledger.length ? ['an effect was made twice'] : []),
    ...(open < items ? [`${items - open} items were decided by a forgery`] : []),
  ];
}
