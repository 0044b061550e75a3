import { Checkbox, Group, Stack, Text } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { Empty } from '../../ui/states.js';
import { useNow } from '../../ui/time.js';
import { durationText } from './events.js';
import type { Outline } from './story.js';
import { TimelineRow } from './timeline-row.js';
import { movedTo, rowsOf, scaleOf, spansOf, type Row } from './timeline.js';
import classes from './timeline.module.css';

const ROW = 40;
const ofRow = () => ROW;

/** What took how long, and what waited for whom: a tree of spans, by the keys of a treegrid. */
export function TimelineView({ outline }: { outline: Outline }) {
  const { failed = false } = useSearch({ from: '/traces/$intentId' });
  const navigate = useNavigate({ from: '/traces/$intentId' });
  const now = useNow(outline.state === 'open' ? 5_000 : 3_600_000);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [shortWaits, setShortWaits] = useState(true);
  const spans = useMemo(() => spansOf(outline, now), [outline, now]);
  const rows = useMemo(() => rowsOf(spans, collapsed, failed), [spans, collapsed, failed]);
  const scale = useMemo(() => scaleOf(spans, shortWaits), [spans, shortWaits]);
  if (spans.length === 0)
    return (
      <Empty title="Nothing to draw">None of its events proves to be what it says; they stand under Events.</Empty>
    );
  const total = spans[0]!.end - spans[0]!.start;
  const fold = (id: string, to: boolean) =>
    setCollapsed((before) => {
      const next = new Set(before);
      if (to) next.add(id);
      else next.delete(id);
      return next;
    });
  return (
    <Stack gap="sm">
      <Group gap="lg">
        <Checkbox
          label="Failed only"
          checked={failed}
          onChange={({ currentTarget: { checked } }) =>
            void navigate({
              search: { tab: 'timeline', ...(checked && { failed: true as const }) },
              resetScroll: false,
              replace: true,
            })
          }
        />
        <Checkbox
          label="Shorten waits for people"
          checked={shortWaits}
          onChange={({ currentTarget: { checked } }) => setShortWaits(checked)}
        />
        <Text size="sm" c="dimmed">
          {`${durationText(total)} in all${outline.state === 'open' ? ', and not over' : ''}`}
        </Text>
      </Group>
      {rows.length === 0 ? (
        <Empty title="Nothing failed">Every step of this trace did what it was granted to do.</Empty>
      ) : (
        <Grid
          rows={rows}
          scale={scale}
          onFold={fold}
          onOpen={(place) => void navigate({ search: { tab: 'events', event: place } })}
        />
      )}
    </Stack>
  );
}

interface GridProps {
  rows: readonly Row[];
  scale: (at: number) => number;
  onFold: (id: string, to: boolean) => void;
  onOpen: (place: string) => void;
}

function Grid({ rows, scale, onFold, onOpen }: GridProps) {
  const grid = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const [active, setActive] = useState(rows[0]!.id);
  const isMoving = useRef(false);
  const at = Math.max(
    0,
    rows.findIndex(({ id }) => id === active),
  );
  useLayoutEffect(() => setMargin(offsetOf(grid.current)), []);
  const virtual = useWindowVirtualizer({
    ...{ count: rows.length, estimateSize: ofRow, overscan: 4, scrollMargin: margin },
    getItemKey: useCallback((index: number) => rows[index]!.id, [rows]),
    // Whoever has the focus stays mounted, wherever the page is scrolled to.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const [from, to] = [Math.max(0, startIndex - overscan), Math.min(count - 1, endIndex + overscan)];
      const shown = Array.from({ length: to - from + 1 }, (_, index) => from + index);
      return at < from ? [at, ...shown] : at > to ? [...shown, at] : shown;
    },
  });
  useLayoutEffect(() => {
    if (!isMoving.current) return;
    isMoving.current = false;
    grid.current?.querySelector<HTMLElement>(`[aria-rowindex="${at + 2}"]`)?.focus();
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at]!;
    const does = movedTo(rows, at, event.key);
    if (does === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (does === 'open') return row.place === undefined ? onFold(row.id, row.expanded) : onOpen(row.place);
    if (does === 'fold' || does === 'unfold') return onFold(row.id, does === 'fold');
    isMoving.current = true;
    setActive(rows[does]!.id);
    virtual.scrollToIndex(does, { align: 'auto' });
  };
  return (
    <div
      ref={grid}
      role="treegrid"
      aria-label="Timeline"
      aria-rowcount={rows.length + 1}
      aria-colcount={3}
      className={classes['grid']}
      onKeyDown={onKeyDown}
    >
      <div role="row" aria-rowindex={1} className={classes['head']}>
        <span role="columnheader">Step</span>
        <span role="columnheader">Took</span>
        <span role="columnheader">When</span>
      </div>
      <div role="presentation" className={classes['body']} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <TimelineRow
            key={rows[index]!.id}
            row={rows[index]!}
            index={index}
            top={start - margin}
            scale={scale}
            isActive={index === at}
            onActive={setActive}
            onFold={onFold}
            onOpen={onOpen}
          />
        ))}
      </div>
    </div>
  );
}

/** Below the page's top. */
export const offsetOf = (element: HTMLElement | null): number =>
  element ? element.getBoundingClientRect().top + window.scrollY : 0;
