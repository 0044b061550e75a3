import type { CaseResult } from '@countersign/evals';

const EVERY_MS = 2_000;

/** Tells how far a run is, on stderr: at least every two seconds. */
export class Progress {
  private readonly began = performance.now();
  private readonly counts = { done: 0, failed: 0, errors: 0 };
  private readonly timer = setInterval(() => this.tell(), EVERY_MS);

  constructor(
    private readonly of: number,
    private readonly write: (line: string) => void = (line) => process.stderr.write(line),
  ) {
    this.write(`evals: ${of} cases\n`);
  }

  readonly saw = ({ verdict }: Pick<CaseResult, 'verdict'>): void => {
    this.counts.done++;
    if (verdict === 'fail') this.counts.failed++;
    if (verdict === 'error') this.counts.errors++;
  };

  end(): void {
    clearInterval(this.timer);
    this.tell();
  }

  private tell(): void {
    const { done, failed, errors } = this.counts;
    const bad = [...(failed ? [`${failed} failed`] : []), ...(errors ? [`${errors} with errors`] : [])];
    const seconds = ((performance.now() - this.began) / 1000).toFixed(0);
    this.write(`evals: ${done} of ${this.of}${bad.length ? `, ${bad.join(', ')}` : ''} (${seconds} s)\n`);
  }
}
