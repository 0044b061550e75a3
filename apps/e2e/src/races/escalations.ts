import { idempotencyKeyOf } from '@countersign/contracts';
import type { ApprovalItem, IntentToPublish } from '@countersign/demo';
import { until } from '@countersign/testing';
import { Player, type Seen } from '../player.js';
import type { World } from '../world.js';

/** An item of the queue, as its topic and the API tell it. */
export type Opened = ApprovalItem & { expiresAt: string };

/** What policy, people and the executor said of one action. */
interface Said {
  actionId: string;
  opened: string[];
  denied: string[];
  /** Warrants to commit: the arguments, and who approved. */
  commits: { arguments: Record<string, unknown>; approvers: number; revision: number }[];
  /** Warrants that came back unsent, for which another may be issued. */
  returned: number;
  ended: string[];
}

const RESULTS = ['committed', 'failed', 'blocked', 'in-doubt'];
const MOST_REVISIONS = 4;

/** Actions that wait for a person, and everything that is said of them on the topics. */
export class Escalations {
  private readonly said = new Map<string, Said>();

  private constructor(
    private readonly world: World,
    private readonly player: Player,
  ) {}

  static async open(world: World): Promise<Escalations> {
    const player = await Player.open(world);
    const escalations = new Escalations(world, player);
    player.onRecord((seen) => escalations.take(seen));
    return escalations;
  }

  close(): Promise<void> {
    return this.player.close();
  }

  /** Publishes them and answers their items once each is open. */
  async ask(intents: IntentToPublish[]): Promise<{ intentId: string; item: Opened }[]> {
    const ids = await this.world.product.publish(...intents);
    const bob = await this.world.person('bob');
    return Promise.all(
      ids.map(async (intentId) => {
        const approvalId = await until(() => this.said.get(intentId)?.opened.at(-1), {
          what: `an item of ${intentId}`,
          timeoutMs: 30_000,
        });
        return { intentId, item: await this.item(bob, approvalId) };
      }),
    );
  }

  private item(bob: Awaited<ReturnType<World['person']>>, approvalId: string): Promise<Opened> {
    const look = async () => {
      const { status, body } = await bob.call('GET', `/v1/approvals/${approvalId}`);
      return status === 200 && (body as Opened);
    };
    return until(look, { what: `the item ${approvalId}`, timeoutMs: 10_000 });
  }

  /** The item that took the place of another. */
  async nextItem(intentId: string, after: string): Promise<Opened> {
    const find = () => {
      const { opened = [] } = this.said.get(intentId) ?? {};
      return opened.at(-1) !== after && opened.at(-1);
    };
    const approvalId = await until(find, { what: `another item of ${intentId}`, timeoutMs: 20_000 });
    return this.item(await this.world.person('bob'), approvalId);
  }

  of(intentId: string): Said | undefined {
    return this.said.get(intentId);
  }

  /** Until each has come to its end. */
  async settled(intentIds: string[], timeoutMs = 60_000): Promise<void> {
    const open = () => intentIds.filter((id) => !this.player.ended.has(id));
    await until(() => open().length === 0, { what: () => `the end of ${open().slice(0, 5).join(', ')}`, timeoutMs });
  }

  /** One terminal decision each, and an effect only with a person's yes, of what that warrant says. */
  async flaws(name: string, intentIds: string[]): Promise<string[]> {
    const ledger = await this.world.helpdesk.ledger();
    const byKey = new Map<string, typeof ledger>();
    for (const entry of ledger) byKey.set(entry.idempotencyKey, [...(byKey.get(entry.idempotencyKey) ?? []), entry]);
    return intentIds.flatMap((intentId) => {
      const said = this.said.get(intentId);
      if (!said) return [`${name}: nothing was said of ${intentId}`];
      const keys = Array.from({ length: MOST_REVISIONS }, (_, n) => idempotencyKeyOf('acme', said.actionId, n));
      const effects = keys.flatMap((key) => byKey.get(key) ?? []);
      return flawsOf(said, effects).map((flaw) => `${name}: ${intentId}: ${flaw}`);
    });
  }

  private take({ type, intentId, data }: Seen): void {
    if (!/^countersign\.(approval\.opened|action\.)/.test(type)) return;
    const fresh = { actionId: '', opened: [], denied: [], commits: [], returned: 0, ended: [] };
    const said: Said = this.said.get(intentId) ?? fresh;
    this.said.set(intentId, said);
    said.actionId = String(data['actionId'] ?? said.actionId);
    const short = type.replace(/^countersign\.(action|approval)\.|\.v1$/g, '');
    if (short === 'opened') said.opened.push(String(data['approvalId']));
    if (short === 'denied') said.denied.push(String(data['code']));
    if (short === 'returned') said.returned += 1;
    if (RESULTS.includes(short)) said.ended.push(short);
    if (short === 'approved' && data['grant'] === 'commit')
      said.commits.push({
        arguments: data['arguments'] as Record<string, unknown>,
        approvers: (data['approvers'] as unknown[]).length,
        revision: Number(data['revision']),
      });
  }
}

function flawsOf(said: Said, effects: { amount?: string }[]): string[] {
  const yes = said.commits.length - said.returned;
  const flaws: string[] = [];
  if (Math.max(0, yes) + said.denied.length !== 1)
    flaws.push(`${said.commits.length} commits granted, ${said.returned} came back, ${said.denied.length} denials`);
  if (said.commits.some(({ approvers }) => approvers === 0)) flaws.push('a commit was granted without a person');
  const committed = said.ended.includes('committed') ? 1 : 0;
  if (effects.length !== committed) flaws.push(`${effects.length} effects, ${committed} commits said`);
  const [last, effect] = [said.commits.at(-1), effects[0]];
  if (effect && !last) flaws.push('an effect without a warrant');
  const amount = last?.arguments['amount'];
  if (effect?.amount !== undefined && Number(effect.amount) !== Number(amount))
    flaws.push(`the effect is ${effect.amount}, the warrant says ${String(amount)}`);
  return flaws;
}
