import { Button, Group, SegmentedControl, TextInput } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { fromLocalInput, toLocalInput, type Range } from './range.js';
import type { RangeName } from './search.js';

const route = getRouteApi('/');
const LABELS: { value: RangeName; label: string }[] = [
  { value: 'hour', label: 'Hour' },
  { value: 'day', label: '24 hours' },
  { value: 'week', label: '7 days' },
  { value: 'custom', label: 'Custom' },
];

/** Which stretch of time; in the address, so that a link shows the same. */
export function RangePicker({ range }: { range: Range }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const choose = (name: RangeName) =>
    void navigate({
      search: {
        ...(name === 'day' ? {} : { range: name }),
        ...(name === 'custom' ? { from: range.from, to: range.to } : {}),
        ...(search.tables ? { tables: search.tables } : {}),
      },
    });
  return (
    <Group gap="sm" align="flex-end">
      <SegmentedControl
        aria-label="Range"
        data={LABELS}
        value={search.range ?? 'day'}
        onChange={(name) => choose(name as RangeName)}
        size="sm"
        maw="100%"
      />
      {search.range === 'custom' && <OwnRange key={`${range.from} ${range.to}`} range={range} />}
    </Group>
  );
}

function OwnRange({ range }: { range: Range }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [from, setFrom] = useState(toLocalInput(range.from));
  const [to, setTo] = useState(toLocalInput(range.to));
  const asked = { from: fromLocalInput(from), to: fromLocalInput(to) };
  const isRange = asked.from !== undefined && asked.to !== undefined && asked.from < asked.to;
  return (
    <Group
      component="form"
      gap="sm"
      align="flex-end"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRange) void navigate({ search: { ...search, from: asked.from!, to: asked.to! } });
      }}
    >
      <TextInput
        type="datetime-local"
        label="From"
        value={from}
        onChange={({ currentTarget }) => setFrom(currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        label="To"
        value={to}
        onChange={({ currentTarget }) => setTo(currentTarget.value)}
        error={isRange ? undefined : 'It has to be after the beginning'}
      />
      <Button type="submit" variant="default" disabled={!isRange}>
        Show
      </Button>
    </Group>
  );
}
