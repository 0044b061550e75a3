import { describe, expect, it } from '@jest/globals';
import type { Ack } from './control-acks.js';
import { controlShown, heardOf, stagesFor, verdictOf } from './control-shown.js';

const BEGUN = Date.parse('2026-03-01T10:00:00.000Z');
const SCOPE = 'kill/tool/issue_refund';
const TRIP = { killed: true, reason: 'INC-42', by: 'sam' };
const trip = { says: 'trip', scope: SCOPE } as const;
const rearm = { says: 're-arm', scope: SCOPE } as const;

interface Said {
  value?: object;
  scope?: string;
  epoch?: number;
  instance?: string;
  instances?: number;
  after?: number;
  inDoubt?: string[];
  by?: string;
}

const applied = (
  service: string,
  { value = TRIP, scope = SCOPE, epoch = 4, after = 100, instance, ...more }: Said = {},
) =>
  ({
    ...{ tag: 'applied', cause: 'ctl_1', ackedAt: BEGUN + after },
    data: {
      ...{ scope, epoch, service, instance: instance ?? `${service}-1`, at: '2026-03-01T10:00:09.000Z', value },
      ...{ appendedAt: new Date(BEGUN).toISOString(), ...more },
    },
  }) as Ack;
const refused = (service = 'policy', epoch = 4) =>
  ({
    ...{ tag: 'refused', cause: 'ctl_1', ackedAt: BEGUN + 5 },
    data: {
      ...{ scope: SCOPE, epoch, service, instance: `${service}-1`, at: '2026-03-01T10:00:09.000Z' },
      ...{ code: 'PERMISSION_DENIED', detail: 'bob is no sre', nextStep: 'Ask an sre.' },
    },
  }) as Ack;

describe('a trip', () => {
  it('is in force once any executor has drained, in the time from the record to that word, by the broker', () => {
    const acks = [
      applied('policy', { after: 12, instances: 1 }),
      applied('executor', { after: 640, instance: 'executor-2', instances: 3, inDoubt: ['act_9'] }),
      applied('executor', { after: 900, instances: 3, inDoubt: ['act_9', 'act_8'] }),
    ];
    expect(verdictOf(trip, acks)).toEqual({
      ...{ tag: 'in-force', epoch: 4, tookMs: 640, inDoubt: ['act_9', 'act_8'] },
      ...{ applied: { acknowledged: 3, instances: 4 }, at: '2026-03-01T10:00:00.000Z' },
    });
  });

  it('is not in force by the word of policy, whose instances send nothing', () => {
    expect(verdictOf(trip, [applied('policy')])).toMatchObject({ tag: 'pending', epoch: 4 });
    expect(verdictOf(trip, [])).toEqual({ tag: 'pending', applied: { acknowledged: 0, instances: 0 }, epoch: null });
  });
});

describe('a re-arm', () => {
  const value = { killed: false, reason: 'fixed', by: 'sam' };

  it('needs both: policy, which knows the person, and an executor that is done with the change', () => {
    const [policy, executor] = [applied('policy', { value, after: 30 }), applied('executor', { value, after: 20 })];
    expect(verdictOf(rearm, [policy])).toMatchObject({ tag: 'pending' });
    expect(verdictOf(rearm, [executor])).toMatchObject({ tag: 'pending' });
    expect(verdictOf(rearm, [policy, executor])).toMatchObject({ tag: 'in-force', tookMs: 30 });
  });

  it('that policy refuses is refused, in its words; an executor has no say in that', () => {
    expect(verdictOf(rearm, [refused()])).toEqual({
      ...{ tag: 'refused', code: 'PERMISSION_DENIED', detail: 'bob is no sre', nextStep: 'Ask an sre.' },
    });
    expect(verdictOf(rearm, [refused('executor')])).toMatchObject({ tag: 'pending' });
  });

  it('is not in force by acks of the same id that speak of something else, or of a later record', () => {
    const trips = [applied('policy'), applied('executor')];
    expect(verdictOf(rearm, trips)).toMatchObject({ tag: 'pending' });
    const elsewhere = { value, scope: 'kill/tool/other' };
    expect(verdictOf(rearm, [applied('policy', elsewhere), applied('executor', elsewhere)])).toMatchObject({
      tag: 'pending',
    });
    const copied = [applied('policy', { value, epoch: 5 }), applied('executor', { value, epoch: 5 })];
    expect(verdictOf(rearm, [refused(), ...copied])).toMatchObject({ tag: 'refused' });
  });
});

describe('instances heard', () => {
  it('are those of each service, of as many as it says there are; one that was replaced is not one more', () => {
    const acks = [
      applied('policy', { instances: 2 }),
      applied('executor', { instance: 'a', instances: 1 }),
      applied('executor', { instance: 'b', instances: 1 }),
    ];
    expect(heardOf(acks)).toEqual({ acknowledged: 2, instances: 3 });
    expect(heardOf([applied('executor'), applied('executor', { instance: 'b' })])).toEqual({
      acknowledged: 2,
      instances: 2,
    });
  });
});

describe('what is shown', () => {
  const stage = (scope: string, named: string, epoch: number) =>
    applied('policy', { scope, epoch, value: { stage: named, reason: 'why' }, by: 'ruth' });

  it('is each switch and stage with who, when, why, in which time, and how far it is applied', () => {
    const latest = [
      applied('executor', { instances: 1, inDoubt: ['act_9'] }),
      stage('stage/workflow/desk/tenant/acme', 'scoped', 7),
    ];
    expect(controlShown(latest, [], true)).toEqual({
      switches: [
        {
          ...{ scope: SCOPE, killed: true, reason: 'INC-42', by: 'sam', at: '2026-03-01T10:00:00.000Z', epoch: 4 },
          ...{ inForce: true, tookMs: 100, applied: { acknowledged: 1, instances: 1 }, inDoubt: ['act_9'] },
        },
      ],
      stages: [
        {
          ...{ workflow: 'desk', tenant: 'acme', stage: 'scoped', reason: 'why', by: 'ruth' },
          ...{ at: '2026-03-01T10:00:00.000Z', epoch: 7, inForce: false, tookMs: null },
          applied: { acknowledged: 1, instances: 1 },
        },
      ],
      history: [],
    });
    expect(controlShown(latest, [], false).switches[0]).not.toHaveProperty('inDoubt');
  });

  it('names the person whom policy verified, not the one whom the value names', () => {
    const value = { killed: false, reason: 'x', by: 'mallory' };
    const acks = [applied('executor', { value, by: 'executor says' }), applied('policy', { value, by: 'sam' })];
    expect(controlShown(acks, [], false).switches).toMatchObject([{ by: 'sam', killed: false }]);
  });

  it('has a history, refusals too', () => {
    const { history } = controlShown([], [refused('policy', 9), applied('policy'), applied('executor')], true);
    expect(history).toMatchObject([
      { epoch: 9, inForce: false, refused: { code: 'PERMISSION_DENIED' } },
      { epoch: 4, killed: true, inForce: true },
    ]);
  });

  it('of a stage is the narrower one, and read-only where nobody said otherwise', () => {
    const latest = [
      stage('stage/workflow/desk', 'scoped', 3),
      stage('stage/workflow/desk/tenant/globex', 'draft-only', 2),
    ];
    const stages = (tenant: string) => ['desk', 'other'].map(stagesFor(latest, tenant));
    expect([stages('acme'), stages('globex')]).toEqual([
      ['scoped', 'read-only'],
      ['draft-only', 'read-only'],
    ]);
  });
});
