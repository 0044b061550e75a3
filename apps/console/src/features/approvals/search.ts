export const TABS = ['open', 'mine', 'decided', 'all'] as const;
export type Tab = (typeof TABS)[number];

export interface ApprovalsSearch {
  tab?: Tab;
}

/** What the address says of the inbox: `tab`, which list of it. */
export const approvalsSearch = ({ tab }: Record<string, unknown>): ApprovalsSearch =>
  TABS.includes(tab as Tab) && tab !== 'open' ? { tab: tab as Tab } : {};

export interface ApprovalSearch {
  /** The item that this one stands in the place of. */
  instead?: string;
}

export const approvalSearch = ({ instead }: Record<string, unknown>): ApprovalSearch =>
  typeof instead === 'string' && /^apr_\w{1,100}$/.test(instead) ? { instead } : {};
