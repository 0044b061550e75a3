import { Button, Group, Stack } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { FreshButton } from '../../ui/fresh-button.js';
import { Page } from '../../ui/page.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Facets } from './facets.js';
import { Filters } from './filters.js';
import { Peek } from './peek.js';
import { Results } from './results.js';
import type { TracesSearch } from './search.js';
import classes from './traces.module.css';
import { useFound } from './use-found.js';

/** What did it do, what did it read, why? By words, by record, by what came of it, by when. */
export function TracesPage() {
  const search = useSearch({ from: '/traces' });
  const navigate = useNavigate({ from: '/traces' });
  const { pages, facets, lines, fresh, takeIn } = useFound(search);
  const go = ({ peek: _, ...next }: TracesSearch) => void navigate({ search: next, resetScroll: false });
  const peekAt = (intentId: string | undefined) =>
    void navigate({ search: { ...search, peek: intentId }, resetScroll: false, replace: search.peek !== undefined });
  const onDay = (day: string) => {
    const from = new Date(`${day}T00:00:00Z`);
    const { range: _, ...rest } = search;
    go({ ...rest, from: from.toISOString(), to: new Date(from.getTime() + 86_400_000).toISOString() });
  };
  return (
    <Page title="Traces" actions={<FreshButton fresh={fresh} onClick={takeIn} />}>
      <Stack gap="md">
        <Filters search={search} onChange={go} />
        <div className={classes['layout']}>
          <details className={classes['aside']} open={isWide()} aria-label="Narrow the search">
            <summary className={classes['summary']}>Narrow the search</summary>
            {facets.data && (
              <Facets
                counts={facets.data}
                search={search}
                onPick={(field, value) => go({ ...search, [field]: value })}
                onDay={onDay}
              />
            )}
          </details>
          <Found pages={pages} lines={lines} search={search} />
        </div>
      </Stack>
      <Peek intentId={search.peek} among={lines} onMove={peekAt} onClose={() => peekAt(undefined)} />
    </Page>
  );
}

const isWide = () => window.matchMedia('(min-width: 62em)').matches;

function Found({
  pages,
  lines,
  search,
}: Pick<ReturnType<typeof useFound>, 'pages' | 'lines'> & { search: TracesSearch }) {
  if (pages.isPending) return <Loading label="traces" lines={10} />;
  if (pages.isError && lines.length === 0) return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  if (lines.length === 0) return <Nothing search={search} />;
  return (
    <Stack gap="sm">
      <Results lines={lines} search={search} />
      {pages.isFetchNextPageError && <Failed error={pages.error} onRetry={() => void pages.fetchNextPage()} />}
      {pages.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Load more
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Nothing({ search }: { search: TracesSearch }) {
  const { peek: _, ...asked } = search;
  return Object.keys(asked).length === 0 ? (
    <Empty title="Nothing was asked for yet">
      Each request to the assistant leaves a trace here. Those of others are shown to support leads, SREs, auditors and
      admins; everybody sees their own.
    </Empty>
  ) : (
    <Empty title="No trace is like that">
      Everything asked for must be true of a trace. Let go of something, or look at a longer time. What you may not see
      is not found.
    </Empty>
  );
}
