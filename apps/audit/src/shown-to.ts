import type { JsonObject, Person } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';

/** Who is told what audit alone is told: that a record is another tenant's is nobody else's to know, so not that it exists. */
export const isAuditor = ({ roles }: Person) => roles.includes('auditor');

/** Who sees the traces of everyone in their tenant; others see their own. */
const SEE_ALL = ['auditor', 'sre', 'admin', 'support-lead'];
export const seesAll = ({ roles }: Person) => roles.some((role) => SEE_ALL.includes(role));

/** The row as the person may see it: for others than auditors as if no such code had been written. */
export function shownTo<R extends StoredRecord>(person: Person, row: R): R {
  if (row.auditCode === null || isAuditor(person)) return row;
  return { ...row, auditCode: null, ...(row.value ? { value: withoutAuditCode(row.value) } : {}) };
}

function withoutAuditCode(value: string): string {
  const { auditCode: _, ...data } = JSON.parse(value) as JsonObject;
  return JSON.stringify(data);
}
