import { UNVERIFIED } from '@countersign/contracts';
import { messagingMigrations } from '@countersign/messaging';
import type { TenantReads } from '@countersign/migrations';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SYSTEM } from '@countersign/evidence';
import {
  archiveGrants,
  archiveReads,
  Archives1700000005000,
  ArchivesSigned1700000011000,
} from './archive/migration.js';
import { Disclosed1700000013000 } from './disclosure/migration.js';
import { Search1700000006000, searchReads } from './search/migration.js';
import { TraceId1700000006500 } from './trace-id.migration.js';
import { TamperEvidence1700000007000, treeGrants, treeReads } from './tree/migration.js';
import { Figures1700000009000 } from './figures/migration.js';
import { incidentGrants, incidentReads, Incidents1700000010000 } from './incidents/migration.js';

/** Days of partitions made ahead of need. */
export const PARTITIONS_AHEAD = 7;

/** A record's signature hardly compresses; trying to costs as much as all the rest of its insert and saves no space. */
const INLINE = 'WITH (toast_tuple_target = 8160)';

const TABLES = [
  `CREATE TABLE records (
     topic text NOT NULL, partition int NOT NULL, "offset" bigint NOT NULL, appended_at timestamptz NOT NULL,
     key text NOT NULL, id text, type text, source text, subject text, tenant text NOT NULL, claimed_tenant text NOT NULL, actor text,
     session text, intent text, action text, causation text, tool text, code text, outcome text, rules text[] NOT NULL, about text[] NOT NULL,
     value text, headers text NOT NULL, signature text NOT NULL CHECK (signature IN ('valid', 'invalid', 'absent', 'not-required')), flaw text,
     poison_reason text, poison_detail text,
     PRIMARY KEY (topic, partition, "offset", appended_at)
   ) PARTITION BY RANGE (appended_at)`,
  // A broker whose clock is off writes here; nothing is refused for it.
  `CREATE TABLE records_default PARTITION OF records DEFAULT ${INLINE}`,
  `CREATE INDEX records_by_intent ON records (intent, appended_at) WHERE intent IS NOT NULL`,
  `CREATE INDEX records_by_action ON records (action) WHERE action IS NOT NULL`,
  `CREATE INDEX records_raw ON records (id) WHERE topic = 'intents'`,
  `CREATE INDEX records_begun ON records (tenant, appended_at, topic, partition, "offset")
     WHERE type IN ('countersign.intent.accepted.v1', 'countersign.intent.refused.v1')`,

  `CREATE TABLE progress (
     topic text NOT NULL, partition int NOT NULL, next bigint NOT NULL, last_appended_at timestamptz NOT NULL,
     PRIMARY KEY (topic, partition)
   ) WITH (fillfactor = 30, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`,
  `CREATE TABLE gaps (
     topic text NOT NULL, partition int NOT NULL, from_offset bigint NOT NULL, to_offset bigint NOT NULL,
     noticed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (topic, partition, from_offset)
   )`,
];

/** Makes partitions for today and `ahead` days. The service may call it and owns nothing that it makes. */
const ensurePartitions = (schema: string, walled = '') => `
  CREATE OR REPLACE FUNCTION ensure_partitions(ahead int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = "${schema}", pg_temp AS $$
  DECLARE
    day date := (now() AT TIME ZONE 'UTC')::date;
    made int := 0;
    name text;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('${schema}.records'));
    FOR n IN 0 .. least(ahead, 60) LOOP
      name := 'records_' || to_char(day + n, 'YYYYMMDD');
      CONTINUE WHEN to_regclass(format('%I', name)) IS NOT NULL;
      BEGIN
        EXECUTE format('CREATE TABLE %I PARTITION OF records FOR VALUES FROM (%L) TO (%L) ${INLINE}', name, (day + n) || ' 00:00+00', (day + n + 1) || ' 00:00+00');${walled}
        made := made + 1;
      EXCEPTION WHEN check_violation THEN
        RAISE WARNING 'records of % already lie in the default partition and stay there', day + n;
      END;
    END LOOP;
    RETURN made;
  END $$`;

export class TraceStore1700000002000 implements MigrationInterface {
  readonly name = 'TraceStore1700000002000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await runner.query(statement);
    const [{ schema }] = (await runner.query('SELECT current_schema() AS schema')) as [{ schema: string }];
    await runner.query(ensurePartitions(schema));
    await runner.query('SELECT ensure_partitions($1)', [PARTITIONS_AHEAD]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION ensure_partitions');
    for (const table of ['gaps', 'progress', 'records']) await runner.query(`DROP TABLE ${table}`);
  }
}

/** Asked for by its own name a partition shows nothing, as those that the migrator finds do (libs/migrations). */
const WALLED = `
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);`;

export class TenantsApart1700000003000 implements MigrationInterface {
  readonly name = 'TenantsApart1700000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE records ADD COLUMN audit_code text');
    const [{ schema }] = (await runner.query('SELECT current_schema() AS schema')) as [{ schema: string }];
    await runner.query(ensurePartitions(schema, WALLED));
  }

  async down(runner: QueryRunner): Promise<void> {
    const [{ schema }] = (await runner.query('SELECT current_schema() AS schema')) as [{ schema: string }];
    await runner.query(ensurePartitions(schema));
    await runner.query('ALTER TABLE records DROP COLUMN audit_code');
  }
}

export const migrations = [
  ...messagingMigrations,
  TraceStore1700000002000,
  TenantsApart1700000003000,
  Archives1700000005000,
  Search1700000006000,
  TraceId1700000006500,
  TamperEvidence1700000007000,
  Figures1700000009000,
  Incidents1700000010000,
  ArchivesSigned1700000011000,
  Disclosed1700000013000,
];

/**
 * A tenant's are the records whose signer says so, those that claim to be its own and prove nothing, and what was said of switches and
 * stages that no other tenant is named by. What is filed under
 * these two names is no tenant's, should a token ever carry one of them.
 */
export const reads: TenantReads = {
  counted: (tenant) => `tenant = ${tenant}`,
  records: (tenant) => `(tenant = ${tenant} AND tenant NOT IN ('${UNVERIFIED}', '${SYSTEM}'))
    OR (tenant = '${UNVERIFIED}' AND claimed_tenant = ${tenant})
    OR (topic IN ('control', 'control-acks') AND (key !~ '/tenant/' OR right(key, length(${tenant}) + 8) = '/tenant/' || ${tenant}))`,
  ...archiveReads,
  ...searchReads,
  ...treeReads,
  ...incidentReads,
};

/** The trace is written once: its service can add to it, change nothing of it, and read it only in somebody's name. */
export const grants = (role: string): string[] => [
  `GRANT SELECT, INSERT, UPDATE, DELETE ON offsets, state, outbox, work, work_late, parked TO ${role}`,
  `GRANT SELECT, INSERT, UPDATE ON progress TO ${role}`,
  `GRANT INSERT ON records, begun, terms, counted TO ${role}`,
  `GRANT SELECT, INSERT ON gaps TO ${role}`,
  ...archiveGrants(role),
  ...treeGrants(role),
  ...incidentGrants(role),
];
