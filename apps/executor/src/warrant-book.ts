import { EVENTS, type Incoming } from '@countersign/contracts';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { About, Warrant } from './state.js';

const TYPE = 'countersign.action.approved.v1';
const SIZE = 8_000;

export type Opened = { ok: true; warrant: Warrant; about: About; compact: string } | { ok: false; because: string };

/**
 * Opens warrants. What it opened is kept by the very bytes of the whole JWS, so a row performed by the process that read
 * its record is not verified a third time; any other bytes are.
 */
export class WarrantBook {
  private readonly opened = new Map<string, Opened & { ok: true }>();

  constructor(private readonly ring: KeyRing) {}

  /** From a record: policy signed this very event. */
  fromRecord(incoming: Incoming): Opened {
    const checked = checkSignature(this.ring, 'policy', incoming);
    if (!checked.ok) return checked;
    const { event } = incoming;
    if (event.type !== TYPE) return { ok: false, because: `a ${event.type} is no warrant` };
    return this.keep(checked.compact, event.data as Warrant, event.id, incoming.key);
  }

  /** From a work row: the stored JWS is all that is believed. */
  fromCompact(compact: string): Opened {
    const known = this.opened.get(compact);
    if (known) return known;
    const verified = this.ring.verify(compact);
    if (!verified.ok) return verified;
    const { owner, header, payload } = verified;
    if (owner !== 'policy') return { ok: false, because: `signed by ${owner}, not by policy` };
    if (header['typ'] !== TYPE) return { ok: false, because: `a ${header['typ']} is no warrant` };
    const parsed = EVENTS[TYPE].data.safeParse(JSON.parse(payload));
    if (!parsed.success) return { ok: false, because: 'its payload does not fit the contract' };
    if (header['sub'] !== parsed.data.actionId) return { ok: false, because: 'it is for another action' };
    return this.keep(compact, parsed.data, header['eid'] ?? '', header['key'] ?? '');
  }

  /** Its row has ended. */
  forget(compact: string): void {
    this.opened.delete(compact);
  }

  private keep(compact: string, warrant: Warrant, cause: string, key: string): Opened {
    if (key !== `${warrant.tenant}/${warrant.session}`) return { ok: false, because: 'its key names another session' };
    const entry = { ok: true as const, warrant, about: aboutOf(warrant, cause), compact };
    if (this.opened.size >= SIZE) this.opened.delete(this.opened.keys().next().value!);
    this.opened.set(compact, entry);
    return entry;
  }
}

function aboutOf(warrant: Warrant, cause: string): About {
  const { intentId, actionId, revision, tenant, session, tool, toolVersion, jti, grant, idempotencyKey } = warrant;
  const actor = warrant.actor.sub;
  return { intentId, actionId, revision, tenant, actor, session, tool, toolVersion, jti, grant, idempotencyKey, cause };
}
