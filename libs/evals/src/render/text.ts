import { plain } from '@countersign/contracts';
import type { CaseResult } from '../run-report.js';

const MOST = 1_000;

/**
 * A text on one line of a terminal or a log: titles and problems hold what records and models said. It steers nothing, reorders nothing,
 * and starts no command of a CI service (`::error::` counts at the start of a line, `##[error]` anywhere).
 */
export function oneLine(text: string): string {
  const line = plain(text.toWellFormed().replaceAll(/\s+/g, ' ').trim())
    .replaceAll('##[', '# #[')
    .replace(/^::/, ': :');
  return line.length > MOST ? `${line.slice(0, MOST).toWellFormed()}…` : line;
}

/** Where a case stands, as an editor opens it. */
export const placeOf = ({ file, line }: Pick<CaseResult, 'file' | 'line'>) => (line > 0 ? `${file}:${line}` : file);

/** What is other than expected, each once: attempts of one case mostly fail alike. */
export const problemsOf = ({ attempts, because }: CaseResult): string[] => [
  ...new Set([...(because === undefined ? [] : [because]), ...attempts.flatMap(({ problems }) => problems)]),
];

/** From the start of its first attempt to the end of its last, in seconds. */
export const secondsOf = ({ attempts }: Pick<CaseResult, 'attempts'>) =>
  attempts.reduce((total, { durationMs }) => total + durationMs, 0) / 1000;
