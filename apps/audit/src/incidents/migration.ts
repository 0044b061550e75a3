import { UNVERIFIED } from '@countersign/contracts';
import { SYSTEM } from '@countersign/evidence';
import type { TenantReads } from '@countersign/migrations';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const CAUSES = `'opened', 'override', 'in-doubt', 'drifted-preview', 'failed-done-check'`;

const TABLE = [
  // `told`: how many of its events are published. A case takes another's place under the same name; when it was first captured stays.
  `CREATE TABLE incidents (
     tenant text NOT NULL, id text NOT NULL, intent text NOT NULL, action text, cause text NOT NULL CHECK (cause IN (${CAUSES})),
     opened_at timestamptz NOT NULL, opened_by jsonb, note text,
     captured_at timestamptz, captured_by jsonb, case_title text, case_digest text,
     closed_at timestamptz, closed_by jsonb, workflow text, fingerprint text,
     told int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, id),
     CHECK ((captured_at IS NULL) = (case_digest IS NULL)), CHECK (closed_at IS NULL OR captured_at IS NOT NULL)
   )`,
  `CREATE INDEX incidents_newest ON incidents (tenant, opened_at, id)`,
  `CREATE INDEX incidents_open ON incidents (opened_at) WHERE captured_at IS NULL`,
  `CREATE INDEX incidents_untold ON incidents (opened_at)
     WHERE told < 1 + (captured_at IS NOT NULL)::int + (closed_at IS NOT NULL)::int`,
  // Whoever opens the same once more means this one.
  `CREATE UNIQUE INDEX incidents_one_open ON incidents (tenant, intent, coalesce(action, '')) WHERE cause = 'opened' AND closed_at IS NULL`,
];

export class Incidents1700000010000 implements MigrationInterface {
  readonly name = 'Incidents1700000010000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLE) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE incidents');
  }
}

export const incidentReads: TenantReads = {
  incidents: (tenant) => `tenant = ${tenant} AND tenant NOT IN ('${UNVERIFIED}', '${SYSTEM}')`,
};

/** What opened an incident, and when, is written once: no service turns its clock back, and none takes an incident away. */
export const incidentGrants = (role: string): string[] => [
  `GRANT SELECT, INSERT ON incidents TO ${role}`,
  `GRANT UPDATE (captured_at, captured_by, case_title, case_digest, closed_at, closed_by, workflow, fingerprint, told) ON incidents TO ${role}`,
];
