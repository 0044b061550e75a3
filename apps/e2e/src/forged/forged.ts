import { topicName } from '@countersign/contracts';
import type { ApprovalItem, IntentToPublish, LedgerEntry } from '@countersign/demo';
import { until, type StoredRecord } from '@countersign/testing';
import { doubtsOf, openDoubts, type Doubt } from '../doubts.js';
import type { Finding } from '../finding.js';
import { Player } from '../player.js';
import type { World } from '../world.js';
import { kindsOf, type Kind, type Patterns } from './forgeries.js';

const PENDING = 5;
const CONTROLS = 20;
const AT_ONCE = 250;
/** By so much a token may be judged late, and a little more. */
const CLOCKS_MAY_DIFFER_MS = 6_000;
/** An honest word is judged after the lies that were there before it, each of which policy opens and answers. */
const BEHIND_LIES_MS = 180_000;

/** Forged and replayed decisions and approvals among valid ones: only the valid ones have effects, and audit holds every one. */
export async function forged(world: World, total: number, run: string, say: (text: string) => void): Promise<Finding> {
  const player = await Player.open(world);
  try {
    const expired = await world.token('bob', 1);
    const isExpired = performance.now() + 1_000 + CLOCKS_MAY_DIFFER_MS;
    const booksFrom = (await world.helpdesk.ledger()).at(-1)?.seq ?? 0;
    const doubts = await doubtsToForge(world, run);
    const { patterns, items } = await patternsOf(world, player, run, doubts);
    // Two refunds and two tickets.
    const valid = 4;
    const kinds = await kindsOf(world, patterns, expired);
    const before = await audited(world);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, isExpired - performance.now())));
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
    const doubted = await isInDoubt(world, doubts.open);
    const ledger = (await world.helpdesk.ledger()).filter(({ seq }) => seq > booksFrom);
    const flaws = [
      ...judged(ledger, valid + controlIds.length, open, items.length),
      ...(doubted ? [] : ['a forgery settled a doubt']),
    ];
    await rejectAll(world, items);
    const said = performance.now();
    await settle(world, doubts.open);
    const behind = ((performance.now() - said) / 1_000).toFixed(1);
    return {
      figures: {
        'kinds of forgery': kinds.length,
        'forged or replayed warrants': sent.decisions,
        'forged or replayed approvals': sent.approvals,
        'valid controls beside them, each committed': controlIds.length,
        'effects of forgeries': Math.max(0, ledger.length - valid - controlIds.length),
        'items they aimed at, still open': `${open} of ${items.length}`,
        'the doubt they aimed at, still open': doubted ? 'yes' : 'no',
        'an honest verdict behind them, resolved after (s)': behind,
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
async function patternsOf(world: World, player: Player, run: string, doubts: Doubts) {
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
  const all = async (topic: 'decisions' | 'approvals' | 'results') =>
    world.plain.readAll(topicName(topic, world.system.topicPrefix));
  const [decisions, approvals, results] = await Promise.all([all('decisions'), all('approvals'), all('results')]);
  const find = (records: StoredRecord[], type: string, intentId: string) =>
    records.find(
      ({ headers }) => headers['ce_type'] === `countersign.${type}.v1` && headers['ce_correlationid'] === intentId,
    )!;
  const patterns: Patterns = {
    warrant: find(decisions, 'action.approved', ruled),
    granted: find(approvals, 'approval.granted', approved),
    pending: asked.map((id) => find(approvals, 'approval.opened', id)),
    verdicts: {
      said: find(approvals, 'approval.settled', doubts.settled.intentId),
      settled: find(decisions, 'action.settled', doubts.settled.intentId),
      doubt: find(results, 'action.in-doubt', doubts.open.intentId),
    },
  };
  return { patterns, items: items as ApprovalItem[] };
}

type Doubts = Record<'settled' | 'open', Doubt>;

/** One doubt that a person has settled, and one that nobody is to settle. */
async function doubtsToForge(world: World, run: string): Promise<Doubts> {
  const token = await world.token('alice');
  const ticket = { tenant: 'acme' as const, token, orderId: 'ord_19990', body: 'forgeries' };
  const of = (name: string) => ({ ...ticket, id: `forged-${run}-doubt-${name}` });
  const [settled, open] = (await doubtsOf(world, of('settled'), of('open'))) as [Doubt, Doubt];
  await settle(world, settled);
  return { settled, open };
}

/** Approval hears of a doubt a moment after it is listed. */
async function settle(world: World, { actionId, intentId }: Doubt): Promise<void> {
  const bob = await world.person('bob');
  const verdict = { outcome: 'committed', reason: 'it is there' };
  let answer: unknown;
  const say = async () => {
    const { status, body } = await bob.call('POST', `/v1/in-doubt/${actionId}/resolve`, verdict);
    answer = body;
    return status === 202;
  };
  await until(say, { what: () => `bob's verdict to be heard, not ${JSON.stringify(answer)}` });
  const isEnded = async () => (await bob.intent(intentId, 10))?.state === 'ended';
  await until(isEnded, { what: `${actionId} to be resolved by what bob said`, timeoutMs: BEHIND_LIES_MS });
}

const isInDoubt = async (world: World, { actionId }: Doubt) => (await openDoubts(world)).has(actionId);

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
