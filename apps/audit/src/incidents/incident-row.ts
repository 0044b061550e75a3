import type { Incident, IncidentCause } from '@countersign/contracts';
import { captureFileOf } from '@countersign/evals/capture';
import { clockOf } from './clock.js';

export interface Someone {
  sub: string;
  roles: string[];
}

/** An incident as it is stored. */
export interface IncidentRow {
  tenant: string;
  id: string;
  intent: string;
  action: string | null;
  cause: IncidentCause;
  openedAt: Date;
  openedBy: Someone | null;
  note: string | null;
  capturedAt: Date | null;
  capturedBy: Someone | null;
  caseTitle: string | null;
  caseDigest: string | null;
  closedAt: Date | null;
  closedBy: Someone | null;
  workflow: string | null;
  fingerprint: string | null;
  told: number;
  /** Of its trace, where that is asked for too. */
  requestedBy?: string | null;
  tool?: string | null;
}

export const COLUMNS = `tenant, id, intent, action, cause, opened_at AS "openedAt", opened_by AS "openedBy", note, captured_at AS "capturedAt",
  captured_by AS "capturedBy", case_title AS "caseTitle", case_digest AS "caseDigest", closed_at AS "closedAt", closed_by AS "closedBy",
  workflow, fingerprint, told`;

/** The case it became, as it is named in its workflow's package. */
export const caseOf = ({ id, caseTitle, caseDigest }: IncidentRow) =>
  caseTitle === null || caseDigest === null ? null : { file: captureFileOf(id), title: caseTitle, digest: caseDigest };

/** An incident as people see it, with its clock. */
export function incidentView(row: IncidentRow, now: Date): Incident {
  const { state, dueAt, overdue, hours } = clockOf(row, now);
  return {
    id: row.id,
    tenant: row.tenant,
    workflow: row.workflow,
    intentId: row.intent,
    actionId: row.action,
    tool: row.tool ?? null,
    requestedBy: row.requestedBy ?? null,
    cause: row.cause,
    state,
    openedAt: row.openedAt.toISOString(),
    by: row.openedBy?.sub ?? null,
    note: row.note,
    dueAt: dueAt.toISOString(),
    overdue,
    capturedAt: row.capturedAt?.toISOString() ?? null,
    capturedBy: row.capturedBy?.sub ?? null,
    hours,
    case: caseOf(row),
    closedAt: row.closedAt?.toISOString() ?? null,
    closedBy: row.closedBy?.sub ?? null,
    fingerprint: row.fingerprint,
  };
}
