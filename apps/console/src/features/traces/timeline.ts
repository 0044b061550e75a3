/*
 * A trace as a tree of spans: the intent, its turns, their actions, and what was done for each.
 *
 *  1  A span ends when its event was appended and begins where the one before it ended: nothing is guessed.
 *  2  Only what proves to be what it says is drawn.
 *  3  Waiting for people is a span of its own kind; shortened, it takes the same room however long it was.
 */
import { toolName } from '../../ui/record-name.js';
import type { Tone } from '../../ui/tag.js';
import { outcomeWord, short } from './asked.js';
import { typeName } from './events.js';
import { plain } from './plain.js';
import type { Outline, TraceEvent } from './story.js';

export interface Span {
  id: string;
  level: number;
  parent: string | undefined;
  name: string;
  says?: string;
  start: number;
  end: number;
  tone: Tone;
  /** Waits for a person. */
  waits: boolean;
  failed: boolean;
  /** Not over yet. */
  open: boolean;
  /** The event that ended it. */
  place?: string;
}

const ms = (event: TraceEvent) => Date.parse(event.at);
const FAILED = ['denied', 'failed', 'blocked', 'rejected', 'expired', 'refused', 'in-doubt', 'returned', 'unsettled'];
const BY_PERSON = /^countersign\.approval\.(granted|edited|rejected|expired|settled)\./;
const ASIDE = /^countersign\.(audit|approval\.(viewed|delegated))\./;

/** All spans, each before those below it. `now`: until when what is not over has lasted. */
export function spansOf(outline: Outline, now: number): Span[] {
  const events = outline.events.filter(
    ({ standing, type }) => standing === 'genuine' && type !== null && !ASIDE.test(type),
  );
  if (events.length === 0) return [];
  const first = ms(events[0]!);
  const open = outline.state === 'open';
  const end = open ? now : Math.max(...events.map(ms));
  const [tone] = outline.state === 'ended' ? outcomeWord(outline.outcome) : outcomeWord(open ? null : 'refused');
  const root = span({ id: 'intent', level: 1, parent: undefined, name: 'Request', start: first, end, tone, open });
  const opening = events.filter(
    ({ topic, type }) => topic === 'intents' || /\.intent\.(accepted|refused)\./.test(type!),
  );
  const began = Math.max(first, ...opening.map(ms));
  return [root, ...opening.slice(1).map((event) => leaf(event, root, first)), ...belowIntent(events, root, began, now)];
}

/** Turns, each with the actions it proposed; where there are none, the one action that was asked for. */
function belowIntent(events: TraceEvent[], root: Span, began: number, now: number): Span[] {
  const byAction = Map.groupBy(events, ({ actionId }) => actionId);
  const called = events.filter(({ type }) => type === 'countersign.model.called.v1');
  const turnOf = new Map(
    events.flatMap(({ type, actionId, turn }) =>
      type === 'countersign.action.proposed.v1' && actionId !== null && turn !== undefined ? [[actionId, turn]] : [],
    ),
  );
  const actions = [...byAction].filter((each): each is [string, TraceEvent[]] => each[0] !== null);
  const without = actions.filter(([id]) => !turnOf.has(id));
  const ofTurn = Map.groupBy(
    actions.filter(([id]) => turnOf.has(id)),
    ([id]) => turnOf.get(id),
  );
  let from = began;
  const turns = called.flatMap((call) => {
    const own = ofTurn.get(call.turn) ?? [];
    // Each action is drawn once, however often a turn is said to have been.
    ofTurn.delete(call.turn);
    const last = Math.max(ms(call), ...own.flatMap(([, of]) => of.map(ms)));
    const id = `turn-${call.place}`;
    const turn = span({
      ...{ id, level: 2, parent: root.id, name: `Turn ${call.turn ?? '?'}`, start: from, end: last },
      failed: call.failed === true,
    });
    const below = own.flatMap(([actionId, of]) => actionSpans(actionId, of, turn, ms(call), now));
    const lasts = below.some(({ open }) => open);
    const model = {
      ...leaf(call, turn, from),
      name: 'The model was asked',
      tone: call.failed ? ('bad' as const) : ('plain' as const),
    };
    from = last;
    return [{ ...turn, open: lasts, end: lasts ? now : turn.end }, model, ...below];
  });
  const reply = events.filter(({ type }) => type === 'countersign.reply.sent.v1');
  return [
    ...without.flatMap(([actionId, of]) => actionSpans(actionId, of, root, began, now)),
    ...turns,
    ...reply.map((event) => leaf(event, root, Math.max(from, ...without.flatMap(([, of]) => of.map(ms))))),
  ];
}

function actionSpans(actionId: string, events: TraceEvent[], parent: Span, began: number, now: number): Span[] {
  const tool = events.find((event) => event.tool !== null)?.tool ?? 'an action';
  const told = events.filter(({ topic }) => topic === 'decisions' || topic === 'results');
  const outcome = told.findLast((event) => event.outcome !== null)?.outcome ?? null;
  const waiting = outcome === 'escalated';
  const [tone, word] = outcomeWord(outcome);
  const action = span({
    ...{ id: actionId, level: parent.level + 1, parent: parent.id, name: capital(toolName(tool)), says: word, tone },
    ...{ start: began, end: waiting ? now : Math.max(began, ...events.map(ms)), open: waiting },
    failed: outcome !== null && FAILED.includes(outcome),
  });
  let from = began;
  const steps = events
    .filter(({ type }) => type !== 'countersign.action.proposed.v1')
    .map((event) => {
      const step = leaf(event, action, from);
      from = Math.max(from, step.end);
      return step;
    });
  const wait = span({
    ...{ id: `${actionId}-wait`, level: action.level + 1, parent: actionId, name: 'Waits for a person', tone: 'warn' },
    ...{ start: from, end: now, waits: true, open: true },
  });
  return [action, ...steps, ...(waiting ? [wait] : [])];
}

