import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import type { Warrant } from './state.js';
import { World } from './world.spec-support.js';

const LIMIT_MS = 3_000;
const COMMITTED = 'countersign.action.committed.v1';
const RESOLVED = 'countersign.action.resolved.v1';

describe('outages around an executor, on real engines and the real helpdesk', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open({ auditLimitMs: LIMIT_MS, doubtAfterMs: 1_000 });
  });
  afterEach(() => world.faults({}));
  afterAll(() => world?.close());

  const args = { orderId: 'ord_10001', amount: '1.00', currency: 'EUR', reason: 'Late.' };
  const given = (change: Partial<Warrant> = {}) => world.warrant({ arguments: args, ...change });
  const readyIs = (status: number) =>
    until(async () => (await world.readiness()).status === status, { what: `/readyz to say ${status}`, everyMs: 20 });
  const heard = async () => {
    await world.beat();
    await readyIs(200);
  };
  /** With audit heard all the time. */
  const whileHeard = (what: string, check: () => Promise<unknown>) =>
    until(async () => (await world.beat(), check()), { what, everyMs: 100 });
  const ended = (warrants: Warrant[]) =>
    whileHeard('their ends', async () => {
      const done = new Set((await world.results()).map(({ data }) => data.jti));
      return warrants.every(({ jti }) => done.has(jti));
    });
  const tries = async ({ jti }: Warrant) =>
    world.rows('select status, attempts from executor.work where id = $1', [jti]);
  const queued = async (warrant: Warrant) => {
    await until(() => world.workStatus(warrant), { what: 'its row' });
    return tries(warrant);
  };
  /** Results of a warrant, in order. */
  const results = async ({ jti }: Warrant) => (await world.results()).filter(({ data }) => data.jti === jti);
  const resolvedOf = async (warrant: Warrant) => (await results(warrant)).filter(({ type }) => type === RESOLVED);

  it("begins nothing before audit was heard: no other's word counts, and none dated in the future for longer than its record", async () => {
    const warrant = given();
    await world.publish(world.record(warrant));
    const later = new Date(Date.now() + 3_600_000);
    const onlyAudit = async () => /"because":\["audit was not heard/.test((await world.readiness()).text);
    await until(onlyAudit, { what: 'all else to be ready', everyMs: 50 });
    for (const signedBy of ['nobody', 'stranger', 'policy']) await world.beat(later, signedBy);
    const seen = async () => (await world.metrics()).includes('countersign_untrusted_warrants_total{place="audit"} 3');
    await until(seen, { what: 'three forged beats', everyMs: 50 });
    expect(await queued(warrant)).toEqual([{ status: 'QUEUED', attempts: 0 }]);
    expect(await world.readiness()).toMatchObject({
      status: 503,
      text: expect.stringContaining('audit was not heard'),
    });
    await world.beat(later);
    expect(await world.resultOf(warrant)).toMatchObject({ type: COMMITTED, data: { attempts: 1 } });
    await readyIs(503);
    expect((await world.readiness()).text).toContain('nothing is claimed until it is heard again');
  });

  it('begins no commit once audit was not heard for longer than its limit, and goes on when it is heard again', async () => {
    const said = new Date();
    await world.beat(said);
    const warrants: Warrant[] = [];
    const isOver = async () => {
      warrants.push(given({ session: `s-${warrants.length}` }));
      await world.publish(world.record(warrants.at(-1)!));
      return (await world.readiness()).status === 503 && warrants.length > 5;
    };
    await readyIs(200);
    await until(isOver, { what: 'the limit', everyMs: 50 });
    const last = given();
    await world.publish(world.record(last));
    expect(await queued(last)).toEqual([{ status: 'QUEUED', attempts: 0 }]);
    const effects = (await Promise.all(warrants.map((warrant) => world.effectsOf(warrant)))).flat();
    expect(effects.length).toBeGreaterThan(0);
    for (const { startedAt } of effects) expect(Date.parse(startedAt)).toBeLessThanOrEqual(said.getTime() + LIMIT_MS);
    await ended([...warrants, last]);
    for (const warrant of [...warrants, last]) {
      expect((await world.resultOf(warrant)).type).toBe(COMMITTED);
      expect(await world.effectsOf(warrant)).toHaveLength(1);
    }
  });

  it('leaves a target alone that does not answer, without spending attempts, and goes on by itself', async () => {
    await heard();
    await world.faults({ status: 503 });
    const warrants = Array.from({ length: 12 }, (_, at) => given({ session: `s-${at}` }));
    await world.publish(...warrants.map((warrant) => world.record(warrant)));
    const isOpen = async () => (await world.metrics()).includes('countersign_target_circuit{target="helpdesk"} 2');
    await whileHeard('the circuit to open', isOpen);
    const asked = (await world.requests()).length;
    const late = given();
    await world.publish(world.record(late));
    // It may just be the one that is let through to see.
    const [row] = await queued(late);
    expect(row!['attempts']).toBeLessThanOrEqual(1);
    expect((await world.requests()).length - asked).toBeLessThanOrEqual(2);
    await world.faults({});
    await ended([...warrants, late]);
    for (const warrant of [...warrants, late]) {
      expect((await world.resultOf(warrant)).type).toBe(COMMITTED);
      expect(await world.effectsOf(warrant)).toHaveLength(1);
    }
  });

  /** Done, and its answer lost; then the target says nothing until a person is asked. */
  const doubted = async () => {
    await heard();
    // The second send is held up there until the target is made to say nothing any more.
    await world.faults({ dropNext: 1, latencyMs: 1_000 });
    const warrant = given();
    await world.publish(world.record(warrant));
    await until(async () => (await world.effectsOf(warrant)).length, { what: 'its effect', everyMs: 5 });
    await world.faults({ status: 503 });
    await whileHeard('the doubt', async () => (await world.workStatus(warrant)) === 'IN_DOUBT');
    return warrant;
  };

  const after = async () => {
    const next = given();
    await world.publish(world.record(next));
    await ended([next]);
  };

  it("a doubt is settled by a person's verdict as policy signed it, once", async () => {
    const warrant = await doubted();
    const [listed] = await world.rows('select * from executor.in_doubt where jti = $1', [warrant.jti]);
    expect(listed).toMatchObject({
      ...{ tool: 'issue_refund', target: 'helpdesk', asked: true, idempotency_key: warrant.idempotencyKey },
      sent: { effectClass: 'A', arguments: warrant.arguments, amount: { amount: '1.00', currency: 'EUR' } },
    });
    await world.settle(warrant, 'failed', 'approval');
    await world.settle(warrant, 'committed');
    await world.settle(warrant, 'failed');
    await whileHeard('its end', async () => (await resolvedOf(warrant)).length);
    // What comes after them on the topic has been handled after them.
    await world.faults({});
    await after();
    expect(await resolvedOf(warrant)).toMatchObject([
      { data: { by: 'person', outcome: 'committed', detail: 'I looked.' } },
    ]);
    const settle = await world.rows('select status from executor.work where id = $1', [`${warrant.jti}/settle`]);
    expect(settle).toEqual([{ status: 'CANCELLED' }]);
  });

  it('a doubt is settled by a look-up that finds the effect, and a verdict that comes later changes nothing', async () => {
    const warrant = await doubted();
    await world.faults({});
    await heard();
    await world.hurry(`${warrant.jti}/settle`);
    await whileHeard('its end', async () => (await resolvedOf(warrant)).length);
    await world.settle(warrant, 'failed');
    await after();
    expect(await resolvedOf(warrant)).toMatchObject([{ data: { by: 'lookup', outcome: 'committed' } }]);
    const [listed] = await world.rows('select outcome, asked from executor.in_doubt where jti = $1', [warrant.jti]);
    expect(listed).toEqual({ outcome: 'committed', asked: false });
  });
});
