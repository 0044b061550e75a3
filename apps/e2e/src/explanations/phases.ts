import { intentIdOf } from '@countersign/contracts';
import type { Person } from '@countersign/demo';
import type { Player } from '../player.js';
import { putScript } from '../target.js';
import type { World } from '../world.js';
import { PHASES, type Asked, type Phase } from './kinds.js';
import type { People } from './people.js';

export const SWITCH = 'tool/create_ticket';
export const TRIPPED_FOR = 'too many tickets';
const WINDOW = 40;

interface Stage {
  world: World;
  player: Player;
  people: People;
  sam: Person;
  ruth: Person;
  bob: Person;
  seed: number;
}

/** Plays them phase by phase, each in the world it is meant for, until all have ended. */
export async function play(stage: Stage, all: readonly Asked[], say: (text: string) => void): Promise<void> {
  const playing = { on: true };
  const working = Promise.all([stage.people.work(playing), settle(stage, all, playing)]);
  try {
    for (const { script } of all) if (script) await putScript(stage.world, script.name, script.entries);
    for (const phase of PHASES) {
      const some = all.filter(({ kind }) => kind.phase === phase);
      if (some.length === 0) continue;
      say(`${some.length} intents: ${phase}`);
      const over = await begin(stage, phase, some.length);
      try {
        await stage.player.play(
          some.map(({ intent }) => intent),
          { window: WINDOW },
        );
      } finally {
        await over();
      }
    }
  } finally {
    playing.on = false;
    await working;
  }
}

/** Makes the world what a phase needs, and answers what puts it right again. */
async function begin({ world, sam, ruth, seed }: Stage, phase: Phase, count: number): Promise<() => Promise<void>> {
  switch (phase) {
    case 'plain':
      return () => Promise.resolve();
    case 'faults':
      await world.helpdesk.faults({ dropAnswer: 0.3, status: 503, statusRate: 0.1, seed });
      return () => world.helpdesk.faults({});
    case 'killed': {
      const path = `/v1/control/kill/${encodeURIComponent(SWITCH)}`;
      await put(sam, path, { killed: true, reason: TRIPPED_FOR, waitSeconds: 20 });
      return () => put(sam, path, { killed: false, reason: 'it is over', waitSeconds: 20 });
    }
    case 'drafts': {
      const set = (to: string) =>
        put(ruth, '/v1/control/stage/support-desk', { stage: to, tenant: 'globex', reason: 'a look', waitSeconds: 20 });
      await set('draft-only');
      return () => set('scoped');
    }
    case 'lost':
      await world.helpdesk.faults({ dropNext: count });
      return () => world.helpdesk.faults({});
    default:
      return phase satisfies never;
  }
}

async function put(person: Person, path: string, body: object): Promise<void> {
  const answer = await person.call('PUT', path, body);
  if (answer.status !== 200) throw new Error(`PUT ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

interface Doubt {
  actionId: string;
  intentId: string;
}

/** Bob says of each doubt of these that it was done, as it was. */
async function settle({ bob, people }: Stage, all: readonly Asked[], playing: { on: boolean }): Promise<void> {
  const ours = new Set(all.map(({ intent }) => intentIdOf(intent.tenant, '/e2e', intent.id)));
  const settled = new Set<string>();
  while (playing.on) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const { status, body } = await bob.call('GET', '/v1/in-doubt?limit=200');
    const doubts = status === 200 ? (body as { data: Doubt[] }).data : [];
    for (const { actionId } of doubts.filter((doubt) => ours.has(doubt.intentId) && !settled.has(doubt.actionId))) {
      const reason = people.reason(bob.name);
      const verdict = { outcome: 'committed', reason };
      const answer = await bob.call('POST', `/v1/in-doubt/${actionId}/resolve`, verdict);
      if (answer.status >= 300) continue;
      settled.add(actionId);
      people.note(actionId, { who: bob.name, said: 'committed', reason });
    }
  }
}
