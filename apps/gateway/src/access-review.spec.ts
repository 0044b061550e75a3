import { describe, expect, it } from '@jest/globals';
import { accessReviewCsv, type Approvers } from '@countersign/contracts';
import { accessLines } from './access-review.js';
import type { ToolView } from './catalog.js';

const tool = (name: string, approvals: Record<string, string[]>) =>
  ({
    workflow: 'desk',
    name,
    permissions: {
      roles: ['agent'],
      restricted: [],
      approvals: Object.fromEntries(Object.entries(approvals).map(([need, roles]) => [need, { when: need, roles }])),
    },
  }) as unknown as ToolView;
const TOOLS = [
  tool('refund', { large: ['lead', 'head'], abroad: ['head'] }),
  tool('close', { always: ['owner'] }),
  tool('look', {}),
];
const at = '2026-01-02T00:00:00.000Z';
const did = (person: string, name: string | null, counts: object) => ({
  ...{ person, tool: name, granted: 0, edited: 0, rejected: 0, settled: 0, lastAt: at },
  ...counts,
});
const KNOWN: Approvers = {
  seen: [
    { person: 'ann', roles: ['agent'], at },
    { person: 'bob', roles: ['agent', 'head'], at },
    { person: 'carol', roles: ['lead'], at },
  ],
  did: [
    did('ann', 'refund', { granted: 2 }),
    did('bob', 'refund', { rejected: 1 }),
    did('bob', 'look', { settled: 1 }),
    did('carol', 'gone', { edited: 1 }),
    did('=cmd|x', null, { granted: 1 }),
  ],
};
const LINES = accessLines(TOOLS, KNOWN);

describe('an access review', () => {
  it('says who may approve a tool and by which role, and what each did', () => {
    expect(LINES.filter(({ tool: name }) => name === 'refund')).toMatchObject([
      { person: 'bob', mayApprove: true, approvals: ['large', 'abroad'], roles: ['head'], rejected: 1, lastAt: at },
      { person: 'carol', mayApprove: true, approvals: ['large'], roles: ['lead'], granted: 0, lastAt: null },
      { person: 'ann', mayApprove: false, approvals: [], roles: ['agent'], granted: 2 },
    ]);
  });

  it('names a tool that nobody who was seen may approve', () => {
    expect(LINES.filter(({ tool: name }) => name === 'close')).toMatchObject([{ person: null, mayApprove: false }]);
  });

  it('hides nobody who decided: not of a tool that asks for no approval, nor of one that is gone, nor of none that is known', () => {
    expect(LINES.slice(-3)).toMatchObject([
      { workflow: 'desk', tool: 'look', person: 'bob', settled: 1 },
      { workflow: null, tool: 'gone', person: 'carol', edited: 1 },
      { workflow: null, tool: null, person: '=cmd|x', granted: 1, seenAt: null },
    ]);
  });

  it('as CSV holds no formula, and every line has every column', () => {
    const csv = accessReviewCsv(LINES);
    expect(csv).toContain(`"'=cmd|x"`);
    const [head, ...rows] = csv.trimEnd().split('\r\n');
    expect(head).toBe(
      '"workflow","tool","person","mayApprove","approvals","roles","seenAt","granted","edited","rejected","settled","lastAt"',
    );
    expect(rows.map((row) => row.split('","').length)).toEqual(LINES.map(() => 12));
    const nasty = { ...LINES[0]!, tool: '\t=1+1', person: 'a "b", c', workflow: '@x', roles: ['-2', '+3'] };
    expect(accessReviewCsv([nasty])).toContain(`"'@x","'\t=1+1","a ""b"", c","true","large abroad","'-2 +3"`);
  });
});
