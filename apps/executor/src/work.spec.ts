import { beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, digest, jcs, type Json } from '@countersign/contracts';
import type { WorkRow } from '@countersign/messaging';
import { NoAnswer, ToolRefusal, type TargetAnswer } from '@countersign/tool-sdk';
import { packWarrant } from '@countersign/signing';
import { aboutOf, givenRecord, givenRow, givenWarrant, NOW, pens } from './given.spec-support.js';
import { NotedRound, Surroundings } from './round.spec-support.js';
import { GRANT, SETTLE, type Outcome } from './state.js';

const nested = (levels: number): Json => (levels === 0 ? 'x' : { in: nested(levels - 1) });
const done: TargetAnswer = { status: 201, body: { refundId: 'ref_1' } };

describe('a round of the executor (numbers: the guarantees of work.ts)', () => {
  let at: Surroundings;
  beforeEach(() => {
    at = new Surroundings();
  });

  it('1: does nothing for a row whose warrant policy did not sign, or that stands under another jti', async () => {
    const warrant = givenWarrant();
    const packed = packWarrant(givenRecord(warrant, pens.stranger));
    const rows = [givenRow(warrant, { body: { warrant: packed } }), givenRow(warrant, { id: 'jti_other' })];
    await at.executor().perform(rows, at.round);
    expect(at.round.notes).toEqual(['VOID', 'VOID']);
    expect(at.forged).toEqual([expect.stringContaining('no trusted key'), 'the row stands under another jti']);
  });

  it.each<[string, WorkRow['status'], string]>([
    [GRANT, 'QUEUED', 'BLOCKED'],
    [GRANT, 'SENT', 'IN_DOUBT'],
    [SETTLE, 'QUEUED', 'retry as QUEUED'],
  ])(
    '1: a %s found %s whose key was revoked since it was opened ends as %s: no action is left open',
    async (kind, status, note) => {
      const warrant = givenWarrant();
      const row = givenRow(warrant, { kind, status });
      const about = aboutOf(warrant);
      at.book = { fromPacked: () => ({ ok: false, because: 'no trusted key', about }), forget: () => {} };
      await at.executor().perform([row], at.round);
      expect(at.round.notes).toEqual([note]);
      at.round = new NotedRound();
      await at.executor().perform([{ ...row, id: 'jti_other' }], at.round);
      expect(at.round.notes).toEqual(['VOID']);
    },
  );

  it('2: sends after the mark is committed, and not at all for a row that is no longer ours', async () => {
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes).toEqual(['marked 1', 'POST /issue_refund', 'COMMITTED']);
    at.round = new NotedRound();
    at.round.isOurs = false;
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes).toEqual(['marked 1']);
  });

  it('2: marks nothing for a preview', async () => {
    await at.executor().perform([givenRow(givenWarrant({ grant: 'preview' }))], at.round);
    expect(at.round.notes).toEqual(['PREVIEWED']);
  });

  it('3: sends on the versions just read when the effect is the one decided on, and returns another', async () => {
    const basis = { orderVersion: 1 };
    const preview = { effect: { amount: '18.00' }, basis, digest: digest({ amount: '18.00' }) };
    await at.executor().perform([givenRow(givenWarrant({ preview }))], at.round);
    expect(at.sent).toMatchObject([{ method: 'POST', body: { orderVersion: 2 } }]);
    at.round = new NotedRound();
    await at.executor().perform([givenRow(givenWarrant({ preview: { ...preview, digest: 'of another' } }))], at.round);
    expect(at.round.notes).toEqual(['RETURNED']);
  });

  it('3: previews nothing a second time once it was sent', async () => {
    const preview = { effect: { amount: '18.00' }, basis: {}, digest: 'of another' };
    const row = givenRow(givenWarrant({ preview }), { status: 'SENT', attempts: 2 });
    await at.executor().perform([row], at.round);
    expect(at.round.notes).toEqual(['GET /lookup', 'COMMITTED']);
  });

  it('4: carries on with a row found SENT although the gate would stop it now', async () => {
    at.fingerprint = 'another';
    const row = givenRow(givenWarrant(), { status: 'SENT', attempts: 2 });
    await at.executor().perform([row], at.round);
    expect(at.round.notes).toEqual(['POST /issue_refund', 'COMMITTED']);
  });

  it('4: looks an expired one up and does not send it again', async () => {
    at.databaseNow += 120_000;
    at.answer = () => Promise.resolve({ status: 404, body: {} });
    const row = givenRow(givenWarrant(), { status: 'SENT', attempts: 2 });
    await at.executor().perform([row], at.round);
    expect(at.round.notes).toEqual(['GET /lookup', 'retry as SENT']);
  });

  it.each<[string, () => Promise<TargetAnswer>]>([
    ['no answer', () => Promise.reject(new NoAnswer('silence'))],
    ['an answer that is not of the declared form', () => Promise.resolve({ status: 201, body: { id: 1 } })],
    ['a fault in the tool itself', () => Promise.reject(new TypeError('of undefined'))],
  ])('keeps a commit open after %s', async (_, given) => {
    at.answer = given;
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes).toEqual(['marked 1', 'POST /issue_refund', 'retry as SENT']);
  });

  it('fails a commit on a definite no', async () => {
    at.answer = () => Promise.reject(new ToolRefusal('NOT_FOUND', 'no such order'));
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes.at(-1)).toBe('FAILED');
  });

  it('ends in doubt at once for a target that can neither be asked again nor looked at', async () => {
    at.answer = () => Promise.reject(new NoAnswer('silence'));
    await at.executor({ class: 'D' }).perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes.at(-1)).toBe('IN_DOUBT');
  });

  it('ends in doubt when even looking up does not answer for long, and is settled by a later look', async () => {
    at.answer = () => Promise.reject(new NoAnswer('silence'));
    const warrant = givenWarrant();
    const longAgo = new Date(NOW.getTime() - at.doubtAfterMs);
    await at.executor().perform([givenRow(warrant, { status: 'SENT', attempts: 2, sentAt: longAgo })], at.round);
    expect(at.round.notes).toEqual(['GET /lookup', 'IN_DOUBT']);
    expect(at.round.ending).toMatchObject({
      sent: { effectClass: 'A', arguments: warrant.arguments, canLookUp: true, firstAt: longAgo.toISOString() },
    });
    at.round = new NotedRound();
    const settle = givenRow(warrant, { id: `${warrant.jti}/settle`, kind: SETTLE });
    await at.executor().perform([settle], at.round);
    expect(at.round.notes).toEqual(['GET /lookup', 'retry as QUEUED']);
    expect(at.toldOfDoubts).toEqual([expect.stringContaining('silence')]);
    at.answer = () => Promise.resolve(done);
    await at.executor().perform([settle], at.round);
    expect(at.round.ended.get(settle.id)).toMatchObject({
      status: 'RESOLVED',
      outcome: { ending: { outcome: 'committed', committed: { result: { refundId: 'ref_1' } } } },
    });
  });

  it('settles a doubt as failed when the target does not know the key', async () => {
    at.answer = () => Promise.resolve({ status: 404, body: {} });
    const warrant = givenWarrant();
    const settle = givenRow(warrant, { id: `${warrant.jti}/settle`, kind: SETTLE });
    await at.executor().perform([settle], at.round);
    expect(at.round.ended.get(settle.id)).toMatchObject({
      outcome: { ending: { tag: 'resolved', outcome: 'failed' } },
    });
  });

  it.each<[string, Partial<WorkRow>, string]>([
    ['sends it again while the target remembers its key', {}, 'POST /issue_refund'],
    ['looks it up towards the end of that time', { sentAt: new Date(NOW.getTime() - 60_000) }, 'GET /lookup'],
  ])('4: %s, however patient it is', async (_, sent, first) => {
    const row = givenRow(givenWarrant(), { status: 'SENT', attempts: 2, sentAt: NOW, ...sent });
    await at.executor({ keyLifetimeMs: 120_000 }).perform([row], at.round);
    expect(at.round.notes[0]).toBe(first);
  });

  it('leaves a doubt to a person once the target may have forgotten the key it does not know', async () => {
    at.answer = () => Promise.resolve({ status: 404, body: {} });
    const warrant = givenWarrant();
    const { body } = givenRow(warrant);
    const sentAt = new Date(NOW.getTime() - 60_000).toISOString();
    const settle = givenRow(warrant, {
      id: `${warrant.jti}/settle`,
      kind: SETTLE,
      body: { ...(body as object), sentAt },
    });
    await at.executor({ keyLifetimeMs: 120_000 }).perform([settle], at.round);
    expect(at.round.notes).toEqual(['GET /lookup', 'LEFT']);
    at.round = new NotedRound();
    at.answer = () => Promise.resolve(done);
    await at.executor({ keyLifetimeMs: 120_000 }).perform([settle], at.round);
    expect(at.round.notes).toEqual(['GET /lookup', 'RESOLVED']);
  });

  it('publishes what a target says in halves of characters, well-formed and digestible', async () => {
    at.answer = () => Promise.resolve({ status: 201, body: { refundId: 'ref_\ud83d' } });
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    expect([...at.round.ended.values()]).toMatchObject([
      { outcome: { ending: { result: { refundId: 'ref_\ufffd' } } } },
    ]);
    at.round = new NotedRound();
    at.answer = () => Promise.reject(new ToolRefusal('NOT_FOUND', '😀'.repeat(1_001).slice(1)));
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    const [refused] = [...at.round.ended.values()];
    expect(() => jcs(refused)).not.toThrow();
    expect(refused).toMatchObject({ status: 'FAILED' });
  });

  it.each<[string, Json]>([
    ['400,000 characters of three bytes each', '界'.repeat(400_000)],
    ['20 levels', nested(20)],
  ])('was done although its answer of %s cannot be published', async (_, refundId) => {
    at.answer = () => Promise.resolve({ status: 201, body: { refundId } });
    await at
      .executor({ output: z.object({ refundId: classified('internal', z.any()) }) })
      .perform([givenRow(givenWarrant())], at.round);
    const whole = { tag: 'committed', result: {}, recordsRead: [], recordsChanged: [] };
    const [ended] = [...at.round.ended.values()] as { outcome: Outcome }[];
    expect(ended?.outcome.ending).toEqual(whole);
  });

  it.each<[string, Json, string]>([
    ['400,000 characters of three bytes each', '界'.repeat(400_000), 'too large'],
    ['20 levels', nested(20), 'too deep'],
  ])('fails a read whose answer of %s cannot be published', async (_, refundId, why) => {
    at.answer = () => Promise.resolve({ status: 200, body: { refundId } });
    const output = z.object({ refundId: classified('internal', z.any()) });
    const executor = at.executor({ effect: 'read', class: undefined, output });
    await executor.perform([givenRow(givenWarrant({ grant: 'read' }))], at.round);
    expect([...at.round.ended.values()]).toMatchObject([
      { status: 'FAILED', outcome: { ending: { refusal: { detail: expect.stringContaining(why) } } } },
    ]);
  });

  it('does not call a doubt blocked when the tool it was sent by is not loaded: it waits for it', async () => {
    const warrant = givenWarrant({ tool: 'gone' });
    const settle = givenRow(warrant, { id: `${warrant.jti}/settle`, kind: SETTLE });
    await at.executor().perform([settle], at.round);
    expect(at.round.notes).toEqual(['retry as QUEUED']);
  });

  it('says as little as it can of what cannot be published: a sent one is in doubt, another failed, a doubt stays', () => {
    const warrant = givenWarrant();
    const executor = at.executor();
    const end = (change: Partial<WorkRow>) => executor.undecidable(givenRow(warrant, change))?.status;
    expect([end({ status: 'SENT' }), end({}), end({ id: `${warrant.jti}/settle`, kind: SETTLE })]).toEqual([
      'IN_DOUBT',
      'FAILED',
      undefined,
    ]);
  });

  it('refuses arguments that do not fit, unsent', async () => {
    await at.executor().perform([givenRow(givenWarrant({ arguments: { orderId: 1 } }))], at.round);
    expect(at.sent).toEqual([]);
    expect([...at.round.ended.values()]).toMatchObject([
      { outcome: { ending: { tag: 'failed', refusal: { code: 'INVALID_ARGUMENTS' } } } },
    ]);
  });
});
