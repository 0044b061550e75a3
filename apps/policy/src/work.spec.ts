import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import type { Incoming } from '@countersign/contracts';
import { createVerifier, type Verifier } from '@countersign/identity';
import { startProvider } from '@countersign/identity/test-provider';
import type { Effect, WorkDraft, WorkOutcome, WorkRow } from '@countersign/messaging/stream';
import { KeyRing } from '@countersign/signing';
import { controlTouches, decideControl, type ControlSet } from './control.js';
import { decideRequested, requestedTouches } from './decide.js';
import { asIntent } from './desk.fixture.js';
import type { Requested } from './drafts.js';
import { placeOf } from './facts.js';
import { prepare, prepareControl, ProviderSilent, type ControlMeans, type Means } from './prepare.js';
import { openRecord } from './sealed-record.js';
import { desk, intentId, scoped, T0, World } from './world.fixture.js';
import { keyWaiter } from './work.js';

let provider: Awaited<ReturnType<typeof startProvider>>;
let clock: number;
let verifier: Verifier;
let means: Means;
let control: ControlMeans;
/** Offsets that were judged before. */
let judged: string[];
beforeEach(async () => {
  provider = await startProvider();
  clock = T0;
  verifier = createVerifier({
    ...{ issuer: provider.issuer, audience: 'countersign', tenantClaim: 'tenant', rolesClaim: 'roles' },
    clock: () => clock,
  });
  await verifier.warm();
  means = {
    ...{ workflows: new Map([['desk', desk]]), verifier, ring: new KeyRing(), freshAfterMs: 0 },
    openKey: generateKeyPairSync('x25519').privateKey,
    store: { seal: () => Promise.reject(new Error('nothing here is to be sealed')) },
    onUntrusted: () => {},
    control: { view: () => Promise.resolve(scoped().view()), latest: () => scoped().view() },
  };
  judged = [];
  const query = () => Promise.resolve(judged.map((offset) => ({ key: `verdict:${offset}` })) as never[]);
  control = {
    ...{ verifier, openKey: means.openKey, ring: means.ring, instance: 'policy-1' },
    messaging: () => ({ sql: { query }, peers: () => Promise.resolve(2) }),
  };
});
afterEach(() => provider.stop());

const world = new World();
async function request(kid: string, id = 'req-1', note = 'case_7'): Promise<Requested> {
  const token = await provider.token({ exp: T0 / 1000 + 60 }, kid);
  const data = { workflow: 'desk', session: 's-1', tool: 'look_up', arguments: { caseId: note } };
  const incoming = world.record('countersign.action.requested.v1', data, { ...asIntent, id, at: T0 });
  return { ...incoming, headers: { authorization: `Bearer ${token}` } } as Requested;
}
const none = { get: () => undefined };
const now = () => new Date(clock);
const types = (effects: Effect[]) =>
  effects.map((effect) => (effect.do === 'emit' ? effect.event.type.split('.').slice(1, 3).join('.') : effect.do));

/** What waits after a batch, as the row a worker would claim. */
async function waitsOf(incoming: Requested): Promise<WorkRow> {
  const facts = await prepare([incoming], means);
  expect(requestedTouches(incoming, facts)).toEqual([]);
  const [effect, ...others] = decideRequested(incoming, none, facts, now());
  expect([effect?.do, others]).toEqual(['work', []]);
  const draft = (effect as { work: WorkDraft }).work;
  return { ...draft, fence: 1, attempts: 1, status: 'QUEUED', createdAt: now() };
}
async function perform(row: WorkRow) {
  const outcomes: WorkOutcome<unknown>[] = [];
  const round = {
    markSent: (rows: WorkRow[]) => Promise.resolve(rows),
    finish: async (_: WorkRow, outcome: WorkOutcome<unknown>) => void outcomes.push(outcome),
    signal: AbortSignal.abort(),
  };
  await keyWaiter(means, control).perform([row], round);
  return outcomes[0]!;
}
const decided = (row: WorkRow, outcome: WorkOutcome<unknown>) => {
  const worker = keyWaiter(means, control);
  const judged = (outcome as { outcome: unknown }).outcome as never;
  return { touches: worker.touches(row, judged), effects: worker.decide(row, judged, none, now()) };
};

