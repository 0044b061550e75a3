import type { StoredRecord } from '@countersign/testing';
import { refundOf, type Liar, type Lie, type Victim } from './liar.js';

/** A record that must change nothing, or that stays within what the intent's user, workflow and limits allow. */
export interface Told {
  name: string;
  record: StoredRecord;
}

/** Whom lies are told about: intents in different states of life. */
export interface Victims {
  open: Victim;
  ended: Victim;
  refused: Victim;
  action: Victim;
  /** Of a user of another tenant, open. */
  neighbour: Victim;
}

/** What the lies say, each signed with the planner's own key. None may have an effect. */
export function signedLies(liar: Liar, victims: Victims): Told[] {
  const { open, ended, refused, action, neighbour } = victims;
  let place = 200;
  const lie = (name: string, victim: Victim, told: Lie): Told => ({
    name,
    record: liar.signed(liar.proposal(victim, { index: place++, ...told })),
  });
  const small = (n: number) => refundOf(`ord_${11_000 + n}`, '5.00');
  const large = (n: number) => refundOf(`ord_${11_000 + n}`, '400.00');
  const removal = { tool: 'delete_customer', arguments: { customerId: 'cus_5098', reason: 'a lie' } };
  const elsewhere = { ce_tenantid: 'globex', ce_actorid: 'gil' };
  return [
    lie('an actor with more rights', open, { ...removal, headers: { ce_actorid: 'adam' } }),
    lie('roles in the data', open, { ...removal, data: { actor: { sub: 'adam', tenant: 'acme', roles: ['admin'] } } }),
    lie('another tenant', open, {
      arguments: refundOf('ord_2001', '5.00'),
      headers: elsewhere,
      key: `globex/${open.session}`,
    }),
    lie("another tenant's record", open, { arguments: refundOf('ord_2001', '5.00') }),
    lie('another session', open, { arguments: small(1), headers: { ce_session: 'another' } }),
    lie('another workflow', open, { arguments: small(2), data: { workflow: 'another' } }),
    lie('a provenance of its own', open, { arguments: large(3), data: { provenance: { amount: { origin: 'user' } } } }),
    lie('a grant of its own', open, { arguments: large(4), data: { grant: 'commit', approvers: [{ sub: 'bob' }] } }),
    lie('a key of its own', open, { arguments: small(5), data: { idempotencyKey: 'key_mine' } }),
    lie('an action id that does not follow', open, { arguments: small(6), data: { actionId: 'act_mine' } }),
    lie('more than the limit', open, { arguments: refundOf('ord_11007', '5000.00') }),
    lie('what a person has to decide', open, { arguments: large(8) }),
    lie('a restricted record', open, { arguments: refundOf('ord_1009', '5.00') }),
    lie('on an ended intent', ended, { arguments: small(9) }),
    lie('on a refused intent', refused, { arguments: small(10) }),
    lie('on an intent of one tool call', action, { arguments: small(11) }),
    lie('on an intent nobody sent', { ...open, intentId: 'int_made_up' }, { arguments: small(12) }),
    lie("another user's intent, here", { ...neighbour, tenant: 'acme', actor: 'alice' }, { arguments: small(13) }),
    lie("another user's intent, this tenant's order", neighbour, { arguments: small(14) }),
    lie('other arguments in the place of an honest one', open, { index: HONEST, arguments: small(15) }),
  ];
}

/** The place of the honest proposal that shows that this key and these records do count. */
export const HONEST = 100;

/** Well made, but not with the planner's key. */
export function unsignedLies(liar: Liar, open: Victim): Told[] {
  const refund = (n: number) =>
    liar.proposal(open, { index: 400 + n, arguments: refundOf(`ord_${11_020 + n}`, '5.00') });
  const changed = liar.signed(refund(4));
  return [
    { name: 'unsigned', record: refund(0) },
    { name: "signed with the executor's key", record: liar.signed(refund(1), liar.key('executor')) },
    { name: "signed with approval's key", record: liar.signed(refund(2), liar.key('approval')) },
    { name: "signed with policy's key", record: liar.signed(refund(3), liar.key('policy')) },
    {
      name: 'changed after it was signed',
      record: { ...changed, value: Buffer.from(String(changed.value).replace('5.00', '6.00')) },
    },
  ];
}

export const FLOOD = 1_000;

/** A thousand proposals on one intent, each of which alone would be within the rules. */
export const flood = (liar: Liar, victim: Victim): StoredRecord[] =>
  Array.from({ length: FLOOD }, (_, n) =>
    liar.signed(liar.proposal(victim, { index: 1_000 + n, arguments: refundOf(`ord_${10_000 + n}`, '1.00') })),
  );
