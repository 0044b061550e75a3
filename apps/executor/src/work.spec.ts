import { beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, digest, jcs, type Json } from '@countersign/contracts';
import type { Round, SqlTx, WorkOutcome, WorkRow } from '@countersign/messaging';
import { NoAnswer, ToolRefusal, type TargetAnswer, type TargetRequest, type ToolContract } from '@countersign/tool-sdk';
import { packWarrant } from '@countersign/signing';
import { Attempts } from './attempt.js';
import { MAX_ATTEMPTS } from './automaton.js';
import { Gate } from './gate.js';
import { givenBook, givenRecord, givenRow, givenTool, givenWarrant, NOW, pens } from './given.spec-support.js';
import { Sealer } from './sealer.js';
import { SETTLE, type Outcome, type Warrant } from './state.js';
import { Executor } from './work.js';

const nested = (levels: number): Json => (levels === 0 ? 'x' : { in: nested(levels - 1) });
const done: TargetAnswer = { status: 201, body: { refundId: 'ref_1' } };

/** A round as the pool gives it: it writes down in which order things happen. */
class NotedRound implements Round {
  readonly notes: string[] = [];
  readonly ended = new Map<string, WorkOutcome<Outcome>>();
  readonly signal = new AbortController().signal;
  isOurs = true;

  async markSent(rows: WorkRow[]): Promise<WorkRow[]> {
    await Promise.resolve();
    this.notes.push(`marked ${rows.length}`);
    return this.isOurs ? rows.map((row) => ({ ...row, fence: row.fence + 1, status: 'SENT' })) : [];
  }

  async finish<O>(row: WorkRow, outcome: WorkOutcome<O>): Promise<void> {
    await Promise.resolve();
    this.notes.push(outcome.tag === 'done' ? outcome.status : `${outcome.tag} as ${outcome.status}`);
    this.ended.set(row.id, outcome as WorkOutcome<unknown> as WorkOutcome<Outcome>);
  }
}

