import type { JsonObject } from '@countersign/contracts';
import { RELEASE_KEY_OWNER, signRelease, type ReleaseReport } from '@countersign/evals';
import type { Signer } from '@countersign/signing';

/** A fingerprint that nobody runs: what a rollback goes back to. */
const NOBODYS = 'nobodys';
const CASES = { passed: 1, failed: 0, errors: 0, skipped: 0 };

/** The releases of a world for cases: signed with a key that this world alone trusts. */
export class Releases {
  private last = 0;

  constructor(
    private readonly key: Signer,
    private readonly control: (scope: string, value: JsonObject) => Promise<void>,
  ) {}

  /** Of a workflow that was never released. */
  async begin(workflow: string, fingerprint: string): Promise<void> {
    await this.release(workflow, NOBODYS);
    await this.release(workflow, fingerprint);
  }

  release(workflow: string, fingerprint: string): Promise<void> {
    const ran = { cases: CASES, generated: 0, casesDigest: 'none', model: 'recorded' } as const;
    return this.put(workflow, fingerprint, { kind: 'release', at: this.later(), verdict: 'pass', ...ran });
  }

  withdraw(workflow: string): Promise<void> {
    return this.put(workflow, NOBODYS, { kind: 'rollback', at: this.later(), reason: 'As the case says.' });
  }

  private put(workflow: string, fingerprint: string, report: ReleaseReport): Promise<void> {
    const value = signRelease(workflow, fingerprint, report, this.key);
    return this.control(`${RELEASE_KEY_OWNER}/workflow/${workflow}`, value as unknown as JsonObject);
  }

  /** Each is later than the one before, or it would be no news. */
  private later(): string {
    this.last = Math.max(Date.now(), this.last + 1);
    return new Date(this.last).toISOString();
  }
}
