import { Button, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { IconChartBar, IconDownload, IconTable } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { cellText, csvOf, type Figures } from './csv.js';
import { download } from './download.js';

export interface PlotCardProps {
  id: string;
  /** A sentence that says what is seen. */
  title: string;
  note?: string | undefined;
  /** All that is drawn: the table, and the file. */
  figures: Figures;
  /** The plot; without one there is nothing to draw, and `empty` says why. */
  children?: ReactNode;
  empty?: string | undefined;
  asTable: boolean;
  onAsTable: (asTable: boolean) => void;
}

/** A plot that can be read: what is seen in a sentence, the same as a table, and as a file. */
export function PlotCard({ id, title, note, figures, children, empty, asTable, onAsTable }: PlotCardProps) {
  const heading = `plot-${id}`;
  return (
    <Paper component="section" aria-labelledby={heading} withBorder p="md" miw={0} data-plot={id}>
      <Stack gap="sm" h="100%" justify="space-between">
        <div>
          <Title order={2} size="h5" id={heading}>
            {title}
          </Title>
          {note && (
            <Text size="sm" c="dimmed">
              {note}
            </Text>
          )}
        </div>
        {asTable ? <FiguresTable figures={figures} caption={title} /> : (children ?? <Text c="dimmed">{empty}</Text>)}
        <Group gap="xs">
          <Button
            variant="default"
            size="compact-sm"
            aria-pressed={asTable}
            aria-describedby={heading}
            leftSection={asTable ? <IconChartBar size={16} aria-hidden /> : <IconTable size={16} aria-hidden />}
            onClick={() => onAsTable(!asTable)}
          >
            {asTable ? 'As a plot' : 'As a table'}
          </Button>
          <Button
            variant="default"
            size="compact-sm"
            aria-describedby={heading}
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => download(`${id}.csv`, csvOf(figures), 'text/csv')}
          >
            CSV
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

/** The figures of a plot, in a frame of their own that scrolls by keyboard too. */
export function FiguresTable({ figures: { columns, rows }, caption }: { figures: Figures; caption: string }) {
  return (
    <Table.ScrollContainer
      minWidth={columns.length * 84}
      mah={320}
      type="native"
      tabIndex={0}
      role="region"
      aria-label={caption}
    >
      <Table stickyHeader captionSide="top" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column} scope="col">
                {column}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((cells, row) => (
            <Table.Tr key={row}>
              {cells.map((cell, column) =>
                column === 0 ? (
                  <Table.Th key={column} scope="row" fw={400}>
                    {cellText(cell)}
                  </Table.Th>
                ) : (
                  <Table.Td key={column}>{cellText(cell)}</Table.Td>
                ),
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
