import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { refusal } from '@countersign/contracts';
import {
  afterLookUp,
  afterRecovery,
  afterSend,
  expiredUnsent,
  keysKept,
  type Answer,
  type Circumstances,
  type Found,
} from './automaton.js';

const committed = { result: { refundId: 'ref_1' }, recordsRead: [], recordsChanged: [] };
const no = refusal('LIMIT_EXCEEDED', 'nothing left to refund');
const case_ = (change: Partial<Circumstances> = {}): Circumstances => ({
  effectClass: 'A',
  canLookUp: true,
  conditional: false,
  basisKnown: true,
  expired: false,
  killed: false,
  keysKept: true,
  patient: true,
  attempts: 1,
  ...change,
});
const anyCase = fc.record<Circumstances>({
  effectClass: fc.constantFrom('A', 'B', 'C', 'D'),
  canLookUp: fc.boolean(),
  conditional: fc.boolean(),
  basisKnown: fc.boolean(),
  expired: fc.boolean(),
  killed: fc.boolean(),
  keysKept: fc.boolean(),
  patient: fc.boolean(),
  attempts: fc.integer({ min: 1, max: 20 }),
});
const anyAnswer = fc.constantFrom<Answer>(
  { tag: 'refused', refusal: no },
  { tag: 'nothing-done', detail: 'too late' },
  { tag: 'nothing-done', detail: 'not asked', unbegun: true },
  { tag: 'unknown', detail: 'no answer' },
);
const anyFound = fc.constantFrom<Found>({ tag: 'nothing' }, { tag: 'unknown', detail: 'no answer' });

