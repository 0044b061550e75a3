import type { SqlTx } from '@countersign/messaging';
import type { StoredRecord } from '@countersign/evidence';

/** Unit separator: joins the members of lists, since an array of lists of different length cannot be sent. */
const SEPARATOR = '\u001f';

const COLUMNS = {
  topic: 'text',
  partition: 'int',
  '"offset"': 'bigint',
  appended_at: 'timestamptz',
  key: 'text',
  id: 'text',
  type: 'text',
  source: 'text',
  subject: 'text',
  tenant: 'text',
  claimed_tenant: 'text',
  actor: 'text',
  session: 'text',
  intent: 'text',
  action: 'text',
  causation: 'text',
  trace_id: 'text',
  tool: 'text',
  code: 'text',
  audit_code: 'text',
  outcome: 'text',
  rules: 'text',
  about: 'text',
  value: 'text',
  headers: 'text',
  signature: 'text',
  flaw: 'text',
  poison_reason: 'text',
  poison_detail: 'text',
};

const names = Object.keys(COLUMNS);
const aliases = names.map((name) =>
  name === 'rules' || name === 'about' ? `string_to_array(${name}, E'\\x1f')` : name,
);
/** JSON holds no raw separator, so the long columns go as one text each: as an array's members every quote in them would be escaped. */
const isJoined = (name: string) => name === 'value' || name === 'headers';
const arrays = Object.entries(COLUMNS).map(([name, type], index) =>
  isJoined(name) ? `string_to_array($${index + 1}::text, E'\\x1f', '')` : `$${index + 1}::${type}[]`,
);

/**
 * A record that is there already stays as it is: the unique place makes a repeated batch harmless. Its columns are not named
 * as the conflict's: whoever names them has to be allowed to read them, and this role may not.
 */
const INSERT = `INSERT INTO records (${names.join(', ')}) SELECT ${aliases.join(', ')} FROM unnest(${arrays.join(', ')}) AS r (${names.join(', ')})
  ON CONFLICT DO NOTHING`;

const joined = (members: string[]) => members.map((member) => member.replaceAll(SEPARATOR, ' ')).join(SEPARATOR);

/** Writes rows with one statement. */
export async function storeRows(tx: SqlTx, rows: StoredRecord[]): Promise<void> {
  const column = <T>(of: (row: StoredRecord) => T) => rows.map(of);
  await tx.query('audit-insert', INSERT, [
    column((row) => row.topic),
    column((row) => row.partition),
    column((row) => row.offset),
    column((row) => row.appendedAt.toISOString()),
    column((row) => row.key),
    column((row) => row.id),
    column((row) => row.type),
    column((row) => row.source),
    column((row) => row.subject),
    column((row) => row.tenant),
    column((row) => row.claimedTenant),
    column((row) => row.actor),
    column((row) => row.session),
    column((row) => row.intent),
    column((row) => row.action),
    column((row) => row.causation),
    column((row) => row.traceId),
    column((row) => row.tool),
    column((row) => row.code),
    column((row) => row.auditCode),
    column((row) => row.outcome),
    column((row) => joined(row.rules)),
    column((row) => joined(row.about)),
    column((row) => row.value ?? '').join(SEPARATOR),
    column((row) => row.headers).join(SEPARATOR),
    column((row) => row.signature),
    column((row) => row.flaw),
    column((row) => row.poisonReason),
    column((row) => row.poisonDetail),
  ]);
}
