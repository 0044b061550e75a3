import { cell, fields, table } from '../output.js';

export interface Change {
  field: string;
  before: unknown;
  after: unknown;
}

interface Edits {
  difference: Change[];
  history: { by: string; reason: string; narrowing: boolean; difference: Change[] }[];
}

export interface Item {
  approvalId: string;
  status: string;
  tool: string;
  requestedBy?: string;
  expiresAt?: string | null;
  remainingSeconds?: number;
  killed?: { scope: string; since: string; by?: string; reason?: string };
  actionHash?: string;
  arguments?: Record<string, unknown>;
  preview?: { effect?: unknown } | null;
  diff?: Change[];
  edits?: Edits;
  editorMayApprove?: boolean;
  cautions?: { argument: string; says: string }[];
  rules?: { rule: string; outcome: string; reason: string }[];
  blast?: unknown;
  recordsRead?: unknown;
  reopened?: { because: string };
  claim?: { by: string; until: string; delegatedBy?: string; reason?: string } | null;
  supersededBy?: string;
  [more: string]: unknown;
}

export const until = ({ expiresAt, remainingSeconds }: Item) =>
  remainingSeconds === undefined ? expiresAt : `stands still, ${remainingSeconds} s left`;

const claimText = ({ claim }: Item) =>
  claim ? `${claim.by} until ${claim.until}${claim.delegatedBy ? `, from ${claim.delegatedBy}` : ''}` : undefined;

const stopText = ({ killed }: Item) =>
  killed &&
  `${killed.scope} since ${killed.since}${killed.by ? ` by ${killed.by}` : ''}: ${killed.reason ?? 'no reason given'}`;

export const differenceText = (changes: Change[]) =>
  table(
    ['field', 'before', 'after'],
    changes.map((change) => [change.field, cell(change.before), cell(change.after)]),
    '',
  );

/** One item, as the person who decides it reads it. */
export function itemText(item: Item): string {
  const { approvalId, status, tool, requestedBy, actionHash, blast, preview, recordsRead, edits } = item;
  const { diff = [], rules = [], cautions = [] } = item;
  const editor = item.editorMayApprove === false ? 'another person has to approve it' : 'who changed it may approve it';
  const head = fields({
    ...{ approval: approvalId, status, tool, arguments: item.arguments, 'asked by': requestedBy, until: until(item) },
    ...{ 'stopped by': stopText(item), 'claimed by': claimText(item), 'superseded by': item.supersededBy },
    ...{ 'asked again': item.reopened?.because, effect: preview?.effect, 'records read': recordsRead },
    ...{ 'blast radius': blast, 'action hash': actionHash, edited: edits && editor },
  });
  const rows = rules.map((each) => [each.rule, each.outcome, each.reason]);
  const parts = [
    head,
    titled(
      'Look at',
      table(
        ['argument', 'because'],
        cautions.map(({ argument, says }) => [argument, says]),
        '',
      ),
    ),
    titled('What was proposed, and what would be done', differenceText(edits?.difference ?? [])),
    differenceText(diff),
    table(['rule', 'verdict', 'reason'], rows, ''),
  ];
  return parts.filter(Boolean).join('\n\n');
}

const titled = (title: string, text: string) => (text ? `${title}\n${text}` : '');
