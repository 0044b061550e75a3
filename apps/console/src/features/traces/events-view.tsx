import { Chip, Group, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue, useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { getV1TracesIntentIdEventsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Empty, Failed } from '../../ui/states.js';
import { EventRow } from './event-row.js';
import { eventsShown, topicsOf } from './events.js';
import { eventBy, type Outline, type TraceEvent } from './story.js';
import { offsetOf } from './timeline-view.js';
import type { TraceSearch } from './search.js';

const LEAST_SOUGHT = 2;
const NONE: ReadonlySet<string> = new Set();

/** Every record of the trace as it was stored; what it holds and came with is fetched when it is opened. */
export function EventsView({ outline }: { outline: Outline }) {
  const search = useSearch({ from: '/traces/$intentId' });
  const navigate = useNavigate({ from: '/traces/$intentId' });
  const go = (next: TraceSearch) =>
    void navigate({ search: { ...next, tab: 'events' }, resetScroll: false, replace: true });
  const { q, topic } = search;
  const holding = useHolding(outline.intentId, q);
  const shown = useMemo(
    () => eventsShown(outline.events, { q, topic }, holding.places),
    [outline.events, q, topic, holding.places],
  );
  const says =
    shown.length === outline.events.length
      ? `${shown.length.toLocaleString('en')} events`
      : `${shown.length.toLocaleString('en')} of ${outline.events.length.toLocaleString('en')} events`;
  return (
    <Stack gap="sm">
      <Seeking q={q} onSeek={(text) => go(withoutEmpty({ ...search, q: text || undefined }))} />
      <Chip.Group
        value={topic ?? ''}
        onChange={(to) => go(withoutEmpty({ ...search, topic: String(to) || undefined }))}
      >
        <Group gap={6} role="group" aria-label="Topic">
          <Chip value="" size="xs">
            All topics
          </Chip>
          {topicsOf(outline.events).map(([name, count]) => (
            <Chip key={name} value={name} size="xs">{`${name} ${count}`}</Chip>
          ))}
        </Group>
      </Chip.Group>
      <Text size="sm" c="dimmed" aria-live="polite">
        {holding.isLooking ? `${says}; looking through what they hold…` : says}
      </Text>
      {holding.error !== null && <Failed error={holding.error} />}
      {shown.length === 0 ? (
        <Empty title="No event is like that">
          Neither its type, code and id nor what it holds or came with says so.
        </Empty>
      ) : (
        <List
          outline={outline}
          events={shown}
          open={eventBy(outline.events, search.event)?.place}
          onOpen={(place) => go(withoutEmpty({ ...search, event: place }))}
        />
      )}
    </Stack>
  );
}

type Loose = { [Name in keyof TraceSearch]: TraceSearch[Name] | undefined };
const withoutEmpty = (search: Loose): TraceSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as TraceSearch;

/** What events hold the server looks through: it is not on this page. */
function useHolding(intentId: string, q: string | undefined) {
  const isSought = q !== undefined && q.length >= LEAST_SOUGHT;
  const held = useQuery({
    ...getV1TracesIntentIdEventsOptions({ path: { intentId }, query: { text: q ?? '', limit: 0 } }),
    enabled: isSought,
    staleTime: 60_000,
  });
  const places = useMemo(() => (isSought && held.data ? new Set(held.data.places) : NONE), [isSought, held.data]);
  return { places, isLooking: isSought && held.isPending, error: isSought ? held.error : null };
}

function Seeking({ q, onSeek }: { q: string | undefined; onSeek: (text: string) => void }) {
  const [typed, setTyped] = useState(q ?? '');
  const [settled] = useDebouncedValue(typed.trim(), 300);
  useEffect(() => {
    if (settled !== (q ?? '')) onSeek(settled);
  }, [settled]);
  return (
    <TextInput
      label="Search the events"
      description="Type, code, id, words, and whatever they hold or came with"
      type="search"
      maxLength={200}
      autoComplete="off"
      spellCheck={false}
      value={typed}
      onChange={({ currentTarget: { value } }) => setTyped(value)}
    />
  );
}

/** Lines that are closed are of one height (events.module.css), so that none has to be measured. */
const CLOSED = 46;
const CLOSED_NARROW = 92;
const NARROW = '(max-width: 62em)';

interface ListProps {
  outline: Outline;
  events: readonly TraceEvent[];
  open: string | undefined;
  onOpen: (place: string | undefined) => void;
}

function List({ outline, events, open, onOpen }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const narrow = useMediaQuery(NARROW, window.matchMedia(NARROW).matches, { getInitialValueInEffect: false });
  const first = (outline.events.find(({ standing }) => standing === 'genuine') ?? outline.events[0]!).at;
  useLayoutEffect(() => setMargin(offsetOf(list.current)), []);
  const virtual = useWindowVirtualizer({
    ...{
      count: events.length,
      estimateSize: useCallback(() => (narrow ? CLOSED_NARROW : CLOSED), [narrow]),
      overscan: 4,
      scrollMargin: margin,
      scrollPaddingStart: 64,
    },
    getItemKey: useCallback((index: number) => events[index]!.place, [events]),
  });
  useEffect(() => virtual.measure(), [narrow, virtual]);
  // What was opened once is measured from then on: it grows, and shrinks again.
  const measured = useRef(new Set<string>()).current;
  if (open !== undefined) measured.add(open);
  // A link to one event leads there, once; what is opened here stays where it is.
  const linked = useRef(open);
  useEffect(() => {
    if (linked.current === undefined || margin === 0) return;
    const at = events.findIndex(({ place }) => place === linked.current);
    linked.current = undefined;
    if (at !== -1) virtual.scrollToIndex(at, { align: 'start' });
  }, [events, margin, virtual]);
  return (
    <div ref={list} role="list" aria-label="Events" style={{ position: 'relative', height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, start, key }) => (
        <div
          key={key}
          role="listitem"
          aria-posinset={index + 1}
          aria-setsize={events.length}
          data-index={index}
          ref={measured.has(events[index]!.place) ? virtual.measureElement : undefined}
          style={{ position: 'absolute', insetInline: 0, top: 0, transform: `translateY(${start - margin}px)` }}
        >
          <EventRow
            event={events[index]!}
            outline={outline}
            first={first}
            isOpen={events[index]!.place === open}
            onOpen={onOpen}
          />
        </div>
      ))}
    </div>
  );
}
