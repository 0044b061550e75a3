import { Stack, Text, UnstyledButton } from '@mantine/core';
import type { GetV1TracesFacetsResponses } from '../../api/generated/types.gen.js';
import { FIELD_NAMES, shownValue } from './asked.js';
import type { Field, TracesSearch } from './search.js';
import classes from './traces.module.css';

type Counts = GetV1TracesFacetsResponses[200];
const FACETS = ['outcome', 'tool', 'code', 'rule', 'actor'] as const satisfies readonly Field[];
const FEW = 8;

interface Props {
  counts: Counts;
  search: TracesSearch;
  onPick: (field: Field, value: string | undefined) => void;
  onDay: (day: string) => void;
}

/** What there is among the traces found, with how many; picking one narrows the search. */
export function Facets({ counts, search, onPick, onDay }: Props) {
  return (
    <Stack gap="md">
      <Text size="xs" c="dimmed">
        {counts.more
          ? `Counted among the newest ${counts.traces.toLocaleString('en')} traces`
          : `Counted among all ${counts.traces.toLocaleString('en')} traces`}
      </Text>
      {FACETS.filter((field) => counts[field].length > 0 || search[field] !== undefined).map((field) => (
        <Facet
          key={field}
          name={FIELD_NAMES[field]}
          values={withPicked(counts[field], search[field])}
          shown={(value) => shownValue(field, value)}
          picked={search[field]}
          more={counts.more}
          onPick={(value) => onPick(field, value === search[field] ? undefined : value)}
        />
      ))}
      {counts.day.length > 1 && (
        <Facet
          name="Day (UTC)"
          values={counts.day}
          shown={(day) => day}
          picked={undefined}
          more={counts.more}
          onPick={onDay}
        />
      )}
    </Stack>
  );
}

/** What was picked can be let go, found or not. */
const withPicked = (values: Counts['tool'], picked: string | undefined) =>
  picked === undefined || values.some(({ value }) => value === picked)
    ? values
    : [{ value: picked, count: 0 }, ...values];

interface FacetProps {
  name: string;
  values: Counts['tool'];
  shown: (value: string) => string;
  picked: string | undefined;
  more: boolean;
  onPick: (value: string) => void;
}

function Facet({ name, values, shown, picked, more, onPick }: FacetProps) {
  const button = ({ value, count }: Counts['tool'][number]) => (
    <li key={value}>
      <UnstyledButton className={classes['facet']} aria-pressed={value === picked} onClick={() => onPick(value)}>
        <span>{shown(value)}</span>
        <span className={classes['count']}>{`${count.toLocaleString('en')}${more ? '+' : ''}`}</span>
      </UnstyledButton>
    </li>
  );
  const [first, rest] = [values.slice(0, FEW), values.slice(FEW)];
  return (
    <section aria-label={name}>
      <Text component="h3" size="sm" fw={600} m={0}>
        {name}
      </Text>
      <ul className={classes['plain']}>{first.map(button)}</ul>
      {rest.length > 0 && (
        <details>
          <summary className={classes['summary']}>{`${rest.length} more`}</summary>
          <ul className={classes['plain']}>{rest.map(button)}</ul>
        </details>
      )}
    </section>
  );
}
