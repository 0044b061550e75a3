import type { GetV1AccessReviewResponse } from '../../api/generated/index.js';
import { toolName } from '../../ui/record-name.js';

export type AccessLine = GetV1AccessReviewResponse['data'][number];

export interface Standing {
  tone: 'good' | 'warn' | 'plain';
  word: string;
}

/** Whether the person may approve with this tool, and what a reviewer has to look at. */
export function standingOf({ mayApprove, person, granted, edited, rejected, settled }: AccessLine): Standing {
  const did = granted + edited + rejected + settled > 0;
  if (person === null) return { tone: 'warn', word: 'nobody seen may' };
  if (mayApprove) return { tone: 'good', word: 'may approve' };
  return did ? { tone: 'warn', word: 'did, and may not' } : { tone: 'plain', word: 'may not' };
}

export const toolOf = ({ tool }: AccessLine): string => (tool ? toolName(tool) : 'a tool that is not stored');

/** One sentence over the table. */
export function reviewWords(lines: readonly AccessLine[]): string {
  const may = new Set(lines.flatMap(({ mayApprove, person }) => (mayApprove && person ? [person] : [])));
  const nobody = lines.filter(({ person }) => person === null).length;
  const not = lines.filter((line) => standingOf(line).word === 'did, and may not').length;
  const parts = [
    `${may.size} ${may.size === 1 ? 'person' : 'people'} seen may approve`,
    ...(nobody > 0 ? [`of ${nobody} ${nobody === 1 ? 'tool' : 'tools'} nobody seen may`] : []),
    ...(not > 0 ? [`${not} ${not === 1 ? 'line is' : 'lines are'} of somebody who decided and may not any more`] : []),
  ];
  return `${parts.join('; ')}.`;
}
