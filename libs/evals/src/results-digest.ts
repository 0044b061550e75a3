import { createHash } from 'node:crypto';
import { jcs } from '@countersign/contracts';
import type { CaseResult } from './run-report.js';

/** Of what became of each case of a workflow, in the order of the report: every word, every problem, every millisecond. */
export function resultsDigest(results: readonly CaseResult[]): string {
  // As they are written to a file: a member that is not there is left out.
  const written: unknown = JSON.parse(JSON.stringify(results));
  return `sha256:${createHash('sha256').update(jcs(written)).digest('hex')}`;
}
