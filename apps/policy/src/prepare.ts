import { createPublicKey, type KeyObject } from 'node:crypto';
import type { AnyEvent, Incoming } from '@countersign/contracts';
import { bearerOf, openToken, sealedDigest, sealToken, type Verifier } from '@countersign/identity';
import type { SealStore } from '@countersign/sealing';
import { checkSignature, type KeyRing } from '@countersign/signing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { placeOf, type Checked, type Facts } from './facts.js';
import { sealSaid } from './words.js';

/** What facts are made with. */
export interface Means {
  workflows: ReadonlyMap<string, LoadedWorkflow>;
  verifier: Verifier;
  ring: KeyRing;
  openKey: KeyObject;
  /** Of sealed values: what a person says is sealed before it goes on. */
  store: Pick<SealStore, 'seal'>;
  /** After an approval that took longer, roles and effect are looked at again. */
  freshAfterMs: number;
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
  await Promise.all(events.map(check));
  return { workflows: means.workflows, checked, freshAfterMs: means.freshAfterMs };
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
  const found = await personOf(token, incoming.record.timestamp, means, patience);
  if (found.tag !== 'person') return found;
  const said = await sealSaid(incoming, found.person.tenant, means.workflows, means.store);
  return said ? { ...found, said } : found;
}

async function personOf(
  token: string | undefined,
  instant: number,
  { verifier, openKey }: Means,
  patience = true,
): Promise<Checked> {
  const verdict = await verifier.verify(token, instant, { patience });
  if (verdict.ok) return { tag: 'person', person: verdict.person, expiresAt: verdict.expiresAt };
  if (!patience && token !== undefined && verdict.wait && verdict.unknownKey)
    return { tag: 'waiting', sealed: await sealToken(createPublicKey(openKey), token) };
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
  if (found.tag === 'person') return { tag: 'approver', person: found.person };
  return { tag: 'no-approver', because: 'because' in found ? found.because : found.tag };
}

function sealedDigestIn({ type, data }: AnyEvent): string | undefined {
  return type === 'countersign.approval.granted.v1' || type === 'countersign.approval.rejected.v1'
    ? data.tokenDigest
    : undefined;
}

function signedBy(owner: string, incoming: Incoming, { ring }: Means): Checked {
  const check = checkSignature(ring, owner, incoming);
  return check.ok ? { tag: 'signed' } : { tag: 'not-trusted', because: check.because };
}
