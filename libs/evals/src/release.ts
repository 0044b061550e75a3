/*
 * The statement that releases a workflow's fingerprint: signed where the cases ran, judged by policy. What this file guarantees:
 * 1. The signature covers workflow, fingerprint and report together, byte for byte: none serves with another.
 * 2. Only a key trusted as the release key's counts, and only for a statement of this kind.
 * 3. A report that is not a whole pass releases nothing, whoever signed it.
 */
import { z } from 'zod';
import { jcs, type JsonObject, type ReleaseValue } from '@countersign/contracts';
import type { KeyRing, Signer } from '@countersign/signing';
import { MODEL_MODES } from './model-mode.js';
import { VERDICTS } from './verdict.js';

/** Whose key it is, as key files are named: `trusted/release.pub.pem`. */
export const RELEASE_KEY_OWNER = 'release';
/** Tells a release's signature from whatever else a key may sign. */
const PURPOSE = 'countersign-release';

const at = z.iso.datetime({ offset: true }).describe('When the run ended, or the rollback was asked for');
const count = z.int().nonnegative();

export const releaseReportSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('release'),
    at,
    verdict: z.enum(VERDICTS),
    cases: z.strictObject({ passed: count, failed: count, errors: count, skipped: count }),
    /** Of them, those made from the permission map. */
    generated: count,
    casesDigest: z.string().min(1).max(200),
    /** Of what became of each case: whoever is shown them can tell that they are those that were signed. Not in statements of before. */
    resultsDigest: z.string().min(1).max(200).optional(),
    model: z.enum(MODEL_MODES),
  }),
  z.strictObject({ kind: z.literal('rollback'), at, reason: z.string().min(1).max(500) }),
]);
export type ReleaseReport = z.infer<typeof releaseReportSchema>;

/** The value of `release/workflow/<name>`. Throws where it would release what did not pass. */
export function signRelease(
  workflow: string,
  fingerprint: string,
  report: ReleaseReport,
  key: Signer,
): ReleaseValue & { report: ReleaseReport } {
  const flaw = flawOf(report);
  if (flaw) throw new Error(`${workflow} cannot be released: ${flaw}`);
  return { fingerprint, report, signature: key.sign(jcs({ workflow, fingerprint, report }), { typ: PURPOSE }) };
}

export type VerifiedRelease = { ok: true; report: ReleaseReport } | { ok: false; because: string };

/** Guarantees 1 to 3. Answers why not instead of throwing: content is hostile. */
export function verifyRelease(ring: KeyRing, workflow: string, value: ReleaseValue): VerifiedRelease {
  const { fingerprint, signature } = value;
  const verified = ring.verify(signature);
  if (!verified.ok) return refused(verified.because);
  if (verified.owner !== RELEASE_KEY_OWNER) return refused(`it is signed by the key of ${verified.owner}`);
  if (verified.header['typ'] !== PURPOSE) return refused('what was signed is no release');
  if (verified.payload !== textOf({ workflow, fingerprint, report: value.report as JsonObject }))
    return refused('another workflow, fingerprint or report was signed');
  const report = releaseReportSchema.safeParse(value.report);
  if (!report.success) return refused(`the report has not its form: ${report.error.issues[0]!.path.join('.')}`);
  const flaw = flawOf(report.data);
  return flaw ? refused(flaw) : { ok: true, report: report.data };
}

const refused = (because: string): VerifiedRelease => ({ ok: false, because });

function textOf(statement: JsonObject): string | undefined {
  try {
    return jcs(statement);
  } catch {
    return undefined;
  }
}

function flawOf(report: ReleaseReport): string | undefined {
  if (report.kind === 'rollback') return undefined;
  const { verdict, cases } = report;
  if (verdict !== 'pass') return `the verdict of its cases is ${verdict}`;
  if (cases.passed === 0) return 'no case passed';
  if (cases.failed + cases.errors > 0) return 'some of its cases did not pass';
  return undefined;
}
