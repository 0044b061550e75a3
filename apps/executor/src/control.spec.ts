import { describe, expect, it } from '@jest/globals';
import { EVENTS, eventIdOf, decodeRecord, type Incoming, type Json } from '@countersign/contracts';
import type { ControlRow } from '@countersign/control';
import type { Effect } from '@countersign/messaging';
import { signedEncoder, type Signer } from '@countersign/signing';
import { controlTouches, decideControl, decideDrained } from './decide.js';
import { Drainer } from './drain.js';
import {
  givenBook,
  givenKill,
  givenRelease,
  givenRing,
  givenRow,
  givenStage,
  givenWarrant,
  NOW,
  pens,
} from './given.spec-support.js';
import { NotedRound } from './round.spec-support.js';
import { judgeWords } from './service.js';
import { DRAIN, type DrainBody } from './state.js';

const SCOPE = 'kill/tool/issue_refund';
const RELEASE = 'release/workflow/support-desk';
const at = NOW.toISOString();
const forged: string[] = [];

/** A record that anybody wrote to the control topic. */
function written(scope: string, value: Json, offset = 5n): Incoming {
  const bytes = value === null ? null : Buffer.from(JSON.stringify(value));
  const of = { topic: 'control' as const, partition: 0, offset, timestamp: NOW.getTime() };
  return decodeRecord({ ...of, key: Buffer.from(scope), value: bytes, headers: {} });
}

/** An acknowledgement, as policy writes it by default. */
function word(
  scope: string,
  value: Json,
  { pen = pens.policy as Signer, service = 'policy', epoch = 5 } = {},
): Incoming {
  const type = 'countersign.control.applied.v1';
  const data = { scope, value, epoch, service, instance: 'policy-1', at, appendedAt: at, by: 'sam' };
  const nobody = { tenantid: '', actorid: '', session: '', correlationid: '', causationid: 'evt_control' };
  const draft = { type, id: eventIdOf(type, scope, epoch), time: at, subject: scope, ...nobody, data } as const;
  const { key, value: text, headers } = signedEncoder('policy', pen)(draft as never);
  const of = { topic: 'control-acks' as const, partition: 0, offset: 3n, timestamp: NOW.getTime() };
  return decodeRecord({ ...of, key: Buffer.from(key), value: Buffer.from(text), headers });
}

/** What the executor makes of a record, on what it knows of the scope. */
function decided(incoming: Incoming, row?: ControlRow): Effect[] {
  const onForged = (_: Incoming, because: string) => void forged.push(because);
  const facts = judgeWords([incoming], { instance: 'executor-1', ring: givenRing(), onForged });
  controlTouches(incoming as never, facts);
  return decideControl(incoming as never, { get: <S>() => row as S | undefined }, facts);
}
const done = (effects: Effect[]) => effects.map((effect) => effect.do);

