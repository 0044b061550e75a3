import type { KeyObject } from 'node:crypto';
import { parseControl, type AnyEvent, type Incoming } from '@countersign/contracts';
import { verifyRelease, type VerifiedRelease } from '@countersign/evals/release';
import { bearerOf, openToken, sealedDigest, type Verifier } from '@countersign/identity';
import type { Messaging } from '@countersign/messaging';
import type { Redactor, SealStore } from '@countersign/sealing';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { rolesFor, verdictKey, type ControlFacts, type ControlSet } from './control.js';
import type { ControlSource } from './control-reader.js';
import { placeOf, type Checked, type Facts } from './facts.js';
import { sealRecord } from './sealed-record.js';
import type { Waiter } from './waiting.js';
import { sealSaid } from './words.js';

/** What facts are made with. */
export interface Means {
  workflows: ReadonlyMap<string, LoadedWorkflow>;
  verifier: Verifier;
  ring: KeyRing;
  openKey: KeyObject;
  /** Of sealed values: what a person says is sealed before it goes on. */
  store: Pick<SealStore, 'seal'>;
  /** What it looks for in words beside the known shapes; those alone if there is none. */
  redactor?: Redactor | undefined;
  /** After an approval that took longer, roles and effect are looked at again. */
  freshAfterMs: number;
  /** Switches and stages. While they are not known nothing is decided. */
  control: ControlSource;
  /** Told of each record that is not what it says it is. */
  onUntrusted(incoming: Incoming, because: string): void;
}

/**
 * No token can be judged yet, for the provider's keys are not known at all: the line holds until it answers
 * (docs/adr/0002-waiting-for-the-identity-provider.md).
 */
export class ProviderSilent extends Error {
  constructor(because: string) {
    super(`tokens wait for ${because}`);
    this.name = 'ProviderSilent';
  }
}

/** Verifies tokens and signatures of a batch, each against the instant its record was appended. */
export async function prepare(events: Incoming[], means: Means): Promise<Facts> {
  const checked = new Map<string, Checked>();
  const check = async (incoming: Incoming) => {
    const found = await checkOne(incoming, means);
    checked.set(placeOf(incoming), found);
    if (found.tag === 'not-trusted' || found.tag === 'no-approver') means.onUntrusted(incoming, found.because);
  };
  const [control] = await Promise.all([means.control.view(), ...events.map(check)]);
  return { workflows: means.workflows, checked, freshAfterMs: means.freshAfterMs, control };
}

async function checkOne(incoming: Incoming, means: Means): Promise<Checked> {
  switch (incoming.record.topic) {
    case 'intents':
      return speakerOf(incoming, bearerOf(incoming.headers['authorization']), means, false);
    case 'approvals':
      return approverOf(incoming, means);
    case 'replies':
    case 'proposals':
      return signedBy('planner', incoming, means);
    default:
      return signedBy('executor', incoming, means);
  }
}

/** Who speaks, and what goes on of it. Without `patience` a key nobody knows yet is not waited for here. */
export async function speakerOf(
  incoming: Incoming,
  token: string | undefined,
  means: Means,
  patience: boolean,
): Promise<Checked> {
  const waiting = (given: string) => sealRecord(means.openKey, incoming as Waiter, given);
  const found = await personOf(token, incoming.record.timestamp, means, patience ? undefined : waiting);
  if (found.tag !== 'person') return found;
  const said = await sealSaid(incoming, found.person, means.workflows, means.store, means.redactor);
  return said ? { ...found, said } : found;
}

export async function personOf(
  token: string | undefined,
  instant: number,
  { verifier }: Means,
  /** How its record waits where its key is not known yet; without this, here. */
  waiting?: (token: string) => string,
): Promise<Checked> {
  const verdict = await verifier.verify(token, instant, { patience: waiting === undefined });
  if (verdict.ok) return { tag: 'person', person: verdict.person, expiresAt: verdict.expiresAt };
  if (waiting && token !== undefined && verdict.wait && verdict.unknownKey)
    return { tag: 'waiting', sealed: waiting(token) };
  if (verdict.wait) throw new ProviderSilent(verdict.because);
  return { tag: 'no-person', because: verdict.because };
}

