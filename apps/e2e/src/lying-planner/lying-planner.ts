import { actionIdOf, idempotencyKeyOf, intentIdOf } from '@countersign/contracts';
import type { IntentToPublish, LedgerEntry } from '@countersign/demo';
import { until } from '@countersign/testing';
import type { Finding } from '../finding.js';
import { Player, type Seen } from '../player.js';
import { putScript } from '../target.js';
import { crashes, vitals } from '../vitals.js';
import type { World } from '../world.js';
import { backDated } from './back-dated.js';
import { Liar, refundOf, type Victim } from './liar.js';
import { flood, FLOOD, HONEST, signedLies, unsignedLies, type Victims } from './lies.js';

/** Policy lets an intent propose this often. */
const MOST_PROPOSALS = 32;
/** So long the real planner's model thinks about the intents that are lied about: they stay open meanwhile. */
const OPEN_MS = 12_000;

/** Lies with the planner's own key, beside the planner, and without it; holds the ledger against what each intent allows. */
export async function lyingPlanner(world: World, run: string): Promise<Finding> {
  const player = await Player.open(world);
  const heard = new Heard(player);
  try {
    const liar = new Liar(world);
    const before = await vitals(world);
    const expiring = await world.token('alice', 1);
    const booksFrom = (await world.helpdesk.ledger()).at(-1)?.seq ?? 0;
    const stage = await Stage.set(world, player, heard, run);
    const { lies, forged } = await attack(liar, stage);
    const last = await fence(liar, stage, heard);
    const ledger = (await world.helpdesk.ledger()).filter(({ seq }) => seq > booksFrom);
    await stage.close();
    const flaws = [...judged(ledger, stage, last), ...(await backDated(world, expiring, run))];
    return {
      figures: {
        'lies with the planner’s key': lies,
        'lies with no key or another': forged,
        'proposals on one intent': FLOOD,
        'effects of these': ledger.filter((entry) => floodKeys(stage.flooded).has(entry.idempotencyKey)).length,
        'effects beyond authority': flaws.length,
      },
      flaws: [...flaws, ...(await crashes(world, before))],
    };
  } finally {
    await player.close();
  }
}

async function attack(liar: Liar, { victims, flooded, fence }: Stage): Promise<{ lies: number; forged: number }> {
  const honest = liar.signed(liar.proposal(victims.open, { index: HONEST, arguments: refundOf('ord_11100', '5.00') }));
  const lies = signedLies(liar, victims);
  const forged = unsignedLies(liar, victims.open);
  // Nobody signed it: the intent must stay open for the honest proposal behind everything.
  await liar.publish('replies', liar.reply(fence));
  const told = [...lies, ...forged].map(({ record }) => record);
  await liar.publish('proposals', honest, honest, ...told, ...flood(liar, flooded));
  return { lies: lies.length, forged: forged.length + 1 };
}

/** Behind all the lies of the partition; when it has its end, and so has all that was granted, nothing more can come. */
async function fence(liar: Liar, { fence: victim, intentIds }: Stage, heard: Heard): Promise<string> {
  await liar.publish('proposals', liar.signed(liar.proposal(victim, { arguments: refundOf('ord_11101', '5.00') })));
  const actionId = actionIdOf(victim.intentId, 0, HONEST);
  await until(() => heard.finished.has(actionId) && heard.unfinished(intentIds).length === 0, {
    what: () => `the end of the last honest proposal and of ${heard.unfinished(intentIds).length} granted ones`,
    timeoutMs: 60_000,
  });
  return idempotencyKeyOf('acme', actionId, 0);
}

const floodKeys = ({ intentId }: Victim) =>
  new Set(Array.from({ length: FLOOD }, (_, n) => idempotencyKeyOf('acme', actionIdOf(intentId, 0, 1_000 + n), 0)));

function judged(ledger: LedgerEntry[], { victims, flooded }: Stage, fenceKey: string): string[] {
  const honest = idempotencyKeyOf('acme', actionIdOf(victims.open.intentId, 0, HONEST), 0);
  const flooding = floodKeys(flooded);
  const [allowed, many] = [new Set([honest, fenceKey]), ledger.filter(({ idempotencyKey: key }) => flooding.has(key))];
  const beyond = ledger.filter(({ idempotencyKey: key }) => !allowed.has(key) && !flooding.has(key));
  const missing = [...allowed].filter(
    (key) => ledger.filter(({ idempotencyKey }) => idempotencyKey === key).length !== 1,
  );
  return [
    ...beyond.map(
      ({ kind, tenant, record, amount }) => `a lie had an effect: ${kind} on ${tenant}'s ${record}, ${amount}`,
    ),
    ...missing.map(
      (key) => `an honest proposal, with the same key and form as the lies, has not exactly one effect: ${key}`,
    ),
    ...(many.length > MOST_PROPOSALS ? [`${many.length} effects of one intent; at most ${MOST_PROPOSALS}`] : []),
    ...(many.length === 0 ? ['not one of the proposals on one intent counted: they have shown nothing'] : []),
  ];
}

