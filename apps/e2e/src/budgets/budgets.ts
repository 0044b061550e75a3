import { intentIdOf } from '@countersign/contracts';
import type { IntentToPublish } from '@countersign/demo';
import { until } from '@countersign/testing';
import { percentile } from '../bench/statistics.js';
import type { Finding } from '../finding.js';
import { RATIONS } from '../generated.js';
import { Player } from '../player.js';
import type { World } from '../world.js';

/** Who races for what: each in a session of its own. */
interface Race {
  name: keyof typeof RATIONS;
  workflow: string;
  users: string[];
}

const RACES: Race[] = [
  { name: 'user', workflow: 'rationed-desk', users: ['alice'] },
  { name: 'tenant', workflow: 'rationed-desk', users: ['bob', 'carol', 'alice'] },
  { name: 'tool', workflow: 'tooled-desk', users: ['alice', 'bob', 'carol'] },
];
/** A neighbour asks so often, so many times, alone and beside the racers. */
const NEIGHBOUR = { perSecond: 20, long: 100, short: 10 };
const MOST_SLOWER = 2;

/** `racers` at the same time on each budget; a neighbour tenant is timed alone and beside them. */
export async function budgets(world: World, racers: number, run: string, isLong: boolean): Promise<Finding> {
  const player = await Player.open(world);
  const figures: Finding['figures'] = {};
  const flaws: string[] = [];
  try {
    const times = isLong ? NEIGHBOUR.long : NEIGHBOUR.short;
    const alone = await neighbour(world, player, `${run}-alone`, times);
    const beside = neighbour(world, player, `${run}-beside`, times);
    let tenantHas = 0;
    for (const { name, workflow, users } of RACES) {
      const { passed, limited, other } = await race(world, player, { workflow, users, racers, run: `${run}-${name}` });
      // Of the tenant's budget the users' race has taken its part, and alice has none left.
      const expected =
        name === 'tenant' ? Math.min(RATIONS.tenant, tenantHas + 2 * RATIONS.user) - tenantHas : RATIONS[name];
      if (workflow === 'rationed-desk') tenantHas += passed;
      figures[`per ${name}: passed of ${racers}`] = passed;
      if (passed !== expected) flaws.push(`per ${name}: ${passed} passed, not ${expected}`);
      if (passed + limited !== racers)
        flaws.push(`per ${name}: ${racers - passed - limited} ended otherwise: ${other}`);
    }
    const took = await beside;
    const [quiet, busy] = [percentile(alone, 0.95), percentile(took, 0.95)];
    figures['neighbour p95 alone / beside, ms'] = `${quiet.toFixed(0)} / ${busy.toFixed(0)}`;
    figures['neighbour p95, times its own'] = (busy / quiet).toFixed(2);
    if (isLong && busy > MOST_SLOWER * quiet)
      flaws.push(`a neighbour's p95 is ${(busy / quiet).toFixed(2)} times its own`);
    flaws.push(...(await keptFlaws(world, player, run)));
    return { figures, flaws };
  } finally {
    await player.close();
  }
}

interface Racing {
  workflow: string;
  users: string[];
  racers: number;
  run: string;
}

async function race(world: World, player: Player, { workflow, users, racers, run }: Racing) {
  const tokens = await Promise.all(users.map((user) => world.token(user)));
  const intents = Array.from({ length: racers }, (_, n) =>
    ticket(workflow, 'acme', tokens[n % tokens.length]!, `${run}-${n}`, `ord_${18_000 + (n % 900)}`),
  );
  const ids = await world.product.publish(...intents);
  await until(() => ids.every((id) => player.ended.has(id)), { what: `the racers of ${run}`, timeoutMs: 60_000 });
  const ends = ids.map((id) => player.ended.get(id)?.reply?.actions[0]);
  const limited = ends.filter((end) => end?.code === 'RATE_LIMITED');
  const passed = ends.filter((end) => end?.outcome === 'committed');
  const other = ends.find((end) => end?.outcome !== 'committed' && end?.code !== 'RATE_LIMITED');
  return { passed: passed.length, limited: limited.length, other: JSON.stringify(other) };
}

/** Another session, another day's worth of trying, policy killed meanwhile: the budget is still used up, and says until when. */
async function keptFlaws(world: World, player: Player, run: string): Promise<string[]> {
  const [pid] = world.system.pids()['policy'] ?? [];
  if (pid) process.kill(pid, 'SIGKILL');
  const alice = await world.person('alice');
  const again = ticket('rationed-desk', 'acme', alice.token, `${run}-again`, 'ord_18901');
  const [intentId = ''] = await world.product.publish(again);
  await until(() => player.ended.has(intentId), { what: 'the one after the restart', timeoutMs: 60_000 });
  const state = await alice.intent(intentId, 10);
  const action = state?.actions[0] as { code?: string; actionId: string } | undefined;
  const { body } = await alice.call('GET', `/v1/actions/${action?.actionId}`);
  const { retryAt } = body as { retryAt?: string };
  const midnight = new Date();
  midnight.setUTCHours(24, 0, 0, 0);
  return [
    ...(action?.code === 'RATE_LIMITED' ? [] : [`after a restart another one was ${action?.code}`]),
    ...(Date.parse(retryAt ?? '') === midnight.getTime() ? [] : [`it is to be asked again ${String(retryAt)}`]),
  ];
}

/** How long each of another tenant's requests took from being published to its reply, sorted, in ms. */
async function neighbour(world: World, player: Player, run: string, times: number): Promise<number[]> {
  const erin = await world.token('erin');
  const published = new Map<string, number>();
  const took: number[] = [];
  const stop = player.onRecord(({ type, intentId }) => {
    const from = published.get(intentId);
    if (type === 'countersign.reply.sent.v1' && from !== undefined) took.push(performance.now() - from);
  });
  for (let n = 0; n < times; n++) {
    const data = { orderId: 'ord_2001' };
    const session = `neighbour-${run}-${n}`;
    published.set(intentIdOf('globex', world.product.source, session), performance.now());
    await world.product.publish({
      ...{ id: session, tenant: 'globex', session, token: erin },
      data: { workflow: 'support-desk', session, tool: 'get_order', arguments: data },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000 / NEIGHBOUR.perSecond));
  }
  await until(() => took.length === times, { what: `the neighbour of ${run}`, timeoutMs: 30_000 });
  stop();
  return took.sort((a, b) => a - b);
}

function ticket(workflow: string, tenant: string, token: string, session: string, orderId: string): IntentToPublish {
  const args = { orderId, subject: 'a race', body: 'for the budget', urgency: 'normal' };
  return { id: session, tenant, session, token, data: { workflow, session, tool: 'open_ticket', arguments: args } };
}
