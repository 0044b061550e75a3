import { queryOptions, useQuery } from '@tanstack/react-query';
import { getV1ActionsIdOptions, getV1ApprovalsIdOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { getV1Approvals } from '../../api/generated/sdk.gen.js';
import type { GetV1ApprovalsData } from '../../api/generated/types.gen.js';
import type { changedRecords, Line } from './item.js';
import type { Tab } from './search.js';

/** As many as one page of the API has. */
const MOST = 200;

const QUERIES: Record<Tab, NonNullable<GetV1ApprovalsData['query']>> = {
  open: { status: 'open', sort: 'oldest' },
  mine: { status: 'open', sort: 'oldest' },
  decided: { decidedBy: 'me' },
  all: {},
};

/** One list of the inbox. Who has claimed what is a matter of minutes, so those are looked for among the open ones. */
export const inboxQuery = (tab: Tab) =>
  queryOptions({
    queryKey: [{ _id: 'getV1Approvals' }, tab],
    refetchInterval: 10_000,
    queryFn: async ({ signal }): Promise<{ data: Line[]; isWhole: boolean }> => {
      const { data } = await getV1Approvals({ query: { ...QUERIES[tab], limit: MOST }, signal, throwOnError: true });
      const lines = tab === 'mine' ? data.data.filter((line) => 'claimedByMe' in line && line.claimedByMe) : data.data;
      return { data: lines, isWhole: data.nextCursor === null };
    },
  });

/** One item, asked again while something may still become of it. */
export const useItem = (id: string | undefined) =>
  useQuery({
    ...getV1ApprovalsIdOptions({ path: { id: id ?? '' } }),
    enabled: id !== undefined,
    refetchInterval: ({ state: { data } }) => {
      if (!data) return false;
      const isBeing = data.status === 'decided' || (data.status === 'superseded' && !data.supersededBy);
      if (isBeing) return 1_000;
      return data.status === 'open' || data.status === 'approved' ? 5_000 : false;
    },
  });

interface ActionShown {
  state?: string;
  /** Of one that waits: the item people are asked by. */
  approvalId?: string;
  outcome?: string;
  code?: string;
  detail?: string;
  recordsChanged?: Parameters<typeof changedRecords>[0];
}

/** What became of the action of an approved item; asked again until it has ended. */
export const useAction = (actionId: string | undefined) =>
  useQuery({
    ...getV1ActionsIdOptions({ path: { id: actionId ?? '' } }),
    enabled: actionId !== undefined,
    refetchInterval: ({ state: { data } }) => ((data as ActionShown | undefined)?.state === 'ended' ? false : 2_000),
    select: (data) => data as ActionShown,
  });
