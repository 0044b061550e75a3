import { describe, expect, it } from '@jest/globals';
import type { Outline, TraceEvent } from './story.js';
import { movedTo, rowsOf, scaleOf, spansOf } from './timeline.js';

const START = Date.parse('2026-03-10T12:00:00.000Z');
let offset = 0;
const at = (ms: number, topic: string, type: string, more: Partial<TraceEvent> = {}): TraceEvent => ({
  ...{ at: new Date(START + ms).toISOString(), topic, id: `evt_${ms}`, type: `countersign.${type}.v1` },
  ...{ source: null, actor: null, causationId: null, actionId: null, signature: 'valid', standing: 'genuine' },
  ...{ place: `${topic}.0.${offset++}`, tool: null, code: null, outcome: type.split('.').at(-1) ?? null },
  ...more,
});
const refund = { actionId: 'act_1', tool: 'issue_refund' };

const approved = (): TraceEvent[] => [
  at(0, 'intents', 'intent.requested'),
  at(100, 'decisions', 'intent.accepted'),
  at(600, 'proposals', 'model.called', { turn: 0 }),
  at(600, 'proposals', 'action.proposed', { ...refund, turn: 0 }),
  at(700, 'decisions', 'action.approved', { ...refund, grant: 'preview' }),
  at(800, 'results', 'action.previewed', refund),
  at(900, 'decisions', 'action.escalated', refund),
  at(1_000, 'approvals', 'approval.opened', refund),
  at(3_601_000, 'approvals', 'approval.granted', { ...refund, says: 'bob approved it: "yes"' }),
  at(3_601_100, 'decisions', 'action.approved', { ...refund, grant: 'commit' }),
  at(3_601_200, 'results', 'action.committed', refund),
  at(3_601_300, 'proposals', 'model.called', { turn: 1 }),
  at(3_601_300, 'replies', 'reply.sent', { outcome: 'answered' }),
  at(9_999_999, 'audit', 'audit.revealed'),
];
const outline = (events: TraceEvent[], given: Partial<Outline> = {}): Outline => ({
  ...{ intentId: 'int_1', at: '', tenant: 'acme', actor: 'alice', through: [], session: null, kind: 'intent' },
  ...{ workflow: null, text: 'refund', state: 'ended', outcome: 'answered', code: null, actions: [], traceId: null },
  ...{ events },
  ...given,
});
const told = (events: TraceEvent[], now = 0, given: Partial<Outline> = {}) =>
  spansOf(outline(events, given), START + now).map(({ level, name, start, end }) => [level, name, end - start]);

describe('the timeline', () => {
  it('is request, turns, actions and steps, each from the end of the one before (1)', () => {
    expect(told(approved())).toEqual([
      [1, 'Request', 3_601_300],
      [2, 'Policy accepted the request', 100],
      [2, 'Turn 0', 3_601_100],
      [3, 'The model was asked', 500],
      [3, 'Issue refund', 3_600_600],
      [4, 'Policy granted a preview', 100],
      [4, 'Executor: previewed', 100],
      [4, 'Policy asked for a person', 100],
      [4, 'Put to a person', 100],
      [4, 'bob approved it: "yes"', 3_600_000],
      [4, 'Policy granted the commit', 100],
      [4, 'Executor: committed', 100],
      [2, 'Turn 1', 100],
      [3, 'The model was asked', 100],
      [2, 'The user was told', 0],
    ]);
  });

  it('draws nothing that proves nothing (2)', () => {
    const forged = at(50_000_000, 'results', 'action.committed', { ...refund, standing: 'forged' });
    expect(told([...approved(), forged])).toEqual(told(approved()));
    expect(spansOf(outline([forged]), 0)).toEqual([]);
  });

  it('draws each action once, though its turn be told of over and over (1)', () => {
    const again = Array.from({ length: 400 }, (_, n) => at(3_601_301 + n, 'proposals', 'model.called', { turn: 0 }));
    const spans = spansOf(outline([...approved(), ...again]), 0);
    expect(spans.filter(({ id }) => id === 'act_1')).toHaveLength(1);
    expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length);
  });

  it('waits for a person until now while nobody has decided (3)', () => {
    const open = told(approved().slice(0, 8), 61_000, { state: 'open' });
    expect(open.at(-1)).toEqual([4, 'Waits for a person', 60_000]);
    expect(open[0]).toEqual([1, 'Request', 61_000]);
  });

  it('gives all waits together a tenth of the room, and keeps the order of all else (3)', () => {
    const spans = spansOf(outline(approved()), 0);
    const [long, short] = [scaleOf(spans, false), scaleOf(spans, true)];
    const wait = spans.find(({ waits }) => waits)!;
    expect(long(wait.end) - long(wait.start)).toBeGreaterThan(0.99);
    expect(short(wait.end) - short(wait.start)).toBeCloseTo(0.1);
    expect([short(spans[0]!.start), short(spans[0]!.end)]).toEqual([0, 1]);
    const instants = spans.flatMap(({ start, end }) => [start, end]).sort((a, b) => a - b);
    expect(instants.map(short)).toEqual(instants.map(short).sort((a, b) => a - b));
  });

  it('shows one call that was asked for without turns', () => {
    const events = approved().filter(({ topic }) => topic !== 'proposals');
    expect(
      told(events)
        .filter(([level]) => level === 2)
        .map(([, name]) => name),
    ).toEqual([...['Policy accepted the request', 'Issue refund', 'The user was told']]);
  });
});

describe('the rows of the timeline', () => {
  const spans = spansOf(
    outline([...approved(), at(3_601_400, 'decisions', 'action.denied', { actionId: 'act_2', tool: 'get_order' })]),
    0,
  );
  const TURN = spans.find(({ name }) => name === 'Turn 0')!.id;
  const names = (rows: { name: string }[]) => rows.map(({ name }) => name);

  it('fold, and say where they stand among those beside them', () => {
    const rows = rowsOf(spans, new Set([TURN]), false);
    expect(names(rows)).not.toContain('Issue refund');
    const turn = rows.find(({ id }) => id === TURN)!;
    expect([turn.expandable, turn.expanded, turn.position, turn.siblings]).toEqual([true, false, 3, 5]);
  });

  it('show what failed, with what it is of', () => {
    expect(names(rowsOf(spans, new Set(), true))).toEqual(['Request', 'Get order', 'Policy denied it']);
  });

  it('are walked by the keys of a treegrid', () => {
    const rows = rowsOf(spans, new Set([TURN]), false);
    const turn = rows.findIndex(({ id }) => id === TURN);
    expect(['ArrowDown', 'ArrowUp', 'Home', 'End'].map((key) => movedTo(rows, 0, key))).toEqual([
      ...[1, 0, 0, rows.length - 1],
    ]);
    expect(movedTo(rows, turn, 'ArrowRight')).toBe('unfold');
    expect(movedTo(rows, turn, 'ArrowLeft')).toBe(0);
    expect([movedTo(rows, 0, 'ArrowLeft'), movedTo(rows, 0, 'ArrowRight')]).toEqual(['fold', 1]);
    expect([movedTo(rows, turn, 'Enter'), movedTo(rows, turn, 'x')]).toEqual(['open', undefined]);
  });
});