/** Which actions were granted a commit or a preview, and which have got their result. */
class Heard {
  readonly accepted = new Set<string>();
  readonly finished = new Set<string>();
  /** By its warrant's id, the intent it is of. */
  readonly #granted = new Map<string, string>();

  constructor(player: Player) {
    player.onRecord((seen) => this.take(seen));
  }

  unfinished(intentIds: ReadonlySet<string>): string[] {
    return [...this.#granted].filter(([jti, id]) => intentIds.has(id) && !this.finished.has(jti)).map(([jti]) => jti);
  }

  private take({ topic, type, intentId, data }: Seen): void {
    if (type === 'countersign.intent.accepted.v1') this.accepted.add(intentId);
    if (type === 'countersign.action.approved.v1') this.#granted.set(String(data['jti']), intentId);
    if (topic === 'results') for (const name of ['jti', 'actionId']) this.finished.add(String(data[name]));
  }
}

/** What the lies are about is the user's own wish: no rule on what a model makes up stands before the defences that are shown here. */
const WANTED = [
  ...Array.from({ length: 100 }, (_, n) => `ord_${10_000 + n}`),
  ...Array.from({ length: 30 }, (_, n) => `ord_${11_000 + n}`),
  ...['ord_11100', 'ord_11101', 'ord_1009', 'ord_2001', 'cus_5098', '1.00', '5.00', '6.00', '400.00', '5000.00'],
].join(' and ');
const SLOW = 'lied-about';
const QUICK = 'soon-over';

/** The intents that are lied about, and the real planner busy with those that must stay open. */
class Stage {
  private constructor(
    readonly victims: Victims,
    readonly flooded: Victim,
    readonly fence: Victim,
    private readonly played: Promise<unknown>,
  ) {}

  get intentIds(): ReadonlySet<string> {
    return new Set(
      [...Object.values(this.victims as unknown as Record<string, Victim>), this.flooded, this.fence].map(
        ({ intentId }) => intentId,
      ),
    );
  }

  static async set(world: World, player: Player, heard: Heard, run: string): Promise<Stage> {
    await putScript(world, SLOW, [{ delayMs: OPEN_MS, content: 'I have nothing to add.' }]);
    await putScript(world, QUICK, [{ content: 'That was it.' }]);
    const [alice, erin, sam] = await Promise.all(['alice', 'erin', 'sam'].map((user) => world.token(user)));
    const make = (name: string, token: string, tenant: string, data: object): IntentToPublish => {
      const session = `lies-${name}-${run}`;
      const all = { workflow: 'support-desk', session, ...data } as IntentToPublish['data'];
      return { id: session, tenant, session, token, data: all };
    };
    const text = (script: string) => ({ text: `Think about ${WANTED}. [[script ${script}]]` });
    const read = { tool: 'get_order', arguments: { orderId: 'ord_1001' } };
    const over = [
      make('ended', alice!, 'acme', text(QUICK)),
      make('action', alice!, 'acme', read),
      make('refused', sam!, 'acme', text(QUICK)),
    ];
    await player.play(over);
    const open = ['open', 'flooded', 'fence'].map((name) => make(name, alice!, 'acme', text(SLOW)));
    const next = make('neighbour', erin!, 'globex', text(SLOW));
    const people = [await world.person('bob')];
    const played = player.play([...open, next], { people, answer: () => 'reject' });
    const victim = ({ id, tenant, session }: IntentToPublish): Victim => ({
      ...{ intentId: intentIdOf(tenant, '/e2e', id), tenant, session },
      actor: tenant === 'acme' ? 'alice' : 'erin',
    });
    const [main, flooded, fenced, neighbour] = [...open, next].map(victim) as [Victim, Victim, Victim, Victim];
    const [ended, action, refused] = over.map(victim) as [Victim, Victim, Victim];
    await until(() => [main, flooded, fenced, neighbour].every(({ intentId }) => heard.accepted.has(intentId)), {
      what: 'the intents to be accepted',
    });
    return new Stage({ open: main, ended, action, refused, neighbour }, flooded, fenced, played);
  }

  async close(): Promise<void> {
    await this.played;
  }
}
