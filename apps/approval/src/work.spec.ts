import { describe, expect, it } from '@jest/globals';
import type { Round, WorkOutcome, WorkRow } from '@countersign/messaging';
import { decideEscalated, decideExpiry, type Due } from './decide.js';
import { control, escalated, escalation, genuine, later, NOW, opened, Rows } from './given.spec-support.js';
import { approvalIdOf } from './state.js';
import { clock } from './work.js';

const of = escalation();
const id = approvalIdOf(of);
const killed = { killed: true, reason: 'INC-42' };
const rowOf = (change: Partial<Due> = {}): WorkRow => {
  const effects = decideEscalated(escalated(of), new Rows(), { ...genuine, webhooks: true }, NOW);
  const [draft] = effects.flatMap((effect) =>
    effect.do === 'work' && effect.work.kind === (change.what ?? 'expire') ? [effect.work] : [],
  );
  const body = { ...(draft!.body as object), ...change } as WorkRow['body'];
  return { ...draft!, body, fence: 1, attempts: 1, status: 'QUEUED', createdAt: NOW };
};

/** What the clock makes of a row that was claimed then. */
async function struck(row: WorkRow, view: ReturnType<typeof control>, at: Date) {
  const finished: WorkOutcome<never>[] = [];
  const finish = (_row: WorkRow, outcome: unknown) =>
    Promise.resolve(void finished.push(outcome as WorkOutcome<never>));
  const worker = clock(
    () => Promise.resolve(view),
    () => at,
  );
  await worker.perform([row], { finish } as unknown as Round);
  return { worker, outcome: finished[0] as unknown as { tag: string; inMs?: number; outcome?: { until?: string } } };
}

describe('the clock', () => {
  it('strikes when an item\u2019s time is over, though its own clock be behind the database\u2019s', async () => {
    for (const at of [later(3600), later(3590)]) {
      const { worker, outcome } = await struck(rowOf(), control(), at);
      expect(outcome).toEqual({ tag: 'done', status: 'STRUCK', outcome: { approvalId: id, what: 'expire' } });
      const rows = opened(of);
      expect(worker.decide(rowOf(), outcome.outcome as never, rows, at)).toEqual(decideExpiry(id, rows, at));
    }
  });

  it('stands still while a switch is on: it looks again when what is left could be over at the earliest', async () => {
    const paused = control(['kill/tenant/globex', killed], ['kill/tool/issue_refund', killed]);
    expect((await struck(rowOf(), paused, later(3600))).outcome).toMatchObject({
      tag: 'retry',
      inMs: 3_540_000,
    });
  });

  it('looks no oftener than each five seconds, though nothing be left', async () => {
    const row = rowOf({ due: later(1).toISOString() });
    const { outcome } = await struck(row, control(['kill/*', killed]), later(10));
    expect(outcome).toMatchObject({ tag: 'retry', inMs: 5_000 });
  });

  it('goes on after the re-arm with what was left', async () => {
    const rearmed = control(['kill/*', killed], ['kill/*', { killed: false }]);
    expect((await struck(rowOf(), rearmed, later(3600))).outcome).toMatchObject({
      tag: 'retry',
      inMs: 60_000,
    });
    expect((await struck(rowOf(), rearmed, later(3660))).outcome).toMatchObject({ tag: 'done' });
  });

  it('takes back what was announced before the switch was heard of', async () => {
    const rearmed = control(['kill/*', killed], ['kill/*', { killed: false }]);
    const { worker, outcome } = await struck(rowOf({ again: true }), rearmed, later(3605));
    expect(outcome.outcome).toEqual({ approvalId: id, what: 'expire', until: later(3660).toISOString() });
    const rows = opened(of);
    rows.apply(decideExpiry(id, rows, later(3600)));
    rows.apply(worker.decide(rowOf(), outcome.outcome as never, rows, later(3605)));
    expect(rows.item(of).progress).toEqual({ tag: 'open' });
  });

  it('warns at four fifths of the time that it stands for, with when it expires now', async () => {
    const rearmed = control(['kill/*', killed], ['kill/*', { killed: false }]);
    const early = await struck(rowOf({ what: 'expiring' }), rearmed, later(2880));
    expect(early.outcome).toMatchObject({ tag: 'retry', inMs: 60_000 });
    const { worker, outcome } = await struck(rowOf({ what: 'expiring' }), rearmed, later(2940));
    const [told] = worker.decide(rowOf(), outcome.outcome as never, opened(of), later(2940));
    expect(told).toMatchObject({
      do: 'work',
      work: { kind: 'webhook', body: { data: { expiresAt: later(3660).toISOString() } } },
    });
  });
});