describe('what the executor makes of a record on control', () => {
  it('keeps nothing that looks like personal data of what somebody says of a trip', () => {
    const trip = written(SCOPE, { killed: true, reason: 'for dana@example.com', by: '+49 170 1234567' });
    expect(JSON.stringify(decided(trip))).not.toMatch(/dana|1234567/);
  });

  it('applies a trip whoever wrote it, and drains', () => {
    const trip = written(SCOPE, { killed: true, reason: 'INC-42', by: 'pager' });
    const body = { scope: SCOPE, value: { killed: true, reason: 'INC-42' }, epoch: 5, appendedAt: at, by: 'pager' };
    expect(decided(trip)).toEqual([
      {
        do: 'put',
        key: `control:${SCOPE}`,
        state: expect.objectContaining({ killed: true, epoch: 5, trippedEpoch: 5 }),
      },
      {
        do: 'work',
        work: {
          ...{ id: 'drain/5/executor-1', kind: DRAIN, target: 'control', tenant: 'system' },
          body: { ...body, instance: 'executor-1', cause: '0/5' },
        },
      },
    ]);
  });

  it.each<[string, Json]>([
    ['half a character in its reason', { killed: true, reason: 'a\ud800' }],
    ['a long name', { killed: true, by: 'x'.repeat(500) }],
    ['more than the contract knows', { killed: true, ticket: 'INC-42' }],
  ])('applies a trip with %s, and acknowledges it in what can be signed and read', (_, value) => {
    const [put, drain] = decided(written(SCOPE, value));
    expect(put).toMatchObject({ state: { killed: true } });
    const { body } = (drain as Effect & { do: 'work' }).work;
    const row = givenRow(givenWarrant(), { id: 'drain/5/executor-1', kind: DRAIN, body });
    const [effect] = decideDrained(row, { instances: 1 }, { get: () => undefined }, NOW);
    const { event } = effect as Effect & { do: 'emit' };
    expect(EVENTS['countersign.control.applied.v1'].data.safeParse(event.data)).toMatchObject({ success: true });
    expect(() => signedEncoder('executor', pens.policy)(event)).not.toThrow();
  });

  it('acknowledges a trip by a name of the event that a header can carry, whatever it is called', () => {
    const event = { specversion: '1.0', id: `a\ud800${'x'.repeat(290)}`, source: '/ops', data: { killed: true } };
    const of = {
      topic: 'control' as const,
      partition: 0,
      offset: 5n,
      timestamp: NOW.getTime(),
      key: Buffer.from(SCOPE),
    };
    const headers = { 'content-type': 'application/cloudevents+json' };
    const [, drain] = decided(decodeRecord({ ...of, value: Buffer.from(JSON.stringify(event)), headers }));
    const { cause } = (drain as Effect & { do: 'work' }).work.body as unknown as DrainBody;
    expect(cause).toBe(`a\ufffd${'x'.repeat(198)}`);
  });

  it.each<[string, string, Json]>([
    ['a re-arm that policy has not judged', SCOPE, { killed: false }],
    ['a tombstone', SCOPE, null],
    ['a value of another form', SCOPE, { killed: 'true' }],
    ['a stage that policy has not judged', 'stage/workflow/support-desk', { stage: 'scoped' }],
    ['a release that policy has not judged', RELEASE, { fingerprint: 'f', report: {}, signature: 's' }],
    ['a scope of nothing', 'kill/everything', { killed: true }],
  ])('ignores %s', (_, scope, value) => {
    expect(done(decided(written(scope, value), givenKill(scope, 3)))).toEqual(['ignore']);
  });

  it('drains once more for a trip that another instance was first to write down, and not for one that is overtaken', () => {
    const trip = written(SCOPE, { killed: true });
    expect(done(decided(trip, givenKill(SCOPE, 5)))).toEqual(['work']);
    expect(done(decided(trip, givenKill(SCOPE, 6, 7)))).toEqual(['ignore']);
    expect(done(decided(trip, givenKill(SCOPE, 9)))).toEqual(['ignore']);
  });

  it('remembers a trip that comes after its own re-arm: what was decided on before it stays stopped', () => {
    const [put] = decided(written(SCOPE, { killed: true }), givenKill(SCOPE, 3, 7));
    expect(put).toMatchObject({ state: { killed: false, epoch: 7, trippedEpoch: 5 } });
  });
});

