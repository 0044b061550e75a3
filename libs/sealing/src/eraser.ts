import { asked, type SealingSql } from './sealing-sql.js';
import { subjectName } from './subjects.js';

export interface Erased {
  /** Pairs of keys that were destroyed. */
  keys: number;
  /** Values that were sealed for the subject. */
  values: number;
}

const ERASE = 'select keys, "values" from sealing.erase($1, $2)';
const GONE = 'select token from sealing.gone($1, $2)';

/**
 * Destroys a data subject's keys, in the transaction of `sql`: what was published of its values opens for nobody any more. Of audit
 * alone. Once more changes nothing.
 *
 * @throws SealingUnavailable
 */
export async function eraseSubject(sql: SealingSql, tenant: string, subject: string): Promise<Erased> {
  const [row] = await asked<{ keys: string; values: string }>(sql, 'erase-sealed', ERASE, [
    tenant,
    subjectName(subject),
  ]);
  return { keys: Number(row!.keys), values: Number(row!.values) };
}

/** Which of these tokens stood for a value that was erased. */
export async function erasedAmong(sql: SealingSql, tenant: string, tokens: readonly string[]): Promise<Set<string>> {
  if (tokens.length === 0) return new Set();
  const rows = await asked<{ token: string }>(sql, 'gone-sealed', GONE, [tenant, tokens]);
  return new Set(rows.map(({ token }) => token));
}
