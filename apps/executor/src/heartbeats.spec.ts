import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeRecord, type Incoming } from '@countersign/contracts';
import { KeyRing, plainEncoder, signedEncoder, Signer } from '@countersign/signing';
import fc from 'fast-check';
import { Heartbeats } from './heartbeats.js';
import { auditConsumer } from './service.js';

const NOW = 1_772_359_200_000;

describe("what is known of audit's heartbeat (numbers: the guarantees of heartbeats.ts)", () => {
  it('1: covers nothing before the first beat, then all within the limit, and says what is wrong', () => {
    let monotonic = 5_000;
    const heartbeats = new Heartbeats(30_000, () => monotonic);
    expect([heartbeats.covers(NOW), heartbeats.ageMs()]).toEqual([false, undefined]);
    expect(heartbeats.flaw()).toMatch(/not heard yet: nothing is claimed/);
    heartbeats.heard({ through: NOW - 1_000, now: NOW, at: monotonic });
    expect([heartbeats.coversNow(), heartbeats.flaw(), heartbeats.ageMs()]).toEqual([true, undefined, 1_000]);
    expect([heartbeats.covers(NOW + 29_000), heartbeats.covers(NOW + 29_001)]).toEqual([true, false]);
    monotonic += 29_001;
    expect(heartbeats.coversNow()).toBe(false);
    expect(heartbeats.flaw()).toMatch(/for 30 s/);
  });

  it('1: an old word that comes late takes nothing back', () => {
    const heartbeats = new Heartbeats(30_000, () => 0);
    heartbeats.heard({ through: NOW, now: NOW, at: 0 });
    heartbeats.heard({ through: NOW - 60_000, now: NOW, at: 0 });
    expect(heartbeats.ageMs()).toBe(0);
  });

  it('2: goes by the database, wherever the clock of this process stands', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 60_000 }), (at, passed) => {
        let monotonic = at;
        const heartbeats = new Heartbeats(30_000, () => monotonic);
        heartbeats.heard({ through: NOW, now: NOW, at });
        monotonic += passed;
        return heartbeats.coversNow() === passed <= 30_000;
      }),
    );
  });
});

describe("audit's topic, as an executor reads it", () => {
  const [audit, stranger] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const pem = (key: typeof audit.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();
  const ring = new KeyRing().add('audit', pem(audit.publicKey)).add('policy', pem(stranger.publicKey));
  const signed = (key: typeof audit.privateKey) => signedEncoder('audit', new Signer(key));

  const beat = (through: number, encode = signed(audit.privateKey)): Incoming => {
    const at = new Date(NOW).toISOString();
    const nobody = { tenantid: '', actorid: '', session: '', correlationid: '', causationid: '' };
    const data = { ingestedThrough: new Date(through).toISOString(), at, instance: 'audit-1', version: '0.1.0' };
    const type = 'countersign.audit.heartbeat.v1';
    const out = encode({ ...nobody, type, id: `evt_${through}`, time: at, subject: 'audit-1', data });
    const bytes = { key: Buffer.from(out.key), value: Buffer.from(out.value), headers: out.headers };
    return decodeRecord({ topic: 'audit', partition: 0, offset: 7n, timestamp: NOW, ...bytes });
  };
  const heard = async (...events: Incoming[]) => {
    const heartbeats = new Heartbeats(30_000, () => 0);
    const forged: string[] = [];
    const onForged = (_: Incoming, because: string) => forged.push(because);
    const clock = () => Promise.resolve({ now: NOW + 5_000, at: 0 });
    await auditConsumer({ ring, heartbeats, clock, onForged }).prepare!(events);
    return { age: heartbeats.ageMs(), forged: forged.length };
  };

  it('counts what audit signed, and for no later than when it was appended', async () => {
    expect(await heard(beat(NOW - 2_000))).toEqual({ age: 7_000, forged: 0 });
    expect(await heard(beat(NOW + 3_600_000))).toEqual({ age: 5_000, forged: 0 });
  });

  it('counts nothing that audit did not sign as it stands', async () => {
    const { signature } = beat(NOW);
    const altered = { ...beat(NOW - 60_000), signature } as Incoming;
    const forged = [beat(NOW, plainEncoder('audit')), beat(NOW, signed(stranger.privateKey)), altered];
    expect(await heard(...forged)).toEqual({ age: undefined, forged: 3 });
    expect(await heard(...forged, beat(NOW - 1_000))).toEqual({ age: 6_000, forged: 3 });
  });
});
