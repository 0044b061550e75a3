import { Paper, SimpleGrid, Text } from '@mantine/core';
import { PageLink } from '../../ui/link.js';
import { Tag } from '../../ui/tag.js';
import type { KeyFigure } from './figures.js';
import type { Range } from './range.js';

/** Numbers in a row; each leads to what it counts. */
export function KeyFigures({ figures, range }: { figures: readonly KeyFigure[]; range: Range }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 2, sm: 4 }} spacing="xs" m={0} aria-label={`Figures ${range.words}`}>
      {figures.map((figure) => (
        <Paper key={figure.label} withBorder p="sm" data-figure={figure.label}>
          <Text component="dt" size="sm" c="dimmed">
            {figure.label}
          </Text>
          <Text component="dd" m={0} size="xl" fw={700}>
            <Value figure={figure} range={range} />
          </Text>
          {figure.detail && (
            <Text component="dd" m={0} size="sm">
              {figure.tone ? <Tag tone={figure.tone}>{figure.detail}</Tag> : figure.detail}
            </Text>
          )}
        </Paper>
      ))}
    </SimpleGrid>
  );
}

function Value({ figure: { value, label, traces, view }, range: { from, to } }: { figure: KeyFigure; range: Range }) {
  const says = `${label}: ${value}`;
  if (traces)
    return (
      <PageLink to="/traces" search={{ ...traces, from, to }} aria-label={`${says}, look at the traces`}>
        {value}
      </PageLink>
    );
  if (view)
    return (
      <PageLink to={view} aria-label={`${says}, look at the ${view.slice(1)}`}>
        {value}
      </PageLink>
    );
  return value;
}
