import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { getV1TracesFacetsOptions, getV1TracesOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { getV1Traces } from '../../api/generated/sdk.gen.js';
import { asLastHeard, freshAmong, queryOf } from './asked.js';
import type { TracesSearch } from './search.js';

const PAGE = 50;

/**
 * What a search finds. Pages that were fetched stand still; the newest page is asked for again when something happened, brings what is shown
 * up to date where it stands, and tells how many came since.
 */
export function useFound(search: TracesSearch) {
  const queries = useQueryClient();
  const { peek: _, ...asked } = search;
  const named = JSON.stringify(asked);
  // A range counts from when it was picked: each answer is then a page of one and the same search.
  const query = useMemo(() => queryOf(JSON.parse(named) as TracesSearch, new Date()), [named]);
  const queryKey = ['traces found', query];
  const pages = useInfiniteQuery({
    queryKey,
    staleTime: Infinity,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const cursor = pageParam === undefined ? {} : { cursor: pageParam };
      const { data } = await getV1Traces({ query: { ...query, limit: PAGE, ...cursor }, signal, throwOnError: true });
      return data;
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
  const newest = useQuery({ ...getV1TracesOptions({ query: { ...query, limit: PAGE } }), enabled: pages.isSuccess });
  const facets = useQuery(getV1TracesFacetsOptions({ query }));
  const shown = pages.data?.pages.flatMap(({ data }) => data) ?? [];
  const heard = newest.data?.data ?? [];
  const fresh = freshAmong(shown, heard).length;
  return {
    pages,
    facets,
    lines: asLastHeard(shown, heard),
    fresh,
    /** `heard` is not all there is. */
    freshAtLeast: fresh === PAGE,
    takeIn: () => void queries.resetQueries({ queryKey }),
  };
}
