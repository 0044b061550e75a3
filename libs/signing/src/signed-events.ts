import { encodeEvent, jcs, keyOf, type EventDraft, type Incoming, type OutRecord } from '@countersign/contracts';
import { attach, type KeyRing, type Signer } from './jws.js';

/**
 * Events of policy, approval and executor are signed: the value is canonical JSON, `ce_signature` a detached JWS over it.
 * The protected header repeats the attributes, so that neither a value nor a signature serves under another id, type,
 * subject or key.
 */
function covered(event: Pick<EventDraft, 'id' | 'type' | 'subject'>, key: string): Record<string, string> {
  return { typ: event.type, eid: event.id, sub: event.subject, key };
}

export function signedEncoder(service: string, signer: Signer): (draft: EventDraft) => OutRecord {
  return (draft) => {
    const value = jcs(draft.data);
    return encodeEvent(`/services/${service}`, draft, value, signer.signDetached(value, covered(draft, keyOf(draft))));
  };
}

export function plainEncoder(service: string): (draft: EventDraft) => OutRecord {
  return (draft) => encodeEvent(`/services/${service}`, draft, JSON.stringify(draft.data));
}

export type SignatureCheck = { ok: true; compact: string } | { ok: false; because: string };

/** Whether `owner` signed this very event. `compact` is the whole JWS, to be kept and verified again. */
export function checkSignature(ring: KeyRing, owner: string, incoming: Incoming): SignatureCheck {
  if (!incoming.signature) return { ok: false, because: 'it carries no signature' };
  const compact = attach(incoming.signature, incoming.text);
  const verified = ring.verify(compact);
  if (!verified.ok) return verified;
  if (verified.owner !== owner) return { ok: false, because: `signed by ${verified.owner}, not by ${owner}` };
  const { event, key } = incoming;
  for (const [name, value] of Object.entries(covered(event, key))) {
    if (verified.header[name] !== value) return { ok: false, because: `the signature is for another ${name}` };
  }
  return { ok: true, compact };
}
