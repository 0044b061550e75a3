import { actionIdOf } from '@countersign/contracts';
import type { IntentToPublish } from '@countersign/demo';
import { until } from '@countersign/testing';
import { DOUBTFUL } from './generated.js';
import type { World } from './world.js';

/** A ticket that was opened, of which Countersign does not know that. */
export interface Doubt {
  intentId: string;
  actionId: string;
}

export interface Ticket {
  id: string;
  tenant: 'acme' | 'globex';
  token: string;
  orderId: string;
  body: string;
}

const asked = ({ id, tenant, token, orderId, body }: Ticket): IntentToPublish => ({
  ...{ id, tenant, session: id, token },
  data: {
    ...{ workflow: DOUBTFUL, session: id, tool: 'open_ticket' },
    arguments: { orderId, subject: 'Nobody knows', body, urgency: 'normal' },
  },
});

/** Tickets whose answers are lost, opened by a tool that can neither send again nor look: in doubt until a person says. */
export async function doubtsOf(world: World, ...tickets: Ticket[]): Promise<Doubt[]> {
  await world.helpdesk.faults({ dropNext: tickets.length });
  const intentIds = await world.product.publish(...tickets.map(asked));
  const doubts = intentIds.map((intentId) => ({ intentId, actionId: actionIdOf(intentId, 0, 0) }));
  const areOpen = async () => {
    const open = await openDoubts(world);
    return doubts.every(({ actionId }) => open.has(actionId));
  };
  await until(areOpen, { what: 'the tickets to be in doubt', timeoutMs: 30_000 });
  return doubts;
}

/** What both tenants' leads see in doubt. */
export async function openDoubts(world: World): Promise<Set<string>> {
  const lists = await Promise.all(
    ['bob', 'gil'].map(async (name) => (await world.person(name)).call('GET', '/v1/in-doubt?limit=200')),
  );
  const rows = lists.flatMap(({ body }) => (body as { data: { actionId: string }[] }).data);
  return new Set(rows.map(({ actionId }) => actionId));
}
