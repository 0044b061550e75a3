import { Text } from '@mantine/core';
import type { KeyboardEvent } from 'react';
import { PageLink } from '../../ui/link.js';
import { toolName } from '../../ui/record-name.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { amountOf, became, headline, short, type Line } from './asked.js';
import type { TracesSearch } from './search.js';
import classes from './traces.module.css';

/** The traces that were found: when, who asked what, and what became of it. Enter and space peek at one. */
export function Results({ lines, search }: { lines: readonly Line[]; search: TracesSearch }) {
  return (
    <ol className={classes['rows']} data-list aria-label="Traces, the newest first">
      {lines.map((line) => (
        <li key={line.intentId} className={classes['row']} data-peeked={search.peek === line.intentId}>
          <Text size="sm" c="dimmed" component="div">
            <Time at={line.at} />
          </Text>
          <div className={classes['asked']}>
            <PageLink
              to="/traces"
              search={{ ...search, peek: line.intentId }}
              resetScroll={false}
              onKeyDown={pressOnSpace}
              c="inherit"
            >
              {short(headline(line), 160)}
            </PageLink>
            <Text size="xs" c="dimmed">
              {whoAsked(line)}
            </Text>
          </div>
          <BecameOf line={line} />
        </li>
      ))}
    </ol>
  );
}

const pressOnSpace = (event: KeyboardEvent<HTMLAnchorElement>) => {
  if (event.key !== ' ') return;
  event.preventDefault();
  event.currentTarget.click();
};

function whoAsked({ actor, through, workflow, asked, actions }: Line): string {
  const tools = [...new Set(actions.flatMap(({ tool }) => (tool ? [toolName(tool)] : [])))];
  const amount = amountOf(asked?.arguments);
  return [
    `${actor ?? 'somebody who proved to be nobody'}${through.length ? ` through ${through.join(', ')}` : ''}`,
    ...(amount ? [amount] : []),
    ...(tools.length ? [tools.join(', ')] : []),
    ...(workflow ? [workflow] : []),
  ].join(' · ');
}

export function BecameOf({ line }: { line: Pick<Line, 'state' | 'code' | 'outcome' | 'actions'> }) {
  const all = became(line);
  return (
    <div className={classes['became']}>
      {all.slice(0, 3).map(({ tone, says, tool, code }, at) => (
        <span key={at}>
          <Tag tone={tone}>{tool ? `${toolName(tool)}: ${says}` : says}</Tag>{' '}
          {code && (
            <Text span size="xs" ff="monospace">
              {code}
            </Text>
          )}
        </span>
      ))}
      {all.length > 3 && <Text size="xs">{`and ${all.length - 3} more`}</Text>}
    </div>
  );
}
