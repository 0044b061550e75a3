import type { JsonObject, Person } from '@countersign/contracts';
import type { RecordRow } from './record.entity.js';

/** Who is told what audit alone is told: that a record is another tenant's is nobody else's to know, so not that it exists. */
export const isAuditor = ({ roles }: Person) => roles.includes('auditor');

/** The row as the person may see it: for others than auditors as if no such code had been written. */
export function shownTo(person: Person, row: RecordRow): RecordRow {
  if (row.auditCode === null || isAuditor(person)) return row;
  return { ...row, auditCode: null, ...(row.value ? { value: withoutAuditCode(row.value) } : {}) };
}

function withoutAuditCode(value: string): string {
  const { auditCode: _, ...data } = JSON.parse(value) as JsonObject;
  return JSON.stringify(data);
}
