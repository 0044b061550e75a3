import { idempotencyKeyOf, intentIdOf } from '@countersign/contracts';
import type { IntentToPublish } from '@countersign/demo';
import type { Player } from '../player.js';
import { calls, putScript, Target } from '../target.js';
import type { World } from '../world.js';
import { declaredFlaws, type Prompts } from './prompts.js';

/** So long the model thinks while the world moves: longer than what it was shown is fresh. */
const THINKS_MS = 2_500;

export interface Stage {
  world: World;
  player: Player;
  prompts: Prompts;
  alice: string;
  run: string;
  /** Of each read tool, the fields its source declares, by workflow and tool. */
  declared(workflow: string, tool: string): string[];
}

/** Plays a script of the model's while `meanwhile` happens between its first action's result and its next turn's end. */
async function played(
  stage: Stage,
  name: string,
  workflow: string,
  { asks, script }: { asks: string; script: object[] },
  meanwhile: () => Promise<unknown>,
): Promise<{ intentId: string; readVersion: string }> {
  const { world, player, alice, run } = stage;
  const session = `context-${name}-${run}`;
  await putScript(world, session, script);
  const text = `${asks} [[script ${session}]]`;
  const intent: IntentToPublish = {
    id: session,
    tenant: 'acme',
    session,
    token: alice,
    data: { workflow, session, text },
  };
  const intentId = intentIdOf('acme', '/e2e', session);
  let readVersion = '';
  const isRead = new Promise<void>((resolve) => {
    player.onRecord(({ type, intentId: of, data }) => {
      if (of !== intentId || type !== 'countersign.action.read.v1') return;
      readVersion ||= (data['recordsRead'] as { version: string }[])[0]?.version ?? '';
      resolve();
    });
  });
  const playing = player.play([intent], { timeoutMs: 60_000 });
  await Promise.race([isRead, playing]);
  await meanwhile();
  await playing;
  return { intentId, readVersion };
}

/**
 * A record changes between two turns. The workflow is a generated one whose source is fresh for less than the model thinks, so
 * the prompt of the last turn must hold the new version, each field with where it comes from.
 */
export async function movedBetweenTurns(stage: Stage, workflow: string): Promise<string[]> {
  const target = new Target(stage.world, 'acme');
  const [orderId, other] = ['ord_14901', 'ord_14902'];
  const script = [
    calls(['get_order', { orderId }]),
    { ...calls(['get_order', { orderId: other }]), delayMs: THINKS_MS },
    { content: 'I have looked at both.' },
  ];
  const { intentId, readVersion } = await played(stage, 'turns', workflow, { asks: 'Look at both.', script }, () =>
    target.change('PATCH', `/v1/orders/${orderId}`, { status: 'shipped' }),
  );
  const declared = stage.declared(workflow, 'get_order');
  const fields = stage.prompts.fields(intentId, 2);
  const shown = fields
    .filter(({ id, type }) => id === orderId && type === 'order')
    .map(({ version, path, value }) => `v${version}${path === 'status' ? ` ${value}` : ''}`);
  const holds = [...new Set(shown)].sort().join(', ');
  return [
    ...(readVersion === '1' ? [] : [`the first turn read version ${readVersion}, not 1`]),
    ...(holds === 'v2, v2 "shipped"'
      ? []
      : [`the prompt of the turn after the change holds ${holds || 'nothing of the order'}, not version 2 alone`]),
    ...declaredFlaws(fields, { type: 'order', id: orderId }, declared),
    ...declaredFlaws(fields, { type: 'order', id: other }, declared),
  ];
}

/** A record changes between its read and the commit that rests on it: nothing is done on the old version, and then on the new. */
export async function movedBeforeCommit(stage: Stage): Promise<string[]> {
  const target = new Target(stage.world, 'acme');
  const orderId = 'ord_14903';
  const refund = ['issue_refund', { orderId, amount: '18.00', currency: 'EUR', reason: 'as I read it' }] as [
    string,
    object,
  ];
  const script = [
    calls(['get_order', { orderId }]),
    { ...calls(refund), delayMs: THINKS_MS },
    calls(['get_order', { orderId }]),
    calls(refund),
    { content: 'Refunded 18.00 EUR.' },
  ];
  const asks = `Refund 18 EUR of ${orderId}.`;
  const { intentId } = await played(stage, 'commit', 'support-desk', { asks, script }, () =>
    target.change('PATCH', `/v1/orders/${orderId}`, { total: '900.00' }),
  );
  return refundedOnceAnew(stage.world, intentId, orderId);
}

async function refundedOnceAnew(world: World, intentId: string, orderId: string): Promise<string[]> {
  const alice = await world.person('alice');
  const actions = (await alice.intent(intentId, 10))?.actions ?? [];
  const [stale, again] = actions.filter(({ tool }) => tool === 'issue_refund');
  const ledger = (await world.helpdesk.ledger()).filter(({ record, kind }) => record === orderId && kind === 'refund');
  const keys = ledger.map(({ idempotencyKey }) => idempotencyKey).join();
  const flaws: [boolean, string][] = [
    [stale?.code !== 'STALE_CONTEXT', `the refund on what had moved ended ${stale?.outcome} ${stale?.code}`],
    [again?.outcome !== 'committed', `planned anew, the refund ended ${again?.outcome} ${again?.code}`],
    [
      keys !== idempotencyKeyOf('acme', again?.actionId ?? '', 0),
      `${ledger.length} refunds stand in the ledger, not the one on the new version alone`,
    ],
  ];
  return flaws.filter(([wrong]) => wrong).map(([, flaw]) => flaw);
}
