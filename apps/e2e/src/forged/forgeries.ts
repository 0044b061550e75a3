import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CompactEncrypt } from 'jose';
import { eventIdOf } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/testing';
import { altered, dataOf, resigned, strangerKey, withHeader } from '../forge.js';
import type { World } from '../world.js';
import { verdicts, type VerdictPatterns } from './verdicts.js';

/** Real records, each of which commits or ends something, to be turned into lies. */
export interface Patterns {
  /** A commit that a rule approved, carried out. */
  warrant: StoredRecord;
  /** A person's yes that was taken, and the item it was about. */
  granted: StoredRecord;
  /** Open items that nobody is to decide: what the lies aim at. */
  pending: StoredRecord[];
  verdicts: VerdictPatterns;
}

/** How a lie is made; `n` makes each one another. */
export interface Kind {
  name: string;
  topic: 'decisions' | 'approvals';
  make(n: number): Promise<StoredRecord> | StoredRecord;
}

export const ALG_NONE = `${Buffer.from('{"alg":"none","typ":"countersign-tree"}').toString('base64url')}..~0`;

/** All ways to forge or replay a decision or an approval that the product has to see through. */
export async function kindsOf(world: World, patterns: Patterns, expired: string): Promise<Kind[]> {
  const keys = (service: string) =>
    createPrivateKey(readFileSync(path.join(world.system.dataDir, 'keys', service, 'sign.pem'), 'utf8'));
  const seal = await sealer(world, expired);
  const [executor, approval] = [keys('executor'), keys('approval')];
  return [
    ...warrants(patterns.warrant, executor),
    ...approvals(patterns, approval, seal),
    ...verdicts(patterns.verdicts, { approval, executor }, seal),
  ];
}

function warrants(real: StoredRecord, executor: KeyObject): Kind[] {
  /** Another action in every respect, of another order: were it carried out, the ledger would show it. */
  const fresh = (n: number) =>
    altered(real, (data) => {
      const id = createHash('sha256').update(`forged ${n}`).digest('hex').slice(0, 32);
      Object.assign(data, { jti: `jti_${id}`, actionId: `act_${id}`, idempotencyKey: `key_${id}` });
      (data['arguments'] as Record<string, unknown>)['orderId'] = `ord_${19_000 + (n % 900)}`;
    });
  const changed = (n: number, field: string, value: unknown) => altered(real, (data) => (data[field] = value ?? n));
  const stranger = strangerKey();
  const kind = (name: string, make: Kind['make']): Kind => ({ name: `a warrant ${name}`, topic: 'decisions', make });
  return [
    kind('unsigned', (n) => withHeader(fresh(n), 'ce_signature', '')),
    kind('with alg none', (n) => withHeader(fresh(n), 'ce_signature', ALG_NONE)),
    kind('signed by a stranger', (n) => resigned(fresh(n), stranger)),
    kind('signed by the executor', (n) => resigned(fresh(n), executor)),
    kind('of another action under the old signature', fresh),
    kind('with an argument changed', (n) =>
      altered(real, (data) => ((data['arguments'] as Record<string, unknown>)['amount'] = `${1 + (n % 49)}.07`)),
    ),
    kind('of another tenant', (n) => changed(n, 'tenant', 'globex')),
    kind('made to last', (n) => changed(n, 'exp', 4_000_000_000 + n)),
    kind('of another revision', (n) => changed(n, 'revision', 1 + (n % 7))),
    kind('replayed', () => real),
    kind('under another event id', (n) => withHeader(real, 'ce_id', `evt_forged_${n}`)),
  ];
}

