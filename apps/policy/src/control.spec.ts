import { beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import {
  decodeRecord,
  EVENTS,
  jcs,
  parseControl,
  type EventDraft,
  type Json,
  type Person,
} from '@countersign/contracts';
import { ControlView, type ControlRow } from '@countersign/control';
import { RELEASE_KEY_OWNER, signRelease, verifyRelease, type ReleaseReport } from '@countersign/evals/release';
import { KeyRing, Signer } from '@countersign/signing';
import { controlTouches, decideControl, type ControlFacts, type ControlSet } from './control.js';
import { placeOf, type Checked } from './facts.js';
import { isPerson, T0 } from './world.fixture.js';

const sam: Person = { sub: 'sam', tenant: 'acme', roles: ['sre'] };
const ruth: Person = { sub: 'ruth', tenant: 'acme', roles: ['release'] };
const alice: Person = { sub: 'alice', tenant: 'acme', roles: ['clerk'] };
const target = { tenant: 'acme', workflow: 'desk', tool: 'pay' };
const nobody: Checked = { tag: 'no-person', because: 'there is no bearer token' };

const keys = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const releaser = new Signer(keys.privateKey);
const ring = new KeyRing().add(RELEASE_KEY_OWNER, keys.publicKey.export({ type: 'spki', format: 'pem' }).toString());

let rows: Map<string, object>;
let offset: bigint;
beforeEach(() => {
  rows = new Map();
  offset = 7n;
});

/** What a plain client writes, read as the runtime reads it. */
function written(scope: string, value: Json | undefined, given: { at?: number; headers?: object } = {}): ControlSet {
  const { at = T0, headers = {} } = given;
  const bytes = value === undefined ? null : Buffer.from(JSON.stringify(value));
  const record = { topic: 'control' as const, partition: 0, offset: offset++, timestamp: at };
  return decodeRecord({ ...record, key: Buffer.from(scope), value: bytes, headers: { ...headers } }) as ControlSet;
}

function releasesIn(incoming: ControlSet): ControlFacts['releases'] {
  const { scope, value } = incoming.event.data;
  const record = parseControl(scope, value);
  if (record?.kind !== 'release') return new Map();
  return new Map([[placeOf(incoming), verifyRelease(ring, scope.split('/')[2]!, record.value)]]);
}

/** Judges a record and applies what comes of it; answers what is acknowledged. */
function judge(incoming: ControlSet, checked: Checked | undefined, instance = 'policy-1'): EventDraft[] {
  const facts: ControlFacts = {
    ...{ checked: new Map(checked ? [[placeOf(incoming), checked]] : []), instance, instances: 2 },
    releases: releasesIn(incoming),
  };
  const touched = controlTouches(incoming);
  const states = { get: <S>(key: string) => (touched.includes(key) ? (rows.get(key) as S | undefined) : undefined) };
  const effects = decideControl(incoming, states, facts, new Date(T0 + 5));
  for (const effect of effects) if (effect.do === 'put') rows.set(effect.key, effect.state);
  return effects.flatMap((effect) => (effect.do === 'emit' ? effect.event : []));
}
const say = (scope: string, value: Json | undefined, checked: Checked | undefined = nobody) =>
  judge(written(scope, value), checked);
const view = () =>
  new ControlView([...rows].flatMap(([key, row]) => (key.startsWith('control:') ? (row as ControlRow) : [])));

describe('a trip', () => {
  it('is applied whoever wrote it, and acknowledged with what its value says (1)', () => {
    const acks = say('kill/tool/pay', { killed: true, reason: 'INC-42', by: 'somebody' }, undefined);
    expect(acks).toEqual([
      {
        ...{ type: 'countersign.control.applied.v1', id: expect.stringMatching(/^evt_/), subject: 'kill/tool/pay' },
        ...{ tenantid: '', actorid: '', session: '', correlationid: '', causationid: '0/7' },
        time: '2026-03-01T10:00:00.005Z',
        data: {
          ...{ scope: 'kill/tool/pay', epoch: 7, service: 'policy', instance: 'policy-1', instances: 2 },
          ...{ appendedAt: '2026-03-01T10:00:00.000Z', at: '2026-03-01T10:00:00.005Z', by: 'somebody' },
          value: { killed: true, reason: 'INC-42' },
        },
      },
    ]);
    expect(EVENTS['countersign.control.applied.v1'].data.safeParse(acks[0]!.data).success).toBe(true);
    expect(view().killedBy(target)).toMatchObject({ epoch: 7, reason: 'INC-42' });
  });

  it('is kept and acknowledged without what looks like personal data in its reason, its name or its scope', () => {
    const acks = say(
      'kill/tool/pay',
      { killed: true, reason: 'dana@example.com asked', by: '+49 170 1234567' },
      undefined,
    );
    expect(acks[0]!.data).toMatchObject({ by: '[personal]', value: { reason: '[personal] asked' } });
    expect(view().killedBy(target)).toMatchObject({ by: '[personal]', reason: '[personal] asked' });
    const [refused] = say('kill/dana@example.com', { killed: true }, undefined);
    expect(JSON.stringify(refused)).not.toContain('dana');
  });

  it.each(['kill/*', 'kill/tenant/acme', 'kill/workflow/desk', 'kill/tool/pay'])('of %s stops its calls', (scope) => {
    say(scope, { killed: true }, undefined);
    expect(view().killedBy(target)?.scope).toBe(scope);
  });

  it.each<[string, Json]>([
    ['half a character in its reason', { killed: true, reason: 'a\ud800' }],
    ['a long name', { killed: true, by: 'x'.repeat(500) }],
    ['half a character in a name', { killed: true, by: 'a\ud800' }],
    ['more than the contract knows', { killed: true, ticket: ['INC-42\ud800'] }],
    ['a reason of half a megabyte', { killed: true, reason: 'x'.repeat(500_000) }],
  ])('with %s stops as well, and is acknowledged in what can be signed and read', (_, value) => {
    const [ack] = say('kill/tool/pay', value, undefined);
    expect(view().killedBy(target)).toMatchObject({ epoch: 7 });
    expect(EVENTS['countersign.control.applied.v1'].data.safeParse(ack!.data).success).toBe(true);
    expect(() => jcs(ack!.data as Json)).not.toThrow();
  });

  it('in structured mode, as a client of CloudEvents writes it, is one too', () => {
    const event = { specversion: '1.0', id: 'x', source: '/ops', type: 'whatever', data: { killed: true } };
    const headers = { 'content-type': 'application/cloudevents+json' };
    judge(written('kill/*', event, { headers }), undefined);
    expect(view().killedBy(target)?.scope).toBe('kill/*');
  });
});

describe('a re-arm', () => {
  beforeEach(() => void say('kill/tool/pay', { killed: true }, undefined));

  it("counts with an sre's token, under the name the token says (2)", () => {
    const [ack] = say('kill/tool/pay', { killed: false, by: 'the boss' }, isPerson(sam));
    expect(ack).toMatchObject({ type: 'countersign.control.applied.v1', actorid: 'sam', data: { by: 'sam' } });
    expect(view().killedBy(target)).toBeUndefined();
    expect(rows.get('control:kill/tool/pay')).toMatchObject({ by: 'sam', trippedEpoch: 7 });
  });

  it.each<[string, Json | undefined, Checked, string]>([
    ['without a token', { killed: false }, nobody, 'UNAUTHENTICATED'],
    ['with a forged one', { killed: false }, { tag: 'no-person', because: 'forged' }, 'UNAUTHENTICATED'],
    ['of a release engineer', { killed: false }, isPerson(ruth), 'PERMISSION_DENIED'],
    ['of a clerk who calls herself sre', { killed: false, by: 'sam' }, isPerson(alice), 'PERMISSION_DENIED'],
    ['that is a tombstone', undefined, isPerson(sam), 'INVALID_ARGUMENTS'],
    ['of another form', { killed: 'no' }, isPerson(sam), 'INVALID_ARGUMENTS'],
    ['with more in it', { killed: false, and: 1 }, isPerson(sam), 'INVALID_ARGUMENTS'],
    ['that is a stage', { stage: 'scoped' }, isPerson(sam), 'INVALID_ARGUMENTS'],
  ])('%s leaves it killed, and is said to be refused (2, 4)', (_, value, checked, code) => {
    const acks = say('kill/tool/pay', value, checked);
    expect(acks).toMatchObject([
      { type: 'countersign.control.refused.v1', subject: 'kill/tool/pay', data: { code, epoch: 8, service: 'policy' } },
    ]);
    expect(EVENTS['countersign.control.refused.v1'].data.safeParse(acks[0]!.data).success).toBe(true);
    expect(view().killedBy(target)?.epoch).toBe(7);
  });

  it('judged once is judged so for ever: no later token, key or instance changes it (3)', () => {
    const rearm = written('kill/tool/pay', { killed: false });
    const [refused] = judge(rearm, nobody);
    const [again] = judge(rearm, isPerson(sam), 'policy-2');
    expect([refused?.type, again?.type]).toEqual(Array(2).fill('countersign.control.refused.v1'));
    expect(again!.id).not.toBe(refused!.id);
    expect(view().killedBy(target)?.epoch).toBe(7);
    const good = written('kill/tool/pay', { killed: false });
    judge(good, isPerson(sam));
    expect(judge(good, undefined, 'policy-2')).toMatchObject([{ data: { by: 'sam', instance: 'policy-2' } }]);
  });

  it('read again after a later trip changes nothing (3)', () => {
    const rearm = written('kill/tool/pay', { killed: false });
    judge(rearm, isPerson(sam));
    say('kill/tool/pay', { killed: true }, undefined);
    judge(rearm, undefined, 'policy-2');
    expect(view().killedBy(target)?.epoch).toBe(9);
  });

  it('that waited for its token behind a later trip leaves it killed (2)', () => {
    const rearm = written('kill/tool/pay', { killed: false });
    expect(judge(rearm, { tag: 'waiting', sealed: 'jwe' })).toEqual([]);
    say('kill/tool/pay', { killed: true }, undefined);
    expect(judge(rearm, isPerson(sam))).toMatchObject([{ type: 'countersign.control.applied.v1' }]);
    expect(view().killedBy(target)?.epoch).toBe(8 + 1);
  });
});

describe('a stage', () => {
  it.each([sam, ruth])('is set by $sub', (by) => {
    say('stage/workflow/desk', { stage: 'scoped' }, isPerson(by));
    expect(view().stageOf(target)).toBe('scoped');
  });

  it('is not set without a token, nor by anybody else', () => {
    expect(say('stage/workflow/desk', { stage: 'scoped' })).toMatchObject([{ data: { code: 'UNAUTHENTICATED' } }]);
    const [ack] = say('stage/workflow/desk', { stage: 'scoped' }, isPerson(alice));
    expect(ack!.data).toMatchObject({ code: 'PERMISSION_DENIED', nextStep: expect.stringContaining('sre or release') });
    expect(view().stageOf(target)).toBe('read-only');
  });
});

it.each(['kill', 'kill/tool/', 'kill/tool/a b', 'stage/tenant/acme', 'other', 'kill/tool/x\u0000', 'é'.repeat(100)])(
  'the scope %j is none: it is refused with the forms there are, and names no row (4)',
  (scope) => {
    const [ack] = say(scope, { killed: true }, undefined);
    expect(ack).toMatchObject({ data: { code: 'INVALID_ARGUMENTS', nextStep: expect.stringContaining('kill/*') } });
    expect(JSON.stringify(ack)).not.toContain('\\u0000');
    expect(controlTouches(written(scope, { killed: true }))).toEqual(['verdict:8']);
    expect([...rows.keys()]).toEqual(['verdict:7']);
  },
);

describe('a release', () => {
  const report = (minute: number): ReleaseReport => ({
    ...{ kind: 'release', at: new Date(T0 + minute * 60_000).toISOString(), verdict: 'pass', model: 'recorded' },
    ...{ cases: { passed: 74, failed: 0, errors: 0, skipped: 0 }, generated: 10, casesDigest: 'c' },
  });
  const back = (minute: number): ReleaseReport => ({
    ...{ kind: 'rollback', at: new Date(T0 + minute * 60_000).toISOString(), reason: 'INC-42' },
  });
  const scope = 'release/workflow/desk';
  const publish = (fingerprint: string, of: ReleaseReport) =>
    say(scope, signRelease('desk', fingerprint, of, releaser));
  const accepted = () => ['f1', 'f2', 'f3'].filter((fingerprint) => view().isReleased('desk', fingerprint));

  it('that is signed is in force without a token, and the one before it goes on beside it (2)', () => {
    const [ack] = publish('f1', report(1));
    expect(ack).toMatchObject({ type: 'countersign.control.applied.v1', data: { value: { fingerprint: 'f1' } } });
    expect(EVENTS['countersign.control.applied.v1'].data.safeParse(ack!.data).success).toBe(true);
    publish('f2', report(2));
    expect(accepted()).toEqual(['f1', 'f2']);
    publish('f3', report(3));
    expect(accepted()).toEqual(['f2', 'f3']);
    expect(view().isReleased('another', 'f3')).toBe(false);
  });

  it('of the same fingerprint again keeps the one before it', () => {
    publish('f1', report(1));
    publish('f2', report(2));
    publish('f2', report(3));
    expect(accepted()).toEqual(['f1', 'f2']);
  });

  it.each<[string, () => Json]>([
    ['signed by nobody', () => ({ fingerprint: 'f2', report: report(2), signature: 's' })],
    ['signed by another key', () => signRelease('desk', 'f2', report(2), new Signer(stranger.privateKey))],
    ['of another workflow', () => signRelease('other', 'f2', report(2), releaser)],
    ['with another fingerprint', () => ({ ...signRelease('desk', 'f1', report(2), releaser), fingerprint: 'f2' })],
    ['with another report', () => ({ ...signRelease('desk', 'f2', report(2), releaser), report: report(3) })],
    ['older than the one in force', () => signRelease('desk', 'f2', report(0), releaser)],
    ['written again', () => signRelease('desk', 'f1', report(1), releaser)],
    ['that rolls back to what never was', () => signRelease('desk', 'f2', back(2), releaser)],
  ])('%s changes nothing, and is said to be refused (2)', (_, value) => {
    publish('f1', report(1));
    expect(say(scope, value())).toMatchObject([
      { type: 'countersign.control.refused.v1', data: { code: 'NOT_RELEASED', nextStep: expect.stringMatching(/./) } },
    ]);
    expect(accepted()).toEqual(['f1']);
  });

  it('rolled back counts no more, until it is released anew (2)', () => {
    publish('f1', report(1));
    publish('f2', report(2));
    publish('f1', back(3));
    expect(accepted()).toEqual(['f1']);
    expect(publish('f2', report(2))).toMatchObject([{ data: { code: 'NOT_RELEASED' } }]);
    publish('f2', report(4));
    expect(accepted()).toEqual(['f1', 'f2']);
  });
});

it('no acknowledgement holds the token', () => {
  const incoming = written('kill/*', { killed: false }, { headers: { authorization: 'Bearer secret.secret.secret' } });
  expect(JSON.stringify([judge(incoming, isPerson(sam)), judge(incoming, nobody), [...rows]])).not.toContain('secret');
});