describe('a token made with a key nobody knows yet', () => {
  beforeEach(async () => {
    await provider.makeKey('k-new');
    clock += 2_000;
    provider.setUp(false);
  });

  it('waits as work, and its neighbours do not (1)', async () => {
    const events: Incoming[] = [await request('k-new'), await request('k1', 'req-2')];
    const { checked } = await prepare(events, means);
    expect(events.map((event) => checked.get(placeOf(event))?.tag)).toEqual(['waiting', 'person']);
  });

  it('is nowhere in what waits but sealed, and so is what was asked for (2)', async () => {
    const incoming = await request('k-new', 'req-1', '\u0000');
    const { body, ...row } = await waitsOf(incoming);
    const { sealed } = body as { sealed: string };
    const token = incoming.headers['authorization']!.slice('Bearer '.length);
    const shown = [JSON.stringify(row), sealed, Buffer.from(sealed, 'base64').toString('latin1')];
    for (const part of [...token.split('.'), '\\u0000', incoming.text])
      for (const text of shown) expect(text).not.toContain(part);
    const other = generateKeyPairSync('x25519').privateKey;
    expect(() => openRecord(other, sealed)).toThrow();
    expect(openRecord(means.openKey, sealed)).toMatchObject({ token, incoming: { text: incoming.text } });
  });

  it('waits on while the provider is away, and is refused by nobody (3)', async () => {
    const row = await waitsOf(await request('k-new'));
    expect(await perform(row)).toMatchObject({ tag: 'retry', status: 'QUEUED' });
  });

  it('is decided as if it had not waited, however late that is (3, 4)', async () => {
    const row = await waitsOf(await request('k-new'));
    expect(await perform(row)).toMatchObject({ tag: 'retry' });
    provider.setUp(true);
    provider.publish('k1', 'k-new');
    clock += 3 * 3_600_000;
    const { touches, effects } = decided(row, JSON.parse(JSON.stringify(await perform(row))) as WorkOutcome<unknown>);
    expect(touches).toEqual([`intent:${intentId}`]);
    expect(types(effects)).toEqual(['intent.accepted', 'put', 'action.approved']);
  });

  it('is refused once the provider says that it has no such key (3)', async () => {
    const row = await waitsOf(await request('k-new'));
    expect(await perform(row)).toMatchObject({ tag: 'retry' });
    provider.setUp(true);
    clock += 2_000;
    expect(types(decided(row, await perform(row)).effects)).toEqual(['put', 'intent.refused']);
  });
});

it('a provider none of whose keys is known holds the line', async () => {
  provider.setUp(false);
  const unknown = createVerifier({
    ...{ issuer: provider.issuer, audience: 'countersign', tenantClaim: 'tenant', rolesClaim: 'roles' },
  });
  await expect(prepare([await request('k1')], { ...means, verifier: unknown })).rejects.toThrow(ProviderSilent);
});

describe('a re-arm', () => {
  const scope = 'kill/tool/pay';
  async function rearm(kid: string): Promise<ControlSet> {
    const token = await provider.token({ sub: 'sam', roles: ['sre'], exp: T0 / 1000 + 60 }, kid);
    const incoming = world.record(
      'countersign.control.set.v1',
      { scope, value: { killed: false } },
      { key: scope, at: T0 },
    );
    return { ...incoming, headers: { authorization: `Bearer ${token}` } } as ControlSet;
  }
  const trip = () =>
    world.record('countersign.control.set.v1', { scope, value: { killed: true } }, { key: scope }) as ControlSet;

  it('whose token cannot be judged yet waits as work, and a trip behind it does not (2)', async () => {
    provider.setUp(false);
    const unknown = createVerifier({
      ...{ issuer: provider.issuer, audience: 'countersign', tenantClaim: 'tenant', rolesClaim: 'roles' },
    });
    const [waiting, next] = [await rearm('k1'), trip()];
    const facts = await prepareControl([waiting, next], { ...control, verifier: unknown });
    const [effect, ...others] = decideControl(waiting, none, facts, now());
    expect([effect?.do, others]).toEqual(['work', []]);
    expect(types(decideControl(next, none, facts, now()))).toEqual(['put', 'put', 'control.applied']);

    provider.setUp(true);
    clock += 3 * 3_600_000;
    const { work } = effect as { work: WorkDraft };
    const row: WorkRow = { ...work, fence: 1, attempts: 1, status: 'QUEUED', createdAt: now() };
    expect(JSON.stringify(row)).not.toContain(waiting.headers['authorization']!.split('.')[2]);
    const { touches, effects } = decided(row, JSON.parse(JSON.stringify(await perform(row))) as WorkOutcome<unknown>);
    expect(touches).toEqual(controlTouches(waiting));
    expect(types(effects)).toEqual(['put', 'put', 'control.applied']);
  });

  it('that was judged before asks the provider nothing any more (3)', async () => {
    const before = await rearm('k1');
    judged = [String(before.record.offset)];
    provider.setUp(false);
    expect((await prepareControl([before], control)).checked.size).toBe(0);
  });

  it('is judged by the instant the broker appended it, not by when it is read (2)', async () => {
    const late = await rearm('k1');
    clock += 3 * 3_600_000;
    const { checked } = await prepareControl([late], control);
    expect(checked.get(placeOf(late))).toMatchObject({ tag: 'person', person: { sub: 'sam' } });
    const later = { ...late, record: { ...late.record, timestamp: T0 + 3_600_000 } };
    const facts = await prepareControl([later], control);
    expect(decideControl(later, none, facts, now())).toMatchObject([
      { do: 'put', state: { tag: 'refused', code: 'UNAUTHENTICATED' } },
      { do: 'emit', event: { type: 'countersign.control.refused.v1' } },
    ]);
  });
});
