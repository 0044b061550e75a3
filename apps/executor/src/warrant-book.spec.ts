import { describe, expect, it } from '@jest/globals';
import { jcs } from '@countersign/contracts';
import { aboutOf, givenBook, givenRecord, givenWarrant, pens } from './given.spec-support.js';

const warrant = givenWarrant();
const TYPE = 'countersign.action.approved.v1';
const header = { typ: TYPE, eid: 'evt_1', sub: warrant.actionId, key: 'acme/s-1' };

describe('a book of warrants', () => {
  it('opens what policy signed, from its record and again from its stored bytes', () => {
    const fromRecord = givenBook().fromRecord(givenRecord(warrant));
    expect(fromRecord).toMatchObject({ ok: true, warrant, about: aboutOf(warrant) });
    const { compact } = fromRecord as { compact: string };
    expect(givenBook().fromCompact(compact)).toEqual(fromRecord);
  });

  it.each([
    ['of another service', () => pens.approval.sign(jcs(warrant), header), /signed by approval/],
    ['of a stranger', () => pens.stranger.sign(jcs(warrant), header), /no trusted key/],
    [
      'for another type of event',
      () => pens.policy.sign(jcs(warrant), { ...header, typ: 'countersign.action.denied.v1' }),
      /no warrant/,
    ],
    ['for another action', () => pens.policy.sign(jcs(warrant), { ...header, sub: 'act_2' }), /another action/],
    ['for another session', () => pens.policy.sign(jcs(warrant), { ...header, key: 'globex/s-1' }), /another session/],
    ['over what is no warrant', () => pens.policy.sign(jcs({ ...warrant, grant: 'all' }), header), /does not fit/],
    ['that is none', () => 'a.b', /not a compact JWS/],
  ])('does not open a signature %s', (_, compact, because) => {
    expect(givenBook().fromCompact(compact())).toEqual({ ok: false, because: expect.stringMatching(because) });
  });

  it('does not take altered bytes for bytes it knows', () => {
    const book = givenBook();
    const { compact } = book.fromRecord(givenRecord(warrant)) as { compact: string };
    const [head, , signature] = compact.split('.');
    const other = Buffer.from(jcs({ ...warrant, exp: warrant.exp + 1 })).toString('base64url');
    expect(book.fromCompact(`${head}.${other}.${signature}`)).toMatchObject({ ok: false });
  });
});