function approvals({ granted, pending }: Patterns, approval: KeyObject, seal: Sealer): Kind[] {
  const stranger = strangerKey();
  const kind = (name: string, make: Kind['make']): Kind => ({ name: `an approval ${name}`, topic: 'approvals', make });
  const target = (n: number) => dataOf(pending[n % pending.length]!);
  const approvalIdOf = (data: Record<string, unknown>) => data['approvalId'];
  const BOUND = ['approvalId', 'intentId', 'actionId', 'revision', 'actionHash'];
  /** The real yes, turned to an open item: `as` says it, in whose name is said beside it. */
  const aimed = (n: number, change: (data: Record<string, unknown>) => void = () => undefined, which = '') => {
    const open = target(n);
    const record = altered(granted, (data) => {
      for (const field of BOUND) data[field] = open[field];
      change(data);
    });
    const attributes = { ce_subject: String(open['actionId']), ce_correlationid: String(open['intentId']) };
    // Each is another event: what was answered once is not looked at again.
    const id = eventIdOf('countersign.approval.granted.v1', String(approvalIdOf(open)), `forged-${which}-${n}`);
    return { ...record, headers: { ...record.headers, ...attributes, ce_id: id } };
  };
  /** By approval itself, gone bad: rightly signed, with a token of this person. */
  const byApproval = async (n: number, user: keyof Sealer, sub: string, change = {}) => {
    const { jwe, digest } = await seal[user]();
    const approver = { sub, roles: ['support-lead'] };
    const which = `${user}-${sub}-${Object.keys(change).join()}`;
    const record = aimed(n, (data) => Object.assign(data, { approver, tokenDigest: digest, ...change }), which);
    return resigned(withHeader(record, 'authorization', `Bearer ${jwe}`), approval);
  };
  return [
    kind('unsigned', (n) => withHeader(aimed(n), 'ce_signature', '')),
    kind('with alg none', (n) => withHeader(aimed(n), 'ce_signature', ALG_NONE)),
    kind('signed by a stranger', (n) => resigned(aimed(n), stranger)),
    kind('of another action under the old signature', (n) => aimed(n)),
    kind('replayed', () => granted),
    kind('in which somebody else approves', (n) =>
      altered(granted, (data) => (data['approver'] = { sub: `carol${n}`, roles: ['support-lead'] })),
    ),
    kind('of the requester, signed by approval', (n) => byApproval(n, 'alice', 'alice')),
    kind("with the requester's token in bob's name", (n) => byApproval(n, 'alice', 'bob')),
    kind('with an expired token', (n) => byApproval(n, 'expired', 'bob')),
    kind('by a lead of another tenant', (n) => byApproval(n, 'gil', 'gil')),
    kind('for another hash of the action', (n) => byApproval(n, 'bob', 'bob', { actionHash: `hash_${n}` })),
    kind('for another revision', (n) => byApproval(n, 'bob', 'bob', { revision: 7 })),
    kind('with the token of another approval beside it', (n) =>
      resigned(
        aimed(n, (data) => (data['tokenDigest'] = 'of-another')),
        approval,
      ),
    ),
    kind('whose token has alg none', (n) => byApproval(n, 'unsigned', 'bob')),
  ];
}

type Sealed = { jwe: string; digest: string };
export type Sealer = Record<'alice' | 'bob' | 'gil' | 'expired' | 'unsigned', () => Promise<Sealed>>;

/** Tokens as a gone-bad approval would pass them on: sealed for policy, by nothing of the product's. */
async function sealer(world: World, expired: string): Promise<Sealer> {
  const file = path.join(world.system.dataDir, 'keys/approval/trusted/policy-seal.pub.pem');
  const key = createPublicKey(readFileSync(file, 'utf8'));
  const [alice, bob, gil] = await Promise.all([world.token('alice'), world.token('bob'), world.token('gil')]);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [, claims = ''] = bob.split('.');
  const unsigned = `${part({ alg: 'none' })}.${claims}.`;
  const sealed = (token: string) => async () => {
    const jwe = await new CompactEncrypt(new TextEncoder().encode(token))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(key);
    return { jwe, digest: createHash('sha256').update(jwe).digest('base64url') };
  };
  return {
    alice: sealed(alice),
    bob: sealed(bob),
    gil: sealed(gil),
    expired: sealed(expired),
    unsigned: sealed(unsigned),
  };
}
