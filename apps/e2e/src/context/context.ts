import type { Finding } from '../finding.js';
import { Player } from '../player.js';
import type { World } from '../world.js';
import { movedBeforeCommit, movedBetweenTurns, type Stage } from './moving.js';
import { Prompts } from './prompts.js';
import { secretsStayHidden } from './secrets.js';

interface View {
  workflow: string;
  name: string;
  source: { fields: Record<string, string> } | null;
}

/** What the model is shown is declared, fresh, and says where it comes from; what is not declared or is sealed is nowhere. */
export async function context(world: World, run: string, generated: string): Promise<Finding> {
  const player = await Player.open(world);
  try {
    const alice = await world.person('alice');
    const tools = ((await alice.call('GET', '/v1/tools')).body as { data: View[] }).data;
    const declared = (workflow: string, tool: string) =>
      Object.keys(tools.find((view) => view.workflow === workflow && view.name === tool)?.source?.fields ?? {});
    const stage: Stage = { world, player, prompts: new Prompts(player), alice: alice.token, run, declared };
    const [turns, commit] = await Promise.all([movedBetweenTurns(stage, generated), movedBeforeCommit(stage)]);
    const secrets = await secretsStayHidden(stage);
    const missing = ['get_order', 'get_customer'].filter((tool) => declared('support-desk', tool).length === 0);
    return {
      figures: { 'records, logs and prompts searched': secrets.places, secrets: 6 },
      flaws: [...missing.map((tool) => `${tool} has no source`), ...turns, ...commit, ...secrets.flaws],
    };
  } finally {
    await player.close();
  }
}
