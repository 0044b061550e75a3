import { z } from 'zod';

/**
 * What opens an incident: a person; or by rule a person's no to what was proposed or a change of it, a commit in doubt, a preview that had
 * changed when its commit was due, a commit after which the system of record did not show what "done" means.
 */
export const INCIDENT_CAUSES = ['opened', 'override', 'in-doubt', 'drifted-preview', 'failed-done-check'] as const;
export type IncidentCause = (typeof INCIDENT_CAUSES)[number];
export const INCIDENT_STATES = ['open', 'captured', 'closed'] as const;

const instant = z.iso.datetime();
const capturedCase = z.strictObject({
  /** In the workflow's package. With the title it is the case's id in reports. */
  file: z.string(),
  title: z.string(),
  /** SHA-256 of the file as it was registered. */
  digest: z.string(),
});

/** An incident with its clock: `GET /v1/incidents`. */
export const incidentSchema = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  /** null where the trace that names it is archived. */
  workflow: z.string().nullable(),
  intentId: z.string(),
  actionId: z.string().nullable(),
  /** Of the action; null where it was opened on the intent alone, or the trace is archived. */
  tool: z.string().nullable(),
  /** Whose intent it is; null where the trace is archived. */
  requestedBy: z.string().nullable(),
  cause: z.enum(INCIDENT_CAUSES),
  state: z.enum(INCIDENT_STATES),
  openedAt: instant,
  /** null where it was opened by rule. */
  by: z.string().nullable(),
  note: z.string().nullable(),
  /** When its clock runs out; `overdue` once it has, until it is captured. */
  dueAt: instant,
  overdue: z.boolean(),
  capturedAt: instant.nullable(),
  capturedBy: z.string().nullable(),
  /** From opened to captured. */
  hours: z.number().nonnegative().nullable(),
  case: capturedCase.nullable(),
  closedAt: instant.nullable(),
  closedBy: z.string().nullable(),
  /** Of the release whose run held its case as passed. */
  fingerprint: z.string().nullable(),
});
export type Incident = z.infer<typeof incidentSchema>;

/** The case that an incident becomes, as a file of the workflow's package. */
export const incidentCaseSchema = z.strictObject({
  incidentId: z.string(),
  workflow: z.string(),
  file: z.string(),
  title: z.string(),
  text: z.string(),
  /** What the trace does not tell of it, in sentences; nothing if the case is whole. */
  missing: z.array(z.string()),
});
export type IncidentCase = z.infer<typeof incidentCaseSchema>;
