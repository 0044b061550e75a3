import type { KeyObject } from 'node:crypto';
import { eventIdOf } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/testing';
import { altered, dataOf, resigned, strangerKey, withHeader } from '../forge.js';
import { ALG_NONE, type Kind, type Sealer } from './forgeries.js';

/** Of doubts: what a person said and policy took, and one that nobody is to settle. */
export interface VerdictPatterns {
  /** A person's verdict, and policy's word that it counts. */
  said: StoredRecord;
  settled: StoredRecord;
  /** The executor's word of the doubt that the lies aim at. */
  doubt: StoredRecord;
}

const BOUND = ['intentId', 'actionId', 'revision', 'tenant'];

/** All ways to forge or replay what settles a doubt. */
export const verdicts = (patterns: VerdictPatterns, keys: Record<'approval' | 'executor', KeyObject>, seal: Sealer) => [
  ...said(patterns, keys, seal),
  ...settled(patterns, keys),
];

/** A real record, turned to the open doubt. */
function aimed(of: StoredRecord, doubt: StoredRecord, n: number | string, change: object = {}): StoredRecord {
  const open = dataOf(doubt);
  const record = altered(of, (data) => {
    for (const field of BOUND) data[field] = open[field];
    Object.assign(data, change);
  });
  const headers = {
    ...record.headers,
    ce_subject: String(open['actionId']),
    ce_correlationid: String(open['intentId']),
    ce_id: eventIdOf('countersign.action.settled.v1', String(open['actionId']), `forged-${n}`),
  };
  return { ...record, headers };
}

function said({ said: real, doubt }: VerdictPatterns, keys: Record<'approval' | 'executor', KeyObject>, seal: Sealer) {
  const stranger = strangerKey();
  const kind = (name: string, make: Kind['make']): Kind => ({ name: `a verdict ${name}`, topic: 'approvals', make });
  /** By approval itself, gone bad: rightly signed, with a token of this person. */
  const byApproval = async (n: number, user: keyof Sealer, sub: string) => {
    const { jwe, digest } = await seal[user]();
    const record = aimed(real, doubt, `${user}-${sub}-${n}`, {
      approver: { sub, roles: ['support-lead'] },
      tokenDigest: digest,
    });
    return resigned(withHeader(record, 'authorization', `Bearer ${jwe}`), keys.approval);
  };
  return [
    kind('unsigned', (n) => withHeader(aimed(real, doubt, n), 'ce_signature', '')),
    kind('with alg none', (n) => withHeader(aimed(real, doubt, n), 'ce_signature', ALG_NONE)),
    kind('signed by a stranger', (n) => resigned(aimed(real, doubt, n), stranger)),
    kind('signed by the executor', (n) => resigned(aimed(real, doubt, n), keys.executor)),
    kind('on another action under the old signature', (n) => aimed(real, doubt, n)),
    kind('replayed', () => real),
    kind('turned round', () => altered(real, (data) => (data['outcome'] = 'failed'))),
    kind('of the requester, signed by approval', (n) => byApproval(n, 'alice', 'alice')),
    kind("with the requester's token in bob's name", (n) => byApproval(n, 'alice', 'bob')),
    kind('with an expired token', (n) => byApproval(n, 'expired', 'bob')),
    kind('by a lead of another tenant', (n) => byApproval(n, 'gil', 'gil')),
    kind('whose token has alg none', (n) => byApproval(n, 'unsigned', 'bob')),
    kind('with the token of another verdict beside it', (n) =>
      resigned(aimed(real, doubt, n, { tokenDigest: 'of-another' }), keys.approval),
    ),
  ];
}

function settled({ settled: real, doubt }: VerdictPatterns, keys: Record<'approval' | 'executor', KeyObject>): Kind[] {
  const stranger = strangerKey();
  const kind = (name: string, make: Kind['make']): Kind => ({
    ...{ name: `policy's word on a verdict ${name}`, topic: 'decisions', make },
  });
  return [
    kind('unsigned', (n) => withHeader(aimed(real, doubt, n), 'ce_signature', '')),
    kind('signed by a stranger', (n) => resigned(aimed(real, doubt, n), stranger)),
    kind('signed by approval', (n) => resigned(aimed(real, doubt, n), keys.approval)),
    kind('on another action under the old signature', (n) => aimed(real, doubt, n)),
    kind('turned round', () => altered(real, (data) => (data['outcome'] = 'failed'))),
    kind('replayed', () => real),
  ];
}