/** Approval says that it asked a person; the person's own token says so too. */
async function approverOf(incoming: Incoming, means: Means): Promise<Checked> {
  const signed = signedBy('approval', incoming, means);
  const digest = sealedDigestIn(incoming.event);
  if (signed.tag !== 'signed' || digest === undefined) return signed;
  const sealed = bearerOf(incoming.headers['authorization']);
  if (sealed === undefined || sealedDigest(sealed) !== digest)
    return { tag: 'not-trusted', because: 'the sealed token beside it is not the one approval signed for' };
  const token = await openToken(means.openKey, sealed);
  if (token === undefined) return { tag: 'no-approver', because: 'the sealed token cannot be opened' };
  const found = await personOf(token, incoming.record.timestamp, means);
  if (found.tag === 'person') {
    const { person } = found;
    const said = await sealSaid(incoming, person, means.workflows, means.store, means.redactor);
    return { tag: 'approver', person, ...(said ? { said } : {}) };
  }
  return { tag: 'no-approver', because: 'because' in found ? found.because : found.tag };
}

function sealedDigestIn({ type, data }: AnyEvent): string | undefined {
  switch (type) {
    case 'countersign.approval.granted.v1':
    case 'countersign.approval.rejected.v1':
    case 'countersign.approval.edited.v1':
    case 'countersign.approval.settled.v1':
      return data.tokenDigest;
    default:
      return undefined;
  }
}

function signedBy(owner: string, incoming: Incoming, { ring }: Means): Checked {
  const check = checkSignature(ring, owner, incoming);
  return check.ok ? { tag: 'signed' } : { tag: 'not-trusted', because: check.because };
}

/** What the facts of control records are made with. */
export interface ControlMeans extends Pick<Means, 'verifier' | 'openKey' | 'ring'> {
  instance: string;
  messaging: () => Pick<Messaging, 'sql' | 'peers'>;
}

/** Verifies the tokens of control records that were not judged before: of the others the provider need not be asked any more. */
export async function prepareControl(events: Incoming[], means: ControlMeans): Promise<ControlFacts> {
  const asked = events.filter((event): event is ControlSet => needsToken(event));
  const judged = await judgedBefore(asked, means);
  const checked = new Map<string, Checked>();
  const check = async (incoming: ControlSet) => checked.set(placeOf(incoming), await controllerOf(incoming, means));
  await Promise.all(asked.filter(({ record }) => !judged.has(verdictKey(record.offset))).map(check));
  const releases = new Map(events.flatMap((event) => releaseOf(event, means.ring)));
  return { checked, releases, instance: means.instance, instances: await means.messaging().peers() };
}

/** What its signature says, by its place; none where it is no release. */
function releaseOf(incoming: Incoming, ring: KeyRing): [string, VerifiedRelease][] {
  const { type, data } = incoming.event;
  const record = type === 'countersign.control.set.v1' ? parseControl(data.scope, data.value) : undefined;
  if (record?.kind !== 'release') return [];
  const workflow = record.scope.slice('release/workflow/'.length);
  return [[placeOf(incoming), verifyRelease(ring, workflow, record.value)]];
}

function needsToken({ event: { type, data } }: Incoming): boolean {
  const record = type === 'countersign.control.set.v1' && parseControl(data.scope, data.value);
  return record ? rolesFor(record) !== undefined : false;
}

const JUDGED = 'select key from state where key = any($1::text[]) and body is not null';

async function judgedBefore(asked: ControlSet[], { messaging }: ControlMeans): Promise<ReadonlySet<string>> {
  if (asked.length === 0) return new Set();
  const keys = asked.map(({ record }) => verdictKey(record.offset));
  const rows = await messaging().sql.query<{ key: string }>('control-judged', JUDGED, [keys]);
  return new Set(rows.map(({ key }) => key));
}

/** Whoever cannot be known yet is not waited for here: a trip may stand behind. */
async function controllerOf(incoming: ControlSet, { verifier, openKey }: ControlMeans): Promise<Checked> {
  const { headers, record } = incoming;
  const token = bearerOf(headers['authorization']);
  const verdict = await verifier.verify(token, record.timestamp, { patience: false });
  if (verdict.ok) return { tag: 'person', person: verdict.person, expiresAt: verdict.expiresAt };
  if (!verdict.wait || token === undefined) return { tag: 'no-person', because: verdict.because };
  return { tag: 'waiting', sealed: sealRecord(openKey, incoming, token) };
}