describe('what becomes of a commit that was marked SENT (numbers: the guarantees of automaton.ts)', () => {
  it('1: goes back to QUEUED on the word of the target, and waits', () => {
    expect(afterSend({ tag: 'nothing-done', detail: 'too late' }, true, case_())).toEqual({
      tag: 'again',
      as: 'QUEUED',
      inMs: 200,
      because: 'too late',
    });
  });

  it('1: never goes back to QUEUED without proof', () => {
    const queued = (step: object) => 'as' in step && step.as === 'QUEUED';
    fc.assert(
      fc.property(anyAnswer, fc.boolean(), anyCase, (answer, isFirst, given) => {
        return !queued(afterSend(answer, isFirst, given)) || (isFirst && answer.tag === 'nothing-done');
      }),
    );
    fc.assert(
      fc.property(anyFound, fc.integer({ min: -10, max: 10 }), anyCase, (found, limitInMs, given) => {
        return !queued(afterLookUp(found, limitInMs, given)) || (found.tag === 'nothing' && limitInMs <= 0);
      }),
    );
  });

  it('1: waits for the limit of a send before it believes that nothing was found', () => {
    expect(afterLookUp({ tag: 'nothing' }, 700, case_())).toMatchObject({ tag: 'again', as: 'SENT', inMs: 700 });
    expect(afterLookUp({ tag: 'nothing' }, 0, case_())).toMatchObject({ tag: 'again', as: 'QUEUED' });
  });

  it('2: a refusal fails a first send and is doubted on a later one', () => {
    expect(afterSend({ tag: 'refused', refusal: no }, true, case_())).toEqual({
      tag: 'end',
      ending: { tag: 'failed', refusal: no, recordsRead: [] },
    });
    expect(afterSend({ tag: 'refused', refusal: no }, false, case_())).toEqual({ tag: 'look-up', refused: no });
    expect(afterSend({ tag: 'refused', refusal: no }, false, case_({ canLookUp: false }))).toMatchObject({
      ending: { tag: 'in-doubt' },
    });
  });

  it('2: a later refusal counts once the look-up finds nothing, and not if it finds the effect', () => {
    expect(afterLookUp({ tag: 'nothing' }, 0, case_(), no)).toMatchObject({ ending: { tag: 'failed', refusal: no } });
    expect(afterLookUp({ tag: 'done', committed }, 0, case_(), no)).toMatchObject({ ending: { tag: 'committed' } });
  });

  it.each([
    ['A, the same content', {}, 'send'],
    ['A, resting on versions', { conditional: true }, 'look-up'],
    ['A, expired', { expired: true }, 'look-up'],
    ['A, killed', { killed: true }, 'look-up'],
    ['A, tried for long enough', { patient: false }, 'look-up'],
    ['A, whose key may be forgotten soon', { keysKept: false }, 'look-up'],
    ['B, without a look-up, tried for long enough', { effectClass: 'B', canLookUp: false, patient: false }, 'doubt'],
    ['B, without a look-up', { effectClass: 'B', canLookUp: false }, 'send'],
    [
      'B, without a look-up, on versions nobody knows',
      { effectClass: 'B', canLookUp: false, basisKnown: false },
      'doubt',
    ],
    ['B, with one', { effectClass: 'B' }, 'look-up'],
    ['C', { effectClass: 'C' }, 'look-up'],
    ['D, without a look-up', { effectClass: 'D', canLookUp: false }, 'doubt'],
    ['B, expired, without a look-up', { effectClass: 'B', canLookUp: false, expired: true }, 'doubt'],
    ['B, killed, without a look-up', { effectClass: 'B', canLookUp: false, killed: true }, 'doubt'],
  ] as const)('3: a row found SENT of class %s', (_, change, way) => {
    expect(afterRecovery(case_(change))).toBe(way);
  });

  it('4: that it was not sent again, for a circuit or its moment, is no reason to doubt what may still be sent again', () => {
    const unbegun = { tag: 'nothing-done', detail: 'not asked', unbegun: true } as const;
    const B = { effectClass: 'B', canLookUp: false } as const;
    expect(afterSend(unbegun, false, case_(B))).toEqual({
      tag: 'again',
      as: 'SENT',
      inMs: 200,
      because: 'not asked',
    });
    expect(afterSend({ ...unbegun, unsent: true }, false, case_(B))).toMatchObject({ tag: 'again', as: 'SENT' });
    expect(afterSend(unbegun, false, case_({ ...B, patient: false }))).toMatchObject({ ending: { tag: 'in-doubt' } });
    expect(afterSend(unbegun, false, case_({ ...B, effectClass: 'D' }))).toMatchObject({ ending: { tag: 'in-doubt' } });
    // The target's own word on a later send: an earlier one may be what it goes by.
    expect(afterSend({ tag: 'nothing-done', detail: '412' }, false, case_(B))).toMatchObject({
      ending: { tag: 'in-doubt' },
    });
  });

  it('3: is never sent again once expired or killed', () => {
    fc.assert(fc.property(anyCase, (given) => !(given.expired || given.killed) || afterRecovery(given) !== 'send'));
  });

  it('3: is never sent again towards the end of the time for which its key is remembered', () => {
    fc.assert(fc.property(anyCase, (given) => given.keysKept || afterRecovery(given) !== 'send'));
    expect([keysKept(59_999, 120_000), keysKept(60_000, 120_000)]).toEqual([true, false]);
    expect(keysKept(Number.MAX_SAFE_INTEGER, undefined)).toBe(true);
  });

  it('3: that a target does not know a key proves nothing once it may have forgotten it', () => {
    fc.assert(
      fc.property(anyCase, fc.option(fc.constant(no), { nil: undefined }), (given, refused) => {
        const step = afterLookUp({ tag: 'nothing' }, 0, { ...given, keysKept: false }, refused);
        return step.tag === 'end' && step.ending.tag === 'in-doubt';
      }),
    );
  });

  it('3: what expired and was not done goes back to policy', () => {
    const step = afterLookUp({ tag: 'nothing' }, 0, case_({ expired: true }));
    expect(step).toEqual({ tag: 'end', ending: expiredUnsent });
  });

  it('4: without an answer is tried again, then ends in doubt and never in a guess', () => {
    const unknown = { tag: 'unknown', detail: 'no answer' } as const;
    expect(afterSend(unknown, true, case_())).toMatchObject({ tag: 'again', as: 'SENT', inMs: 200 });
    expect(afterLookUp(unknown, 0, case_({ attempts: 1_000 }))).toMatchObject({
      tag: 'again',
      as: 'SENT',
      inMs: 5_000,
    });
    expect(afterLookUp(unknown, 0, case_({ patient: false }))).toMatchObject({
      ending: { tag: 'in-doubt', refusal: { code: 'IN_DOUBT' }, known: 'no answer' },
    });
    expect(afterSend(unknown, true, case_({ effectClass: 'D', canLookUp: false }))).toMatchObject({
      ending: { tag: 'in-doubt' },
    });
    fc.assert(
      fc.property(anyCase, fc.boolean(), (given, isFirst) => {
        const step = afterSend(unknown, isFirst, given);
        return step.tag !== 'end' || step.ending.tag === 'in-doubt';
      }),
    );
  });

  it('ends as committed when the target says so', () => {
    const step = { tag: 'end', ending: { tag: 'committed', ...committed } };
    expect(afterSend({ tag: 'done', committed }, false, case_())).toEqual(step);
    expect(afterLookUp({ tag: 'done', committed }, 0, case_())).toEqual(step);
  });
});