describe('a round of the executor (numbers: the guarantees of work.ts)', () => {
  let round: NotedRound;
  let forged: string[];
  let databaseNow: number;
  let answer: (request: TargetRequest) => Promise<TargetAnswer>;
  const sent: TargetRequest[] = [];

  beforeEach(() => {
    round = new NotedRound();
    forged = [];
    sent.length = 0;
    databaseNow = NOW.getTime();
    answer = () => Promise.resolve(done);
  });

  function executorOf(change: Partial<ToolContract> = {}, fingerprint = 'f-1'): Executor {
    const tool = givenTool('issue_refund', change);
    const sql: SqlTx = { query: <R>() => Promise.resolve([{ now: String(databaseNow) }] as R[]) };
    const request = (asked: TargetRequest) => {
      sent.push(asked);
      round.notes.push(`${asked.method} ${asked.path}`);
      return answer(asked);
    };
    const toolOf = ({ tool: name }: Warrant) => (name === 'issue_refund' ? tool : undefined);
    return new Executor({
      book: givenBook(),
      gate: new Gate(
        () => sql,
        toolOf,
        () => fingerprint,
      ),
      attempts: new Attempts(() => ({ clientFor: () => ({ request }) }), new Sealer(Buffer.alloc(32, 1))),
      toolOf,
      onForged: (_, because) => forged.push(because),
      onEnding: () => {},
    });
  }

  it('1: does nothing for a row whose warrant policy did not sign, or that stands under another jti', async () => {
    const warrant = givenWarrant();
    const packed = packWarrant(givenRecord(warrant, pens.stranger));
    const rows = [givenRow(warrant, { body: { warrant: packed } }), givenRow(warrant, { id: 'jti_other' })];
    await executorOf().perform(rows, round);
    expect(round.notes).toEqual(['VOID', 'VOID']);
    expect(forged).toEqual([expect.stringContaining('no trusted key'), 'the row stands under another jti']);
  });

  it('2: sends after the mark is committed, and not at all for a row that is no longer ours', async () => {
    await executorOf().perform([givenRow(givenWarrant())], round);
    expect(round.notes).toEqual(['marked 1', 'POST /issue_refund', 'COMMITTED']);
    round = new NotedRound();
    round.isOurs = false;
    await executorOf().perform([givenRow(givenWarrant())], round);
    expect(round.notes).toEqual(['marked 1']);
  });

  it('2: marks nothing for a preview', async () => {
    await executorOf().perform([givenRow(givenWarrant({ grant: 'preview' }))], round);
    expect(round.notes).toEqual(['PREVIEWED']);
  });

  it('3: sends on the versions just read when the effect is the one decided on, and returns another', async () => {
    const basis = { orderVersion: 1 };
    const preview = { effect: { amount: '18.00' }, basis, digest: digest({ amount: '18.00' }) };
    await executorOf().perform([givenRow(givenWarrant({ preview }))], round);
    expect(sent).toMatchObject([{ method: 'POST', body: { orderVersion: 2 } }]);
    round = new NotedRound();
    await executorOf().perform([givenRow(givenWarrant({ preview: { ...preview, digest: 'of another' } }))], round);
    expect(round.notes).toEqual(['RETURNED']);
  });

  it('3: previews nothing a second time once it was sent', async () => {
    const preview = { effect: { amount: '18.00' }, basis: {}, digest: 'of another' };
    const row = givenRow(givenWarrant({ preview }), { status: 'SENT', attempts: 2 });
    await executorOf().perform([row], round);
    expect(round.notes).toEqual(['GET /lookup', 'COMMITTED']);
  });

  it('4: carries on with a row found SENT although the gate would stop it now', async () => {
    const row = givenRow(givenWarrant(), { status: 'SENT', attempts: 2 });
    await executorOf({}, 'another fingerprint').perform([row], round);
    expect(round.notes).toEqual(['POST /issue_refund', 'COMMITTED']);
  });

  it('4: looks an expired one up and does not send it again', async () => {
    databaseNow += 120_000;
    answer = () => Promise.resolve({ status: 404, body: {} });
    const row = givenRow(givenWarrant(), { status: 'SENT', attempts: 2 });
    await executorOf().perform([row], round);
    expect(round.notes).toEqual(['GET /lookup', 'retry as SENT']);
  });

  it.each<[string, () => Promise<TargetAnswer>]>([
    ['no answer', () => Promise.reject(new NoAnswer('silence'))],
    ['an answer that is not of the declared form', () => Promise.resolve({ status: 201, body: { id: 1 } })],
    ['a fault in the tool itself', () => Promise.reject(new TypeError('of undefined'))],
  ])('keeps a commit open after %s', async (_, given) => {
    answer = given;
    await executorOf().perform([givenRow(givenWarrant())], round);
    expect(round.notes).toEqual(['marked 1', 'POST /issue_refund', 'retry as SENT']);
  });

  it('fails a commit on a definite no', async () => {
    answer = () => Promise.reject(new ToolRefusal('NOT_FOUND', 'no such order'));
    await executorOf().perform([givenRow(givenWarrant())], round);
    expect(round.notes.at(-1)).toBe('FAILED');
  });

  it('ends in doubt at once for a target that can neither be asked again nor looked at', async () => {
    answer = () => Promise.reject(new NoAnswer('silence'));
    await executorOf({ class: 'D' }).perform([givenRow(givenWarrant())], round);
    expect(round.notes.at(-1)).toBe('IN_DOUBT');
  });

  it('ends in doubt when even looking up does not answer for long, and is settled by a later look', async () => {
    answer = () => Promise.reject(new NoAnswer('silence'));
    const warrant = givenWarrant();
    await executorOf().perform([givenRow(warrant, { status: 'SENT', attempts: MAX_ATTEMPTS + 1 })], round);
    expect(round.notes).toEqual(['GET /lookup', 'IN_DOUBT']);
    round = new NotedRound();
    const settle = givenRow(warrant, { id: `${warrant.jti}/settle`, kind: SETTLE });
    await executorOf().perform([settle], round);
    expect(round.notes).toEqual(['GET /lookup', 'retry as QUEUED']);
    answer = () => Promise.resolve(done);
    await executorOf().perform([settle], round);
    expect(round.ended.get(settle.id)).toMatchObject({
      status: 'RESOLVED',
      outcome: { ending: { outcome: 'committed', committed: { result: { refundId: 'ref_1' } } } },
    });
  });

  it('settles a doubt as failed when the target does not know the key', async () => {
    answer = () => Promise.resolve({ status: 404, body: {} });
    const warrant = givenWarrant();
    const settle = givenRow(warrant, { id: `${warrant.jti}/settle`, kind: SETTLE });
    await executorOf().perform([settle], round);
    expect(round.ended.get(settle.id)).toMatchObject({ outcome: { ending: { tag: 'resolved', outcome: 'failed' } } });
  });

  it('publishes what a target says in halves of characters, well-formed and digestible', async () => {
    answer = () => Promise.resolve({ status: 201, body: { refundId: 'ref_\ud83d' } });
    await executorOf().perform([givenRow(givenWarrant())], round);
    expect([...round.ended.values()]).toMatchObject([{ outcome: { ending: { result: { refundId: 'ref_\ufffd' } } } }]);
    round = new NotedRound();
    answer = () => Promise.reject(new ToolRefusal('NOT_FOUND', '😀'.repeat(1_001).slice(1)));
    await executorOf().perform([givenRow(givenWarrant())], round);
    const [refused] = [...round.ended.values()];
    expect(() => jcs(refused)).not.toThrow();
    expect(refused).toMatchObject({ status: 'FAILED' });
  });

  it.each<[string, Json]>([
    ['400,000 characters of three bytes each', '界'.repeat(400_000)],
    ['20 levels', nested(20)],
  ])('was done although its answer of %s cannot be published', async (_, refundId) => {
    answer = () => Promise.resolve({ status: 201, body: { refundId } });
    await executorOf({ output: z.object({ refundId: classified('internal', z.any()) }) }).perform(
      [givenRow(givenWarrant())],
      round,
    );
    const whole = { tag: 'committed', result: {}, recordsRead: [], recordsChanged: [] };
    const [ended] = [...round.ended.values()] as { outcome: Outcome }[];
    expect(ended?.outcome.ending).toEqual(whole);
  });

  it.each<[string, Json, string]>([
    ['400,000 characters of three bytes each', '界'.repeat(400_000), 'too large'],
    ['20 levels', nested(20), 'too deep'],
  ])('fails a read whose answer of %s cannot be published', async (_, refundId, why) => {
    answer = () => Promise.resolve({ status: 200, body: { refundId } });
    const output = z.object({ refundId: classified('internal', z.any()) });
    const executor = executorOf({ effect: 'read', class: undefined, output });
    await executor.perform([givenRow(givenWarrant({ grant: 'read' }))], round);
    expect([...round.ended.values()]).toMatchObject([
      { status: 'FAILED', outcome: { ending: { refusal: { detail: expect.stringContaining(why) } } } },
    ]);
  });

  it('does not call a doubt blocked when the tool it was sent by is not loaded: it waits for it', async () => {
    const warrant = givenWarrant({ tool: 'gone' });
    const settle = givenRow(warrant, { id: `${warrant.jti}/settle`, kind: SETTLE });
    await executorOf().perform([settle], round);
    expect(round.notes).toEqual(['retry as QUEUED']);
  });

  it('says as little as it can of what cannot be published: a sent one is in doubt, another failed, a doubt stays', () => {
    const warrant = givenWarrant();
    const executor = executorOf();
    const end = (change: Partial<WorkRow>) => executor.undecidable(givenRow(warrant, change))?.status;
    expect([end({ status: 'SENT' }), end({}), end({ id: `${warrant.jti}/settle`, kind: SETTLE })]).toEqual([
      'IN_DOUBT',
      'FAILED',
      undefined,
    ]);
  });

  it('refuses arguments that do not fit, unsent', async () => {
    await executorOf().perform([givenRow(givenWarrant({ arguments: { orderId: 1 } }))], round);
    expect(sent).toEqual([]);
    expect([...round.ended.values()]).toMatchObject([
      { outcome: { ending: { tag: 'failed', refusal: { code: 'INVALID_ARGUMENTS' } } } },
    ]);
  });
});
