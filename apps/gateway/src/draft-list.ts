import { z } from 'zod';
import type { EventData, Person } from '@countersign/contracts';
import type { KeyRing } from '@countersign/signing';
import { genuineRows, type OnForged } from './genuine.js';
import type { DraftPlace, IntentEventRow, IntentEvents } from './read-model.js';
import { OVERSEERS } from './routes.js';

const text = z.string();

/** What a person would have done, computed and not done: theirs to use in the system of record. */
export const draftSchema = z.object({
  draftId: text,
  actionId: text,
  intentId: text,
  workflow: text,
  tool: text,
  toolVersion: text,
  requestedBy: text,
  arguments: z.record(text, z.unknown()),
  preview: z.object({ effect: z.unknown(), basis: z.unknown(), digest: text }),
  draftedAt: text,
  status: z.literal('drafted'),
});
export type Draft = z.infer<typeof draftSchema>;

export interface DraftPage {
  data: Draft[];
  nextCursor: string | null;
}

/** Drafts as their signed events tell them: the result, and the warrant it answers for whose and what it is. */
export class Drafts {
  constructor(
    private readonly events: IntentEvents,
    private readonly ring: KeyRing,
    private readonly onForged: OnForged,
  ) {}

  /** One's own, or everybody's of the tenant for those who oversee it; the newest first. A page may be short where events are forged. */
  async page(person: Person, limit: number, after: DraftPlace | undefined): Promise<DraftPage> {
    const owner = OVERSEERS.some((role) => person.roles.includes(role)) ? undefined : person.sub;
    const rows = await this.events.drafted(person.tenant, owner, limit, after);
    const last = rows.length === limit ? rows.at(-1)! : undefined;
    const drafted = this.genuine(rows);
    const warrants = this.genuine(await this.events.warrants(drafted));
    const drafts = drafted
      .flatMap((row) => draftOf(row, warrants) ?? [])
      .filter(({ requestedBy }) => !owner || requestedBy === owner);
    // A redelivered result stands twice.
    const data = [...new Map(drafts.map((draft) => [draft.draftId, draft])).values()];
    return { data, nextCursor: last ? cursorOf(last) : null };
  }

  private genuine(rows: readonly IntentEventRow[]): IntentEventRow[] {
    return genuineRows(this.ring, rows, this.onForged);
  }
}

function draftOf(row: IntentEventRow, warrants: readonly IntentEventRow[]): Draft | undefined {
  const drafted = JSON.parse(row.text) as EventData<'countersign.action.drafted.v1'>;
  const warrant = warrants
    .filter(({ intentId, tenant }) => intentId === row.intentId && tenant === row.tenant)
    .map((each) => JSON.parse(each.text) as EventData<'countersign.action.approved.v1'>)
    .find(({ jti, actionId, grant }) => jti === drafted.jti && actionId === drafted.actionId && grant === 'draft');
  if (!warrant) return undefined;
  const { actionId, intentId, preview, tool, toolVersion } = drafted;
  return {
    ...{ draftId: actionId, actionId, intentId, workflow: warrant.workflow, tool, toolVersion },
    ...{ requestedBy: warrant.actor.sub, arguments: warrant.arguments, preview },
    ...{ draftedAt: new Date(Number(row.appendedAt)).toISOString(), status: 'drafted' as const },
  };
}

const place = z.tuple([z.string().regex(/^\d{1,15}$/), z.string().min(1).max(200)]);

const cursorOf = ({ appendedAt, actionId }: IntentEventRow) =>
  Buffer.from(JSON.stringify([appendedAt, actionId ?? ''])).toString('base64url');

/** Where a page ended; undefined if this is no cursor of ours. */
export function placeOf(cursor: string): DraftPlace | undefined {
  try {
    const parsed = place.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return parsed.success ? { appendedAt: parsed.data[0], actionId: parsed.data[1] } : undefined;
  } catch {
    return undefined;
  }
}
