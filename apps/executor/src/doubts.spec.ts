import { describe, expect, it } from '@jest/globals';
import { decodeRecord, EVENTS, eventIdOf, refusal, type CloudEvent, type Incoming } from '@countersign/contracts';
import { signedEncoder, type Signer } from '@countersign/signing';
import { decideEnding, decideSettled, endingTouches, settledTouches } from './decide.js';
import { aboutOf, givenBook, givenRing, givenRow, givenWarrant, NOW, pens } from './given.spec-support.js';
import { judge } from './service.js';
import { doubtKey, type Doubt, type Ending, type Sent } from './state.js';

const TYPE = 'countersign.action.settled.v1';
type Settled = Incoming & { event: CloudEvent<typeof TYPE> };

const warrant = givenWarrant();
const about = aboutOf(warrant);
const key = doubtKey(about);
const row = givenRow(warrant, { sentAt: NOW, attempts: 8 });
const sent: Sent = { effectClass: 'A', arguments: {}, canLookUp: true, firstAt: NOW.toISOString() };
const inDoubt: Ending = { tag: 'in-doubt', refusal: refusal('IN_DOUBT', 'nobody knows'), known: 'no answer', sent };
const found: Ending = { tag: 'resolved', outcome: 'committed', by: 'lookup', detail: 'the target knows the key' };
const open: Doubt = {
  ...{ tag: 'open', about, target: 'helpdesk', attempts: 8, since: NOW.toISOString() },
  ...{ known: 'no answer', asked: true, sent },
};
const statesOf = (doubt?: Doubt) => ({ get: <S>(at: string) => (at === key ? (doubt as S | undefined) : undefined) });
const ended = (ending: Ending, doubt?: Doubt) =>
  decideEnding(row, { ending, about, attempts: 8 }, statesOf(doubt), NOW);
const emitted = (effects: ReturnType<typeof ended>) =>
  effects.flatMap((effect) => (effect.do === 'emit' ? [effect.event] : []));

function verdict(change: object = {}, pen: Signer = pens.policy): Settled {
  const { intentId, actionId, revision, tenant } = about;
  const said = { intentId, actionId, revision, tenant, outcome: 'failed' as const, by: 'bob', reason: 'I looked.' };
  const data = { ...said, ...change };
  const out = signedEncoder(
    'policy',
    pen,
  )({
    ...{ type: TYPE, id: 'evt_settled', time: NOW.toISOString(), subject: actionId, tenantid: data.tenant },
    ...{ actorid: 'bob', session: 's-1', correlationid: intentId, causationid: 'evt_said', data },
  });
  return decodeRecord({
    ...{ topic: 'decisions', partition: 0, offset: 9n, timestamp: NOW.getTime() },
    ...{ key: Buffer.from(out.key), value: Buffer.from(out.value), headers: out.headers },
  }) as Settled;
}
const forged: string[] = [];
const settled = (incoming: Settled, doubt?: Doubt) => {
  const parts = { book: givenBook(), ring: givenRing(), targetOf: () => 'helpdesk' };
  const facts = judge([incoming], { ...parts, onForged: (_, because) => forged.push(because) });
  return decideSettled(incoming, statesOf(doubt), facts, NOW);
};

describe('a commit in doubt', () => {
  it('is written down on the row where a look-up and a person meet, with what is known; the target is asked again', () => {
    expect(endingTouches(row, { ending: inDoubt, about, attempts: 8 })).toEqual([key]);
    const body = { ...(row.body as object), sentAt: NOW.toISOString() };
    const notBefore = new Date(NOW.getTime() + 30_000);
    const asks = { id: `${warrant.jti}/settle`, kind: 'settle', target: 'helpdesk', tenant: 'acme', body, notBefore };
    expect(ended(inDoubt).slice(1)).toEqual([
      { do: 'put', key, state: open },
      { do: 'work', work: asks },
    ]);
  });

  it('waits for a person alone where its tool cannot look it up', () => {
    const unasked = { ...inDoubt, sent: { ...sent, canLookUp: false } };
    expect(ended(unasked).map((effect) => effect.do)).toEqual(['emit', 'put']);
    expect(ended(unasked)[1]).toMatchObject({ state: { asked: false } });
  });

  it('is resolved by a look-up, once', () => {
    expect(emitted(ended(found, open))).toMatchObject([
      { type: 'countersign.action.resolved.v1', data: { by: 'lookup' } },
    ]);
    const [, put] = ended(found, open);
    expect(ended(found, (put as unknown as { state: Doubt }).state)).toEqual([
      { do: 'ignore', because: 'it is settled already' },
    ]);
  });

  it("is resolved by a person's verdict as policy took it, and no longer looked up", () => {
    const effects = settled(verdict(), open);
    const [event] = emitted(effects);
    expect(event).toMatchObject({
      type: 'countersign.action.resolved.v1',
      id: eventIdOf('countersign.action.resolved.v1', warrant.jti),
      causationid: 'evt_settled',
      data: {
        by: 'person',
        outcome: 'failed',
        detail: 'I looked.',
        attempts: 8,
        idempotencyKey: warrant.idempotencyKey,
      },
    });
    expect(EVENTS['countersign.action.resolved.v1'].data.safeParse(event!.data)).toMatchObject({ success: true });
    expect(effects.slice(1)).toEqual([
      { do: 'put', key, state: { tag: 'resolved', about, by: 'person', outcome: 'failed', at: NOW.toISOString() } },
      { do: 'cancel', workId: `${warrant.jti}/settle` },
    ]);
    expect(settledTouches(verdict())).toEqual([key]);
  });

  it('is settled by whoever is first: two verdicts, or a verdict and a look-up, resolve it once', () => {
    const byPerson = settled(verdict(), open).find((effect) => effect.do === 'put') as unknown as { state: Doubt };
    expect(settled(verdict({ outcome: 'committed' }), byPerson.state)).toMatchObject([{ do: 'ignore' }]);
    expect(ended(found, byPerson.state)).toMatchObject([{ do: 'ignore' }]);
    const byLookUp = ended(found, open).find((effect) => effect.do === 'put') as unknown as { state: Doubt };
    expect(settled(verdict(), byLookUp.state)).toMatchObject([{ do: 'ignore' }]);
  });

  it("is not settled by what policy did not sign, nor by another tenant's verdict, nor where there is no doubt", () => {
    for (const incoming of [verdict({}, pens.stranger), verdict({}, pens.approval), verdict({ tenant: 'globex' })])
      expect(settled(incoming, open)).toMatchObject([{ do: 'ignore' }]);
    expect(forged).toHaveLength(2);
    expect(settled(verdict())).toMatchObject([{ do: 'ignore' }]);
  });

  it('that no look-up can settle any more is left to a person, and says so', () => {
    const left: Ending = { tag: 'left', because: 'the key may be forgotten' };
    expect(ended(left, open)).toEqual([{ do: 'put', key, state: { ...open, asked: false } }]);
    expect(emitted(ended(left, open))).toEqual([]);
  });
});
