import { EVENTS, type Incoming } from '@countersign/contracts';
import { checkSignature, openWarrant, packWarrant, type KeyRing } from '@countersign/signing';
import type { About, Warrant } from './state.js';

const TYPE = 'countersign.action.approved.v1';
const SIZE = 8_000;

/** `about`: whose it is, of one that this process opened while the key that signed it still counted. */
export type Opened =
  { ok: true; warrant: Warrant; about: About; packed: string } | { ok: false; because: string; about?: About };

/**
 * Opens warrants. What it opened is kept by the very bytes it was packed as, so a row performed by the process that read
 * its record is not verified again; any other bytes are.
 */
export class WarrantBook {
  private readonly opened = new Map<string, Opened & { ok: true }>();
  /** Of those opened with keys before: so that what they were given for can be ended. */
  private readonly formerly = new Map<string, About>();
  /** Of the keys that those were opened with. */
  private generation = -1;

  constructor(private readonly ring: KeyRing) {}

  /** From a record: policy signed this very event. */
  fromRecord(incoming: Incoming): Opened {
    const checked = checkSignature(this.ring, 'policy', incoming);
    if (!checked.ok) return checked;
    const { event } = incoming;
    if (event.type !== TYPE) return { ok: false, because: `a ${event.type} is no warrant` };
    return this.keep(packWarrant(incoming), event.data as Warrant, event.id, incoming.key);
  }

  /** From a work row: the signature stored with it is all that is believed. */
  fromPacked(packed: string): Opened {
    this.forgetOldKeys();
    const known = this.opened.get(packed);
    if (known) return known;
    const opened = openWarrant(this.ring, 'policy', packed);
    const about = this.formerly.get(packed);
    if (!opened.ok) return about ? { ...opened, about } : opened;
    const { covered, value } = opened;
    if (covered.type !== TYPE) return { ok: false, because: `a ${covered.type} is no warrant` };
    const parsed = EVENTS[TYPE].data.safeParse(JSON.parse(value));
    if (!parsed.success) return { ok: false, because: 'its payload does not fit the contract' };
    if (covered.subject !== parsed.data.actionId) return { ok: false, because: 'it is for another action' };
    return this.keep(packed, parsed.data, covered.id, covered.key);
  }

  /** Its row has ended. */
  forget(packed: string): void {
    this.opened.delete(packed);
    this.formerly.delete(packed);
  }

  /** A key that came or went: what was opened with those before is to be opened again. */
  private forgetOldKeys(): void {
    const { generation } = this.ring;
    if (generation === this.generation) return;
    this.generation = generation;
    for (const [packed, { about }] of this.opened) bounded(this.formerly).set(packed, about);
    this.opened.clear();
  }

  private keep(packed: string, warrant: Warrant, cause: string, key: string): Opened {
    if (key !== `${warrant.tenant}/${warrant.session}`) return { ok: false, because: 'its key names another session' };
    const entry = { ok: true as const, warrant, about: aboutOf(warrant, cause), packed };
    bounded(this.opened).set(packed, entry);
    return entry;
  }
}

/** With room for one more. */
function bounded<T>(map: Map<string, T>): Map<string, T> {
  if (map.size >= SIZE) map.delete(map.keys().next().value!);
  return map;
}

function aboutOf(warrant: Warrant, cause: string): About {
  const { intentId, actionId, revision, tenant, session, tool, toolVersion, jti, grant, idempotencyKey } = warrant;
  const actor = warrant.actor.sub;
  const edited = warrant.edits?.length ? { edited: warrant.arguments } : {};
  const named = { intentId, actionId, revision, tenant, actor, session, tool, toolVersion, jti, grant };
  return { ...named, idempotencyKey, cause, ...edited };
}
