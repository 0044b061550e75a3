import type { Person } from '@countersign/contracts';
import { readAs } from '@countersign/migrations';
import type { DataSource, EntityManager } from 'typeorm';
import type { IncidentQuery } from './bodies.js';
import { overdueSince } from './clock.js';
import { COLUMNS, type IncidentRow, type Someone } from './incident-row.js';

/** Where a page ended. */
export interface After {
  openedAt: string;
  id: string;
}

/** What is new of an incident opened by a person. */
export interface NewIncident {
  id: string;
  intentId: string;
  actionId: string | null;
  workflow: string | null;
  note: string | null;
}

const STATES = {
  open: 'captured_at IS NULL',
  captured: 'captured_at IS NOT NULL AND closed_at IS NULL',
  closed: 'closed_at IS NOT NULL',
};

/** Pages go by instants of a millisecond. One that is open of the same intent and action stands for this one too. */
const OPEN = `INSERT INTO incidents (tenant, id, intent, action, cause, opened_at, opened_by, note, workflow)
  VALUES ($1, $2, $3, $4, 'opened', date_trunc('milliseconds', clock_timestamp()), $5, $6, $7) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`;

const CAPTURE = `UPDATE incidents SET captured_at = coalesce(captured_at, clock_timestamp()), captured_by = $3, case_title = $4, case_digest = $5,
    workflow = $6, told = CASE WHEN case_digest = $5 AND case_title = $4 THEN told ELSE least(told, 1) END
  WHERE tenant = $1 AND id = $2 AND closed_at IS NULL RETURNING ${COLUMNS}`;

const CLOSE = `UPDATE incidents SET closed_at = clock_timestamp(), closed_by = $3, fingerprint = $4
  WHERE tenant = $1 AND id = ANY($2) AND captured_at IS NOT NULL AND closed_at IS NULL RETURNING ${COLUMNS}`;

const BEGUN = `SELECT b.intent, r.value FROM begun b
  JOIN records r ON r.topic = b.topic AND r.partition = b.partition AND r."offset" = b."offset" AND r.appended_at = b.at
  WHERE b.tenant = $1 AND b.intent = ANY($2)`;

const TOOLS = `SELECT DISTINCT action, tool FROM records
  WHERE tenant = $1 AND action = ANY($2) AND tool IS NOT NULL AND topic = 'decisions' AND signature = 'valid'`;

/** Incidents of one tenant: what is asked is asked behind the wall between tenants, what is written names the tenant. */
export class IncidentStore {
  constructor(private readonly source: DataSource) {}

  /** The newest first: `limit` and one more if there are more. */
  list({ tenant }: Person, query: IncidentQuery, after: After | undefined, now: Date): Promise<IncidentRow[]> {
    const { state, overdue, limit } = query;
    const values: unknown[] = [];
    const given = (value: unknown) => `$${values.push(value)}`;
    const where = [`tenant = ${given(tenant)}`];
    if (state) where.push(STATES[state]);
    if (overdue !== undefined)
      where.push(`(captured_at IS NULL AND opened_at <= ${given(overdueSince(now))}) = ${given(overdue)}`);
    if (after) where.push(`(opened_at, id) < (${given(after.openedAt)}::timestamptz, ${given(after.id)})`);
    const text = `SELECT ${COLUMNS} FROM incidents WHERE ${where.join(' AND ')} ORDER BY opened_at DESC, id DESC LIMIT ${limit + 1}`;
    return this.read(tenant, text, values);
  }

  async find({ tenant }: Person, id: string): Promise<IncidentRow | undefined> {
    return (await this.read(tenant, `SELECT ${COLUMNS} FROM incidents WHERE tenant = $1 AND id = $2`, [tenant, id]))[0];
  }

  /** The one that a person opened of this intent and action and that is not closed. */
  async openOf({ tenant }: Person, intentId: string, actionId: string | null): Promise<IncidentRow | undefined> {
    const text = `SELECT ${COLUMNS} FROM incidents WHERE tenant = $1 AND intent = $2 AND action IS NOT DISTINCT FROM $3
      AND cause = 'opened' AND closed_at IS NULL`;
    return (await this.read(tenant, text, [tenant, intentId, actionId]))[0];
  }

  /** Cases that are registered of a workflow, their incidents not closed. */
  captured({ tenant }: Person, workflow: string): Promise<IncidentRow[]> {
    const text = `SELECT ${COLUMNS} FROM incidents WHERE tenant = $1 AND workflow = $2 AND ${STATES.captured}`;
    return this.read(tenant, text, [tenant, workflow]);
  }

  /** Undefined if one is open already. */
  async open(
    person: Person,
    { id, intentId, actionId, note, workflow }: NewIncident,
  ): Promise<IncidentRow | undefined> {
    const values = [id, intentId, actionId, someone(person), note, workflow];
    return (await this.write(person.tenant, OPEN, values))[0];
  }

  /** Undefined if it is closed. */
  async capture(
    person: Person,
    id: string,
    { title, digest, workflow }: { title: string; digest: string; workflow: string },
  ): Promise<IncidentRow | undefined> {
    return (await this.write(person.tenant, CAPTURE, [id, someone(person), title, digest, workflow]))[0];
  }

  close(person: Person, ids: string[], fingerprint: string): Promise<IncidentRow[]> {
    return this.write(person.tenant, CLOSE, [ids, someone(person), fingerprint]);
  }

  private read(tenant: string, text: string, values: unknown[]): Promise<IncidentRow[]> {
    return readAs(this.source, tenant, async (rows) => {
      const found = await rows.query<IncidentRow[]>(text, values);
      return withTraces(rows, tenant, found);
    });
  }

  /** An update answers its rows beside their number. */
  private async write(tenant: string, text: string, values: unknown[]): Promise<IncidentRow[]> {
    const answer = await this.source.query<IncidentRow[] | [IncidentRow[], number]>(text, [tenant, ...values]);
    const written = (Array.isArray(answer[0]) ? answer[0] : answer) as IncidentRow[];
    return readAs(this.source, tenant, (rows) => withTraces(rows, tenant, written));
  }
}

const someone = ({ sub, roles }: Person): string => JSON.stringify({ sub, roles } satisfies Someone);

/** What an incident does not say of itself, its trace does: of what workflow, who asked, for what. */
async function withTraces(rows: EntityManager, tenant: string, found: IncidentRow[]): Promise<IncidentRow[]> {
  if (found.length === 0) return found;
  const intents = [...new Set(found.map(({ intent }) => intent))];
  const actions = found.flatMap(({ action }) => action ?? []);
  const begun = await rows.query<{ intent: string; value: string | null }[]>(BEGUN, [tenant, intents]);
  const named = await rows.query<{ action: string; tool: string }[]>(TOOLS, [tenant, actions]);
  const values = new Map(begun.map(({ intent, value }) => [intent, value]));
  const tools = new Map(named.map(({ action, tool }) => [action, tool]));
  return found.map((row) => {
    const value = values.get(row.intent) ?? null;
    const tool = row.action === null ? null : (tools.get(row.action) ?? null);
    return { ...row, workflow: row.workflow ?? workflowIn(value), requestedBy: requesterIn(value), tool };
  });
}

const requesterIn = (value: string | null): string | null =>
  value === null ? null : ((JSON.parse(value) as { actor?: { sub?: string } }).actor?.sub ?? null);

export const workflowIn = (value: string | null): string | null =>
  value === null ? null : ((JSON.parse(value) as { workflow?: string }).workflow ?? null);
