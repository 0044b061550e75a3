import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { digest } from '@countersign/contracts';
import { NoAnswer, type TargetAnswer } from '@countersign/tool-sdk';
import { givenKill, givenRow, givenRelease, givenStage, givenWarrant, NOW } from './given.spec-support.js';
import { NotedRound, Surroundings } from './round.spec-support.js';

const committed: TargetAnswer = { status: 201, body: { refundId: 'ref_1' } };
const killed = [givenStage('scoped'), givenKill('kill/tool/issue_refund', 5)];

describe('commits (numbers: the guarantees of commits.ts)', () => {
  let at: Surroundings;
  beforeEach(() => {
    at = new Surroundings();
  });

  it('1: has the lock from before the mark until the target has answered', async () => {
    at.onLock = () => at.round.notes.push('locked');
    at.onLanding = (sends) => at.round.notes.push(`lets it go after ${sends.length}`);
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    const notes = ['locked', 'marked 1', 'lets it go after 1', 'POST /issue_refund', 'COMMITTED'];
    expect(at.round.notes).toEqual(notes);
  });

  it('1: goes by what is known under the lock, not by what was known before it', async () => {
    at.onLock = () => (at.controls = killed);
    await at.executor().perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes).toEqual(['BLOCKED']);
    expect(at.round.ending).toMatchObject({ tag: 'blocked', refusal: { code: 'KILLED' } });
  });

  it('1: what was looked at again is judged under the lock as well', async () => {
    const effect = { amount: '18.00' };
    const preview = { effect, basis: { orderVersion: 1 }, digest: digest(effect) };
    at.onLock = () => (at.controls = [givenStage('draft-only', 2)]);
    await at.executor().perform([givenRow(givenWarrant({ preview }))], at.round);
    expect(at.round.ending).toMatchObject({ tag: 'blocked', refusal: { code: 'STAGE_FORBIDS' } });
  });

  it('1: what was released no more when it had the lock is not sent', async () => {
    const effect = { amount: '18.00' };
    const preview = { effect, basis: { orderVersion: 1 }, digest: digest(effect) };
    at.onLock = () => (at.controls = [givenStage('scoped'), givenRelease('f-3', 2, 'f-2')]);
    await at.executor().perform([givenRow(givenWarrant({ preview }))], at.round);
    expect(at.round.ending).toMatchObject({ tag: 'blocked', refusal: { code: 'NOT_RELEASED' } });
    expect(at.sent.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('1: what was sent before a trip is looked up and not sent again, whether it was tripped before the lock or meanwhile', async () => {
    const row = givenRow(givenWarrant(), { status: 'SENT', attempts: 2 });
    await at.executor().perform([row], at.round);
    at.onLock = () => (at.controls = killed);
    await at.executor().perform([row], at.round);
    expect(at.round.notes).toEqual(['POST /issue_refund', 'COMMITTED', 'GET /lookup', 'COMMITTED']);
  });

  it('1: what was sent before a trip that is over, too: it was decided on before it', async () => {
    at.controls = [givenStage('scoped'), givenKill('kill/*', 5, 6)];
    const row = givenRow(givenWarrant({ epoch: 4 }), { status: 'SENT', attempts: 2 });
    await at.executor().perform([row], at.round);
    expect(at.round.notes).toEqual(['GET /lookup', 'COMMITTED']);
  });

  it('1: what another process sent a moment ago may still act, however long this one has run: nothing found proves nothing yet', async () => {
    at.answer = () => Promise.resolve({ status: 404, body: {} });
    const executor = at.executor();
    const started = performance.now();
    const time = jest.spyOn(performance, 'now').mockReturnValue(started + 60_000);
    try {
      const preview = { effect: { amount: '18.00' }, basis: {}, digest: 'd' };
      const row = givenRow(givenWarrant({ preview }), { status: 'SENT', attempts: 1 });
      await executor.perform([row], at.round);
      time.mockReturnValue(started + 61_000);
      // Claimed by another in between, then again by this one.
      await executor.perform([{ ...row, attempts: 3 }], at.round);
      time.mockReturnValue(started + 62_000);
      await executor.perform([{ ...row, attempts: 4 }], at.round);
    } finally {
      time.mockRestore();
    }
    const notYet = ['GET /lookup', 'retry as SENT'];
    expect(at.round.notes).toEqual([...notYet, ...notYet, 'GET /lookup', 'retry as QUEUED']);
  });

  it('1: a demotion stops nothing that was sent: it is sent again', async () => {
    at.controls = [];
    await at.executor().perform([givenRow(givenWarrant(), { status: 'SENT', attempts: 2 })], at.round);
    expect(at.round.notes).toEqual(['POST /issue_refund', 'COMMITTED']);
  });

  it('1: sends nothing once the lock is lost, and leaves what was sent to the automaton', async () => {
    at.answer = () => {
      at.aloft!.loseLock();
      return Promise.reject(new NoAnswer('silence'));
    };
    const rows = ['a', 'b'].map((actionId) => givenRow(givenWarrant({ actionId })));
    at.onLanding = () => (at.controls = killed);
    await at.executor().perform(rows, at.round);
    expect(at.sent).toHaveLength(1);
    expect(at.round.notes.slice(2).sort()).toEqual(['BLOCKED', 'retry as SENT']);
  });

  it('2: a mark that fails ends the round once what was seen to beside it is over', async () => {
    at.round.markSent = () => Promise.reject(new Error('the database is away'));
    const gone = givenRow(givenWarrant({ actionId: 'b', exp: NOW.getTime() / 1000 - 1 }), {
      status: 'SENT',
      attempts: 2,
    });
    const performed = at.executor().perform([givenRow(givenWarrant()), gone], at.round);
    await expect(performed).rejects.toThrow('the database is away');
    expect(at.round.notes).toEqual(['GET /lookup', 'COMMITTED']);
  });

  it('4: sends nothing, again neither, that could begin after the limit of audit; what was sent is looked up', async () => {
    const asked: number[] = [];
    at.covers = (instant) => (asked.push(instant - at.databaseNow), false);
    const executor = at.executor();
    await executor.perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes).toEqual(['retry as QUEUED']);
    expect(asked).toEqual([expect.closeTo(750, -2)]);
    at.round = new NotedRound();
    await executor.perform([givenRow(givenWarrant(), { status: 'SENT', attempts: 2, sentAt: NOW })], at.round);
    expect(at.round.notes).toEqual(['retry as SENT']);
    at.round = new NotedRound();
    const ended = givenWarrant({ actionId: 'b', exp: NOW.getTime() / 1000 - 1 });
    await executor.perform([givenRow(ended, { status: 'SENT', attempts: 2, sentAt: NOW })], at.round);
    expect(at.round.notes[0]).toBe('GET /lookup');
  });

  it('3: what could not be sent in its window departs once more, judged anew, and is marked once', async () => {
    let flights = 0;
    at.onLock = () => (flights += 1);
    at.answer = () => {
      at.aloft!.known.at -= 600;
      return Promise.resolve(committed);
    };
    const rows = ['a', 'b', 'c'].map((actionId) => givenRow(givenWarrant({ actionId })));
    await at.executor().perform(rows, at.round);
    expect(flights).toBe(3);
    expect(at.round.notes.filter((note) => note === 'COMMITTED')).toHaveLength(3);
    expect(at.round.notes.filter((note) => note.startsWith('marked'))).toEqual(['marked 3']);
  });

  it('3: a flight that sent nothing at all gives its rows back', async () => {
    at.onLanding = (sends) => void sends;
    const executor = at.executor();
    at.round.markSent = (rows) => {
      at.aloft!.known.at -= 600;
      return Promise.resolve(rows.map((row) => ({ ...row, status: 'SENT' })));
    };
    await executor.perform([givenRow(givenWarrant())], at.round);
    expect(at.round.notes).toEqual(['retry as QUEUED']);
  });
});
