import type { Approvers } from '@countersign/contracts';
import type { DECIDED } from './counted.js';

/** When a person was last seen with these roles. */
export interface Seen {
  person: string;
  roles: string[];
  at: Date;
}

/** How often a person decided so of a tool. */
export interface Did {
  person: string;
  figure: (typeof DECIDED)[number] | 'settled';
  tool: string | null;
  count: number;
  at: Date;
}

export const approversOf = (seen: Seen[], did: Did[]): Approvers => ({
  seen: lastOf(seen).map(({ person, roles, at }) => ({ person, roles, at: at.toISOString() })),
  did: linesOf(did),
});

function lastOf(seen: Seen[]): Seen[] {
  const last = new Map<string, Seen>();
  for (const one of seen) if (one.at > (last.get(one.person)?.at ?? 0)) last.set(one.person, one);
  return [...last.values()].sort((a, b) => (a.person < b.person ? -1 : 1));
}

function linesOf(did: Did[]): Approvers['did'] {
  const lines = new Map<string, Approvers['did'][number]>();
  for (const { person, figure, tool, count, at } of did) {
    const key = JSON.stringify([person, tool]);
    const line = lines.get(key) ?? { ...{ person, tool, granted: 0, edited: 0, rejected: 0, settled: 0 }, lastAt: '' };
    const lastAt = at.toISOString() > line.lastAt ? at.toISOString() : line.lastAt;
    lines.set(key, { ...line, [figure]: line[figure] + count, lastAt });
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}