function leaf(event: TraceEvent, parent: Span, from: number): Span {
  const type = event.type!;
  const outcome = type.split('.').at(-2) ?? null;
  const failed = (outcome !== null && FAILED.includes(outcome)) || event.failed === true;
  return span({
    ...{ id: event.place, place: event.place, level: parent.level + 1, parent: parent.id, name: stepName(event) },
    ...{ start: Math.min(from, ms(event)), end: ms(event), tone: failed ? 'bad' : 'info', failed },
    ...(event.says === undefined ? {} : { says: event.says }),
    waits: BY_PERSON.test(type),
  });
}

const GRANTS: Record<string, string> = { read: 'a read', preview: 'a preview', draft: 'a draft', commit: 'the commit' };

function stepName({ type, grant, code, says }: TraceEvent): string {
  const because = code ? ` (${code})` : '';
  const [, about, what] = type!.split('.');
  if (about === 'action' && what === 'approved') return `Policy granted ${GRANTS[grant ?? ''] ?? 'it'}`;
  if (about === 'action' && what === 'denied') return `Policy denied it${because}`;
  if (about === 'action' && what === 'escalated') return 'Policy asked for a person';
  if (about === 'approval' && what === 'opened') return 'Put to a person';
  if (about === 'approval' && what === 'expired') return 'Nobody decided in time';
  if (about === 'approval') return short(plain(says ?? 'A person decided'), 90);
  if (about === 'action') return `Executor: ${outcomeWord(what ?? null)[1]}${because}`;
  if (about === 'reply') return 'The user was told';
  if (about === 'intent') return what === 'accepted' ? 'Policy accepted the request' : 'Policy refused the request';
  return capital(typeName(type));
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const span = (given: Pick<Span, 'id' | 'level' | 'parent' | 'name' | 'start' | 'end'> & Partial<Span>): Span => ({
  ...{ tone: 'info', waits: false, failed: false, open: false },
  ...given,
});

export interface Row extends Span {
  expandable: boolean;
  expanded: boolean;
  position: number;
  siblings: number;
}

/** What is on show: nothing below what is collapsed; only what failed, with what it is of, where that is asked. */
export function rowsOf(spans: readonly Span[], collapsed: ReadonlySet<string>, failedOnly: boolean): Row[] {
  const kept = failedOnly ? withAncestors(spans) : spans;
  const children = Map.groupBy(kept, ({ parent }) => parent);
  const place = new Map<string, number>();
  for (const siblings of children.values()) siblings.forEach(({ id }, at) => place.set(id, at + 1));
  const shown = new Set<string>();
  return kept.flatMap((each) => {
    if (each.parent !== undefined && (!shown.has(each.parent) || collapsed.has(each.parent))) return [];
    shown.add(each.id);
    const expandable = children.has(each.id);
    return [
      {
        ...each,
        ...{ expandable, expanded: expandable && !collapsed.has(each.id) },
        ...{ position: place.get(each.id)!, siblings: children.get(each.parent)!.length },
      },
    ];
  });
}

function withAncestors(spans: readonly Span[]): Span[] {
  const byId = new Map(spans.map((each) => [each.id, each]));
  const kept = new Set<string>();
  for (const each of spans)
    if (each.failed)
      for (
        let at: Span | undefined = each;
        at && !kept.has(at.id);
        at = at.parent === undefined ? undefined : byId.get(at.parent)
      )
        kept.add(at.id);
  return spans.filter(({ id }) => kept.has(id));
}

/** Where the instants of a trace lie between 0 and 1. With `shortWaits` all waits together take a tenth. */
export function scaleOf(spans: readonly Span[], shortWaits: boolean): (at: number) => number {
  const root = spans[0];
  if (!root) return () => 0;
  const waits = shortWaits ? merged(spans.filter(({ waits }) => waits)) : [];
  const waited = waits.reduce((sum, { start, end }) => sum + end - start, 0);
  const total = root.end - root.start;
  const busy = total - waited;
  // A wait that is no longer than the rest needs no shortening.
  const factor = waited > busy && busy > 0 ? busy / 9 / waited : 1;
  const length = busy + waited * factor || 1;
  return (at) => {
    const before = waits.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(at, end) - start), 0);
    return Math.min(1, Math.max(0, (at - root.start - before * (1 - factor)) / length));
  };
}

function merged(spans: readonly Span[]): { start: number; end: number }[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** What a key does in a treegrid: to which row it goes, or what becomes of this one. */
export function movedTo(
  rows: readonly Row[],
  at: number,
  key: string,
): number | 'fold' | 'unfold' | 'open' | undefined {
  const row = rows[at];
  if (!row) return undefined;
  switch (key) {
    case 'ArrowDown':
      return Math.min(rows.length - 1, at + 1);
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'Home':
      return 0;
    case 'End':
      return rows.length - 1;
    case 'ArrowRight':
      if (row.expandable && !row.expanded) return 'unfold';
      return row.expanded ? at + 1 : undefined;
    case 'ArrowLeft': {
      if (row.expanded) return 'fold';
      const parent = rows.findIndex(({ id }) => id === row.parent);
      return parent === -1 ? undefined : parent;
    }
    case 'Enter':
    case ' ':
      return 'open';
    default:
      return undefined;
  }
}
