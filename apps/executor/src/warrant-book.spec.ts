import { describe, expect, it } from '@jest/globals';
import { jcs, type OutRecord } from '@countersign/contracts';
import { eventPen, KeyRing, type Signer, type TrustedKey } from '@countersign/signing';
import { aboutOf, givenBook, givenRecord, givenWarrant, pens, policyKey } from './given.spec-support.js';
import { WarrantBook } from './warrant-book.js';

const warrant = givenWarrant();
const TYPE = 'countersign.action.approved.v1';
const attributes = { ce_type: TYPE, ce_id: 'evt_1', ce_subject: warrant.actionId };
const COVERED = [
  'actorid',
  'causationid',
  'correlationid',
  'id',
  'session',
  'source',
  'subject',
  'tenantid',
  'time',
  'type',
];

/** A signed event as it would be stored, whatever it says. */
function packed(pen: Signer, value: unknown, change: Record<string, string> = {}, key = 'acme/s-1'): string {
  const record: OutRecord = { topic: 'decisions', key, value: jcs(value), headers: { ...attributes, ...change } };
  const [signed] = eventPen('policy', pen).signAll([record]);
  const { headers } = signed!;
  const covered = Object.fromEntries(COVERED.map((name) => [name, headers[`ce_${name}`] ?? '']));
  return `${headers['ce_signature']}\n${jcs({ ...covered, key })}\n${record.value}`;
}

describe('a book of warrants', () => {
  it('opens what policy signed, from its record and again from its stored bytes', () => {
    const fromRecord = givenBook().fromRecord(givenRecord(warrant));
    expect(fromRecord).toMatchObject({ ok: true, warrant, about: aboutOf(warrant) });
    expect(givenBook().fromPacked((fromRecord as { packed: string }).packed)).toEqual(fromRecord);
    expect(givenBook().fromPacked(packed(pens.policy, warrant))).toMatchObject({ ok: true, warrant });
  });

  it('knows what a person changed: the arguments it is carried out with', () => {
    const edit = { by: 'carol', roles: ['support-lead'], reason: 'half', at: warrant.decidedAt, narrowing: true };
    const edited = { ...warrant, edits: [{ ...edit, arguments: { ...warrant.arguments, amount: '900.00' } }] };
    expect(givenBook().fromRecord(givenRecord(edited))).toMatchObject({ about: { edited: warrant.arguments } });
    expect(givenBook().fromRecord(givenRecord(warrant))).not.toHaveProperty('about.edited');
  });

  it.each([
    ['of another service', () => packed(pens.approval, warrant), /signed by approval/],
    ['of a stranger', () => packed(pens.stranger, warrant), /no trusted key/],
    [
      'for another type of event',
      () => packed(pens.policy, warrant, { ce_type: 'countersign.action.denied.v1' }),
      /no warrant/,
    ],
    ['for another action', () => packed(pens.policy, warrant, { ce_subject: 'act_2' }), /another action/],
    ['for another session', () => packed(pens.policy, warrant, {}, 'globex/s-1'), /another session/],
    ['over what is no warrant', () => packed(pens.policy, { ...warrant, grant: 'all' }), /does not fit/],
    ['that is none', () => 'a.b', /no signed event/],
  ])('does not open a signature %s', (_, stored, because) => {
    expect(givenBook().fromPacked(stored())).toEqual({ ok: false, because: expect.stringMatching(because) });
  });

  it('opens nothing more of a key that is trusted no longer, whatever it has opened before', () => {
    let trusted: TrustedKey[] | undefined = [{ owner: 'policy', key: policyKey }];
    const ring = new KeyRing(() => {
      const now = trusted;
      trusted = undefined;
      return now;
    });
    const book = new WarrantBook(ring);
    const opened = book.fromRecord(givenRecord(warrant)) as { packed: string };
    expect(book.fromPacked(opened.packed)).toMatchObject({ ok: true });
    trusted = [];
    const because = expect.stringMatching('no trusted key');
    expect(book.fromPacked(opened.packed)).toEqual({ ok: false, because, about: aboutOf(warrant) });
    book.forget(opened.packed);
    expect(book.fromPacked(opened.packed)).toEqual({ ok: false, because });
  });

  it('does not take altered bytes for bytes it knows', () => {
    const book = givenBook();
    const opened = book.fromRecord(givenRecord(warrant)) as { packed: string };
    const altered = opened.packed.replace(`"exp":${warrant.exp}`, `"exp":${warrant.exp + 1}`);
    expect(altered).not.toBe(opened.packed);
    expect(book.fromPacked(altered)).toMatchObject({ ok: false });
  });
});
