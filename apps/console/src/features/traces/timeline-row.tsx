import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconX } from '@tabler/icons-react';
import { memo } from 'react';
import { durationText } from './events.js';
import type { Row } from './timeline.js';
import classes from './timeline.module.css';

interface RowProps {
  row: Row;
  index: number;
  top: number;
  scale: (at: number) => number;
  isActive: boolean;
  onActive: (id: string) => void;
  onFold: (id: string, to: boolean) => void;
  onOpen: (place: string) => void;
}

export const TimelineRow = memo(function TimelineRow(props: RowProps) {
  const { row, index, top, scale, isActive, onActive, onFold, onOpen } = props;
  const [from, to] = [scale(row.start), scale(row.end)];
  const took = `${durationText(row.end - row.start)}${row.open ? ' so far' : ''}`;
  const tell = row.waits ? `waited ${took}` : took;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={row.expandable ? row.expanded : undefined}
      tabIndex={isActive ? 0 : -1}
      className={classes['row']}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => onActive(row.id)}
      onDoubleClick={() => row.place !== undefined && onOpen(row.place)}
    >
      <span role="gridcell" className={classes['step']} style={{ paddingInlineStart: `${(row.level - 1) * 0.9}rem` }}>
        {row.expandable ? (
          <UnstyledButton
            tabIndex={-1}
            className={classes['fold']}
            aria-label={`${row.expanded ? 'Fold' : 'Unfold'} ${row.name}`}
            onClick={() => onFold(row.id, row.expanded)}
          >
            {row.expanded ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
          </UnstyledButton>
        ) : (
          <span className={classes['fold']} />
        )}
        {row.failed && <IconX size={14} className={classes['failed']} role="img" aria-label="Failed" />}
        {row.place === undefined ? (
          <span className={classes['name']}>
            {row.name}
            {row.says && <small> · {row.says}</small>}
          </span>
        ) : (
          <UnstyledButton tabIndex={-1} className={classes['name']} title={row.says} onClick={() => onOpen(row.place!)}>
            {row.name}
          </UnstyledButton>
        )}
      </span>
      <span role="gridcell" className={classes['took']}>
        {took}
      </span>
      <span role="gridcell" className={classes['when']} aria-label={tell}>
        <span
          className={classes['bar']}
          data-tone={row.failed ? 'bad' : row.tone}
          data-waits={row.waits}
          style={{ insetInlineStart: `${from * 100}%`, width: `${Math.max(0, to - from) * 100}%` }}
        />
      </span>
    </div>
  );
});
