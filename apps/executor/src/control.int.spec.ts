import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import type { Warrant } from './state.js';
import { World } from './world.spec-support.js';

const SCOPE = 'kill/tool/issue_refund';
const BLOCKED = 'countersign.action.blocked.v1';
const COMMITTED = 'countersign.action.committed.v1';

describe('switches, with two executors on real engines and the real helpdesk', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
    await world.startAnother('executor-2');
  });
  afterEach(async () => {
    world.signal('SIGCONT');
    await world.faults({ latencyMs: 0 });
  });
  afterAll(() => world?.close());

  const rearmed = async () => {
    const epoch = await world.switches.apply(SCOPE, { killed: false });
    await world.switches.heard(epoch, 2);
    return epoch;
  };
  /** A refund that has reached helpdesk and is held up there. */
  const underWay = async (epoch: number, session = 's-1') => {
    const warrant = world.warrant({ epoch, session });
    await world.faults({ latencyMs: 200 });
    await world.publish(world.record(warrant));
    await until(async () => (await world.heldAtHelpdesk()) > 0, { what: 'the refund at helpdesk', everyMs: 5 });
    return warrant;
  };
  /** One of this executor's. */
  const underWayAt = async (instance: string, epoch: number) => {
    for (let session = 1; ; session++) {
      const warrant = await underWay(epoch, `s-${session}`);
      if ((await world.ownerOf(warrant)) === instance) return warrant;
      await world.resultOf(warrant);
    }
  };
  /** When effects of a warrant began, once it has ended. */
  const begun = async (warrant: Warrant) => {
    await world.resultOf(warrant);
    return (await world.effectsOf(warrant)).map(({ startedAt }) => Date.parse(startedAt));
  };

  it("a plain client's trip stops a tool; forged re-arms do not let it go, and what was decided on before never goes", async () => {
    const tripped = await world.switches.write(SCOPE, { killed: true, reason: 'INC-42', by: 'pager' });
    const acks = await world.switches.heard(tripped, 2);
    expect(acks.map(({ instance }) => instance).sort()).toEqual(['executor-1', 'executor-2']);
    const value = { killed: true, reason: 'INC-42' };
    expect(acks[0]).toMatchObject({ scope: SCOPE, value, by: 'pager', instances: 2, inDoubt: [] });
    const forged = await world.switches.write(SCOPE, { killed: false });
    await world.switches.say(SCOPE, { killed: false }, forged, 'stranger');
    await world.switches.say(SCOPE, { killed: false }, forged, 'approval');
    // What comes after them on the topics has been handled after them.
    await world.switches.heard(await world.switches.apply('kill/tool/other', { killed: false }), 2);
    const stopped = world.warrant({ epoch: 1_000 });
    expect(await world.run(stopped)).toMatchObject({ type: BLOCKED, data: { code: 'KILLED' } });
    expect(await world.requestsOf(stopped)).toEqual([]);
    const rearm = await rearmed();
    const before = await world.run(world.warrant({ epoch: tripped }));
    expect(before).toMatchObject({ type: BLOCKED, data: { code: 'KILLED' } });
    expect(await world.run(world.warrant({ epoch: rearm }))).toMatchObject({ type: COMMITTED });
  });

  it('is acknowledged only once what was under way has begun or never will', async () => {
    const warrant = await underWay(await rearmed());
    const tripped = await world.switches.write(SCOPE, { killed: true });
    const [ack] = await world.switches.heard(tripped);
    for (const at of await begun(warrant)) expect(at).toBeLessThan(Date.parse(ack!.at));
  });

  it('is in force within 2 s although an executor is frozen in mid-send, and that one begins nothing when it wakes', async () => {
    const warrant = await underWayAt('executor-1', await rearmed());
    world.signal('SIGSTOP');
    const from = Date.now();
    const tripped = await world.switches.write(SCOPE, { killed: true });
    const [ack] = await world.switches.heard(tripped);
    expect(Date.parse(ack!.at) - from).toBeLessThan(2_000);
    expect(ack!.instance).toBe('executor-2');
    world.signal('SIGCONT');
    await world.switches.heard(tripped, 2);
    for (const at of await begun(warrant)) expect(at).toBeLessThan(Date.parse(ack!.at));
  });
});
