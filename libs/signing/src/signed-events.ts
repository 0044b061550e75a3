/*
 * Events of policy, planner, approval and executor are signed: once for all that a transaction emits (docs/adr/0001).
 *
 *  1  The signature of an event covers its value, its key and all its CloudEvents attributes: none serves with another.
 *  2  It holds for one place in one tree: the path of another leaf, or a longer or shorter one, leads to no signed root.
 *  3  Only a key that the reader trusts counts, for its owner alone.
 */
import { encodeEvent, jcs, type EventDraft, type Incoming, type OutRecord } from '@countersign/contracts';
import type { KeyRing, Signer, Verified } from './jws.js';
import { climb, leafHash, treeOf, type Step } from './merkle.js';

/** What a service writes events with: `encode` each, `signAll` what one transaction emits. */
export interface EventPen {
  encode: (draft: EventDraft) => OutRecord;
  signAll: (records: OutRecord[]) => OutRecord[];
}

type Attribute =
  'actorid' | 'causationid' | 'correlationid' | 'id' | 'session' | 'source' | 'subject' | 'tenantid' | 'time' | 'type';
/** What a signature covers beside the value; an attribute that is not there counts as empty. */
export type Covered = Record<Attribute | 'key', string>;

/** Tells a signature over a tree from whatever else a key may sign. */
const PURPOSE = 'countersign-tree';

export function eventPen(service: string, signer: Signer): EventPen {
  return {
    encode: (draft) => encodeEvent(`/services/${service}`, draft, jcs(draft.data)),
    signAll: (records) => signAll(signer, records),
  };
}

/** Writes and signs single events: each a tree of one. */
export function signedEncoder(service: string, signer: Signer): (draft: EventDraft) => OutRecord {
  const { encode } = eventPen(service, signer);
  return (draft) => signAll(signer, [encode(draft)])[0]!;
}

export function plainEncoder(service: string): (draft: EventDraft) => OutRecord {
  return (draft) => encodeEvent(`/services/${service}`, draft, JSON.stringify(draft.data));
}

/** The same records, each with its proof: one Ed25519 signature over the root of the tree they make, and each one's path to it. */
function signAll(signer: Signer, records: OutRecord[]): OutRecord[] {
  if (records.length === 0) return records;
  const { root, paths } = treeOf(records.map((record) => leafHash(leafText(coveredBy(record), record.value))));
  const payload = `{"root":"${root.toString('base64url')}","size":${records.length}}`;
  const jws = signer.sign(payload, { typ: PURPOSE });
  return records.map((record, index) => {
    const path = paths[index]!.map((node) => `.${node.toString('base64url')}`).join('');
    return { ...record, headers: { ...record.headers, ce_signature: `${jws}~${index}${path}` } };
  });
}

function coveredBy({ key, headers }: OutRecord): Covered {
  const of = (name: Attribute) => headers[`ce_${name}`] ?? '';
  return {
    actorid: of('actorid'),
    causationid: of('causationid'),
    correlationid: of('correlationid'),
    id: of('id'),
    key,
    session: of('session'),
    source: of('source'),
    subject: of('subject'),
    tenantid: of('tenantid'),
    time: of('time'),
    type: of('type'),
  };
}

/** Canonical JSON, so in this order; it holds no line feed, so where the attributes end is beyond doubt. */
function leafText(covered: Covered, value: string): string {
  const { actorid, causationid, correlationid, id, key, session, source, subject, tenantid, time, type } = covered;
  const attributes = { actorid, causationid, correlationid, id, key, session, source, subject, tenantid, time, type };
  return `${JSON.stringify(attributes)}\n${value}`;
}

export type SignatureCheck = { ok: true } | { ok: false; because: string };
export type Signed = Pick<Incoming, 'key' | 'text' | 'signature'> & {
  event: Pick<Incoming['event'], Attribute>;
};

const leafOf = ({ key, text, event }: Signed) => leafText({ ...event, key }, text);

/** Whether `owner` signed this very event. */
export function checkSignature(ring: KeyRing, owner: string, incoming: Signed): SignatureCheck {
  if (!incoming.signature) return { ok: false, because: 'it carries no signature' };
  return checkLeaf(ring, owner, leafOf(incoming), incoming.signature);
}

/** A signed event as one text, to be kept and judged again: its signature, then the bytes it covers. */
export const packWarrant = (incoming: Signed): string => `${incoming.signature ?? ''}\n${leafOf(incoming)}`;

export type OpenedWarrant = { ok: true; covered: Covered; value: string } | { ok: false; because: string };

/** Opens what `packWarrant` made, if `owner` signed it as it stands. */
export function openWarrant(ring: KeyRing, owner: string, packed: string): OpenedWarrant {
  const end = packed.indexOf('\n');
  if (end < 0) return { ok: false, because: 'it is no signed event' };
  const leaf = packed.slice(end + 1);
  const check = checkLeaf(ring, owner, leaf, packed.slice(0, end));
  if (!check.ok) return check;
  const line = leaf.indexOf('\n');
  return { ok: true, covered: JSON.parse(leaf.slice(0, line)) as Covered, value: leaf.slice(line + 1) };
}

const PROOF = /^([^~]+)~(0|[1-9]\d{0,8})((?:\.[\w-]{43}){0,30})$/;
const PAYLOAD = /^\{"root":"([\w-]{43})","size":([1-9]\d{0,8})\}$/;

function checkLeaf(ring: KeyRing, owner: string, leaf: string, signature: string): SignatureCheck {
  const [, jws = '', index, path = ''] = PROOF.exec(signature) ?? [];
  if (index === undefined) return { ok: false, because: 'its signature is not of the form of ours' };
  const verified = ring.verifyOnce(jws);
  if (!verified.ok) return verified;
  if (verified.owner !== owner) return { ok: false, because: `signed by ${verified.owner}, not by ${owner}` };
  const [, root, size] = PAYLOAD.exec(verified.payload) ?? [];
  if (verified.header['typ'] !== PURPOSE || !root)
    return { ok: false, because: 'what was signed is no tree of events' };
  if (leadsTo(root, leafHash(leaf), Number(index), Number(size), path.split('.').slice(1), verified))
    return { ok: true };
  return { ok: false, because: 'the signature does not match' };
}

const NEAR = 3;
/** The upper ways that led to a signed root, kept for as long as its JWS is: leaves near each other share them. */
const ways = new WeakMap<Verified, Set<string>>();

function leadsTo(root: string, leaf: Buffer, index: number, size: number, path: string[], verified: Verified): boolean {
  if (index >= size) return false;
  const near = climb({ at: index, last: size - 1, hash: leaf }, nodesOf(path.slice(0, NEAR)));
  if (!near || path.length <= NEAR) return isRoot(near, root);
  let known = ways.get(verified);
  if (!known) ways.set(verified, (known = new Set()));
  const way = [near.at, near.last, near.hash.toString('base64url'), ...path.slice(NEAR)].join('.');
  if (known.has(way)) return true;
  if (!isRoot(climb(near, nodesOf(path.slice(NEAR))), root)) return false;
  known.add(way);
  return true;
}

const nodesOf = (path: string[]) => path.map((node) => Buffer.from(node, 'base64url'));
const isRoot = (step: Step | undefined, root: string) => step?.last === 0 && step.hash.toString('base64url') === root;
