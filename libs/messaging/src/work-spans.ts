import { SPAN } from './span-names.js';
import type { Worker, WorkOutcome, WorkRow } from './stream.js';
import { errorTypeOf, isTracing, openSpan, quietly, type OpenSpan } from './tracing.js';

/** The spans of a round of work, a row each: below what wrote the row down, however long ago. */
export class WorkSpans {
  private readonly open = new Map<string, OpenSpan>();
  /** With their own place in the trace as `traceparent`: what comes of them goes on from there. */
  readonly rows: WorkRow[];

  constructor(
    private readonly worker: Worker<never>,
    rows: WorkRow[],
  ) {
    this.rows = worker.span && isTracing() ? rows.map((row) => this.begun(row)) : rows;
  }

  ended(row: WorkRow, outcome: WorkOutcome<never>): void {
    const span = this.open.get(row.id);
    if (!span || !this.open.delete(row.id)) return;
    if (outcome.tag === 'retry') {
      span.set({ [SPAN.outcome]: 'retried' });
      span.fail('RETRIED');
    } else {
      const came = quietly(() => this.worker.span!.end(outcome.outcome)) ?? {};
      const failed = came[SPAN.errorType];
      span.set(came);
      if (typeof failed === 'string') span.fail(failed);
    }
    span.end();
  }

  /** Of rows that were left. */
  over(error?: unknown): void {
    for (const span of this.open.values()) {
      span.fail(error === undefined ? 'LEFT' : errorTypeOf(error));
      span.end();
    }
    this.open.clear();
  }

  private begun(row: WorkRow): WorkRow {
    const spec = quietly(() => this.worker.span!.begin(row));
    if (!spec) return row;
    const attributes = { ...spec.attributes, [SPAN.attempt]: row.attempts };
    const span = openSpan({ ...spec, attributes }, row.traceparent);
    if (!span) return row;
    this.open.set(row.id, span);
    return { ...row, traceparent: span.traceparent };
  }
}
