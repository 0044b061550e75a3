import { describe, expect, it } from '@jest/globals';
import { after, durationText, eventsShown, mentions, standingOf, typeName } from './events.js';
import { plain } from './plain.js';
import { decidedOn, eventBy, sentencesOf, type Explanation, type TraceEvent } from './story.js';

const event = (given: Partial<TraceEvent>): TraceEvent => ({
  ...{ at: '2026-03-10T12:00:00.000Z', topic: 'decisions', id: 'evt_1', type: 'countersign.action.approved.v1' },
  ...{ source: '/services/policy', actor: 'alice', causationId: null, actionId: 'act_1', signature: 'valid' },
  ...{ place: 'decisions.0.1', standing: 'genuine', tool: null, code: null, outcome: null },
  ...given,
});

describe('a sentence of the record', () => {
  it('names fields, not JSON, and no digests', () => {
    const policy = 'HMTgZQMqRadwixpnkURqYFUrBXkRfmtEKg4z5PH7fq4';
    expect(plain(`policy ${policy} granted commit; issue_refund {"amount":"18.00","note":"a } in it"} once`)).toBe(
      'policy granted commit; issue_refund (amount 18.00, note a } in it) once',
    );
  });

  it('leaves what is no JSON as it is, however it is broken', () => {
    for (const text of ['{', 'a { b', '{"a":', '}{', '{not json} {"a":1', '{'.repeat(500)])
      expect(plain(text)).toBe(text);
  });

  it('shows a sealed value only once it was opened', () => {
    const token = `tok_${'0'.repeat(32)}`;
    expect(plain(`paid to <financial ${token}>`)).toBe('paid to [sealed financial value]');
    expect(plain(`paid to <financial ${token}>`, new Map([[token, 'DE00']]))).toBe('paid to DE00');
  });
});

describe('an explanation', () => {
  const told = (...sentences: Explanation['sentences']) => ({ sentences });

  it('tells a decision by its rules, those that decided it first', () => {
    const says =
      'policy X granted preview at the stage scoped by small-refund: pass, 900.00 is over 50.00; permission-map: escalate, amount: over 50.00';
    const twice = told({ part: 'why', says, evidence: ['evt_1'] }, { part: 'why', says, evidence: ['evt_2'] });
    expect(sentencesOf(twice, 'why')).toEqual([
      {
        says: 'policy X granted preview at the stage scoped',
        evidence: ['evt_1', 'evt_2'],
        rules: [
          { rule: 'permission-map', outcome: 'escalate', reason: 'amount: over 50.00' },
          { rule: 'small-refund', outcome: 'pass', reason: '900.00 is over 50.00' },
        ],
      },
    ]);
    expect(sentencesOf(twice, 'did')).toEqual([]);
  });

  it('leaves other sentences whole', () => {
    const says = 'alice asked "by x: deny, y"';
    expect(sentencesOf(told({ part: 'why', says, evidence: [] }), 'why')).toEqual([{ says, evidence: [], rules: [] }]);
  });
});

describe('the events of a trace', () => {
  it('of several with one id the one that proves to be what it says is meant', () => {
    const [forged, genuine] = [event({ standing: 'forged', place: 'decisions.0.0' }), event({})];
    expect(eventBy([forged, genuine], 'evt_1')).toBe(genuine);
    expect(eventBy([forged, genuine], 'decisions.0.0')).toBe(forged);
    expect([eventBy([genuine], 'evt_9'), eventBy([genuine], undefined)]).toEqual([undefined, undefined]);
    expect(decidedOn([genuine, { ...forged, place: 'decisions.0.2' }], 'act_1')).toBe(genuine);
  });

  it('are found by what is known of them and by what they hold', () => {
    const [one, other] = [event({ says: 'policy granted read' }), event({ place: 'results.0.1', topic: 'results' })];
    expect(mentions(one, 'GRANTED')).toBe(true);
    expect(mentions(other, 'action approved')).toBe(true);
    expect(eventsShown([one, other], { q: 'granted' }, new Set(['results.0.1']))).toEqual([one, other]);
    expect(eventsShown([one, other], { q: 'granted', topic: 'results' }, new Set())).toEqual([]);
  });

  it('say whether they prove to be what they say; unknown is never good', () => {
    const tones = (['genuine', 'forged', 'duplicate', 'control', 'unreadable'] as const).map((standing) =>
      ['valid', 'not-required', 'absent', 'invalid'].map((signature) => standingOf({ standing, signature })[0]),
    );
    expect(tones).toEqual([
      ['good', 'plain', 'warn', 'warn'],
      ['bad', 'bad', 'bad', 'bad'],
      ['plain', 'plain', 'plain', 'plain'],
      ['good', 'plain', 'warn', 'warn'],
      ['warn', 'warn', 'warn', 'warn'],
    ]);
    expect(typeName('countersign.action.in-doubt.v1')).toBe('action in doubt');
  });

  it('tell exact durations', () => {
    expect([0, 999, 1_240, 185_000, 7_800_000, 270_000_000].map(durationText)).toEqual([
      ...['0 ms', '999 ms', '1.24 s', '3 min 05 s', '2 h 10 min', '3 d 3 h'],
    ]);
    expect(after('2026-03-10T12:00:01.240Z', '2026-03-10T12:00:00.000Z')).toBe('+1.24 s');
    expect(after('2026-03-10T11:59:00.000Z', '2026-03-10T12:00:00.000Z')).toBe('1 min 00 s before');
  });
});
