import { Button, Group, SegmentedControl, Stack, TextInput, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useEffect, useState, type FormEvent } from 'react';
import { exact } from '../../ui/relative-time.js';
import { FIELD_NAMES, RANGE_NAMES, shownValue } from './asked.js';
import { FIELDS, RANGES, type Range, type TracesSearch } from './search.js';
import classes from './traces.module.css';

interface Props {
  search: TracesSearch;
  onChange: (search: TracesSearch) => void;
}

const TYPED = ['text', 'record', 'subject', 'traceId'] as const;
const HINTS: Record<(typeof TYPED)[number], [label: string, placeholder: string]> = {
  text: ['Words', 'refund late parcel'],
  record: ['Record', 'ord_1004'],
  subject: ['Subject: a record, an action or an intent', 'act_…'],
  traceId: ['OpenTelemetry trace id', '32 hexadecimal digits'],
};

/** What is typed, and the time; a search begins with Enter or the button. */
export function Filters({ search, onChange }: Props) {
  const [typed, setTyped] = useState<TracesSearch>(search);
  useEffect(() => setTyped(search), [search]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange({ ...search, ...Object.fromEntries(TYPED.map((field) => [field, typed[field]?.trim() || undefined])) });
  };
  const input = (field: (typeof TYPED)[number]) => (
    <TextInput
      key={field}
      label={HINTS[field][0]}
      placeholder={HINTS[field][1]}
      value={typed[field] ?? ''}
      maxLength={200}
      autoComplete="off"
      spellCheck={false}
      className={classes['field']}
      onChange={({ currentTarget: { value } }) => setTyped({ ...typed, [field]: value })}
    />
  );
  return (
    <form role="search" aria-label="Traces" onSubmit={submit}>
      <Stack gap="sm">
        <Group align="flex-end" gap="sm">
          {input('text')}
          {input('record')}
          <Button type="submit" leftSection={<IconSearch size={16} aria-hidden />}>
            Search
          </Button>
        </Group>
        <Time search={search} onChange={onChange} />
        <details open={search.subject !== undefined || search.traceId !== undefined}>
          <summary className={classes['summary']}>More to search by</summary>
          <Group align="flex-end" gap="sm" mt="xs">
            {input('subject')}
            {input('traceId')}
            <Button
              variant="default"
              aria-pressed={search.unverified === true}
              onClick={() => onChange({ ...search, unverified: search.unverified ? undefined : true } as TracesSearch)}
            >
              {search.unverified ? 'Showing what was never accepted' : 'Show what was never accepted'}
            </Button>
          </Group>
        </details>
        <Active search={search} onChange={onChange} />
      </Stack>
    </form>
  );
}

const ANY = 'any';

function Time({ search, onChange }: Props) {
  const own = search.from !== undefined || search.to !== undefined;
  const options = [
    { value: ANY, label: 'Any time' },
    ...RANGES.map((range) => ({ value: range as string, label: RANGE_NAMES[range] })),
    ...(own ? [{ value: 'own', label: 'A span' }] : []),
  ];
  const pick = (value: string) => {
    if (value === 'own') return;
    const { from: _, to: __, range: ___, ...rest } = search;
    onChange(value === ANY ? rest : { ...rest, range: value as Range });
  };
  return (
    <div className={classes['times']}>
      <SegmentedControl
        aria-label="When it began"
        size="sm"
        data={options}
        value={own ? 'own' : (search.range ?? ANY)}
        onChange={pick}
      />
    </div>
  );
}

/** Everything the search asks for, each to be let go by itself. */
function Active({ search, onChange }: Props) {
  const { from, to } = search;
  const asked: [key: keyof TracesSearch, says: string][] = [
    ...FIELDS.flatMap((field): [keyof TracesSearch, string][] =>
      search[field] === undefined ? [] : [[field, `${FIELD_NAMES[field]}: ${shownValue(field, search[field])}`]],
    ),
    ...(from ? [['from', `from ${exact(from)}`] as [keyof TracesSearch, string]] : []),
    ...(to ? [['to', `until ${exact(to)}`] as [keyof TracesSearch, string]] : []),
  ];
  if (asked.length === 0) return null;
  return (
    <ul className={classes['chips']} aria-label="What is asked for">
      {asked.map(([key, says]) => (
        <li key={key}>
          <UnstyledButton className={classes['chip']} onClick={() => onChange({ ...search, [key]: undefined })}>
            <VisuallyHidden>No longer by </VisuallyHidden>
            {says}
            <IconX size={14} aria-hidden />
          </UnstyledButton>
        </li>
      ))}
      {asked.length > 1 && (
        <li>
          <UnstyledButton className={classes['chip']} onClick={() => onChange({})}>
            Clear all
          </UnstyledButton>
        </li>
      )}
    </ul>
  );
}