describe('what the executor makes of a word on control-acks', () => {
  const rearm = { killed: false, reason: 'fixed' };

  it("applies policy's re-arms and stages", () => {
    expect(decided(word(SCOPE, rearm), givenKill(SCOPE, 3))).toMatchObject([
      { do: 'put', state: { killed: false, epoch: 5, trippedEpoch: 3, by: 'sam' } },
      { do: 'work', work: { body: { value: rearm, by: 'sam', cause: 'evt_control' } } },
    ]);
    const stage = 'stage/workflow/support-desk';
    expect(done(decided(word(stage, { stage: 'scoped' }), givenStage('draft-only')))).toEqual(['put', 'work']);
  });

  it("applies policy's releases: once that is acknowledged, nothing of another fingerprint is sent", () => {
    const value = { fingerprint: 'f-2', report: { kind: 'release' }, signature: 's' };
    expect(decided(word(RELEASE, value), givenRelease('f-1', 3))).toMatchObject([
      { do: 'put', state: { fingerprint: 'f-2', previous: 'f-1', epoch: 5 } },
      { do: 'work', work: { body: { value } } },
    ]);
  });

  it.each<[string, Incoming]>([
    ['of a stranger', word(SCOPE, rearm, { pen: pens.stranger })],
    ['of another service', word(SCOPE, rearm, { pen: pens.approval })],
    ['that nobody signed', { ...word(SCOPE, rearm), signature: undefined }],
    ['signed for another scope', { ...word('kill/*', rearm), key: SCOPE }],
    ['of an executor', word(SCOPE, rearm, { service: 'executor' })],
    ['that trips: a trip is known by its own record', word(SCOPE, { killed: true })],
  ])('ignores a word %s', (_, incoming) => {
    expect(done(decided(incoming, givenKill(SCOPE, 3)))).toEqual(['ignore']);
  });

  it('tells of those that claim to be of policy and are not', () => {
    forged.length = 0;
    decided(word(SCOPE, rearm, { pen: pens.approval }));
    decided(word(SCOPE, rearm, { service: 'executor', pen: pens.stranger }));
    expect(forged).toEqual(['signed by approval, not by policy']);
  });
});

describe('a drain', () => {
  const body: DrainBody = {
    ...{ scope: SCOPE, value: { killed: true }, epoch: 5, appendedAt: at, by: 'pager' },
    ...{ instance: 'executor-1', cause: '0/5' },
  };
  const row = (change: Partial<DrainBody> = {}) => {
    const of = { ...body, ...change } as unknown as Json;
    return givenRow(givenWarrant(), { id: 'drain/5/executor-1', kind: DRAIN, body: of });
  };
  const sentOf = (change: Parameters<typeof givenWarrant>[0]) => {
    const { warrant } = givenRow(givenWarrant(change)).body as { warrant: string };
    return { warrant };
  };
  const drainer = (drained: () => Promise<void>, rows: { warrant: string }[] = []) =>
    new Drainer({
      drained,
      peers: () => Promise.resolve(3),
      sql: () => ({ query: <R>() => Promise.resolve(rows as R[]) }),
      book: givenBook(),
      onDrained: () => {},
    });

  it('is acknowledged in an event that fits its contract, with the ids in doubt', () => {
    const drained = { instances: 3, inDoubt: ['act_1'] };
    const [effect] = decideDrained(row(), drained, { get: () => undefined }, NOW);
    const { event } = effect as Effect & { do: 'emit' };
    const { cause: _, ...said } = body;
    expect(event).toMatchObject({ subject: SCOPE, causationid: '0/5', tenantid: '' });
    expect(event.data).toEqual({ ...said, ...drained, service: 'executor', at });
    expect(EVENTS['countersign.control.applied.v1'].data.safeParse(event.data)).toMatchObject({ success: true });
  });

  it('names what was sent within the scope of a trip, once each, and nothing for a stage', async () => {
    const rows = ['a', 'a', 'b'].map((actionId) => sentOf({ actionId }));
    const foreign = [sentOf({ actionId: 'c', tool: 'create_ticket' }), { warrant: 'of nobody' }];
    const round = new NotedRound();
    const stage = { scope: 'stage/workflow/support-desk', value: { stage: 'read-only' as const } };
    const both = [row(), { ...row(stage), id: 'drain/6/executor-1' }];
    await drainer(() => Promise.resolve(), [...rows, ...foreign]).perform(both, round);
    expect([...round.ended.values()]).toEqual([
      { tag: 'done', status: 'DRAINED', outcome: { instances: 3, inDoubt: ['a', 'b'] } },
      { tag: 'done', status: 'DRAINED', outcome: { instances: 3 } },
    ]);
  });

  it('that fails acknowledges nothing and is tried again', async () => {
    const round = new NotedRound();
    await drainer(() => Promise.reject(new Error('no database'))).perform([row()], round);
    expect(round.notes).toEqual(['retry as QUEUED']);
  });
});
