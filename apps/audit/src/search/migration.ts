import type { TenantReads } from '@countersign/migrations';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Narrow beside `records`, and not in partitions: a search reads these alone, whatever the days it goes through. */
const TABLES = [
  `CREATE TABLE begun (
     tenant text NOT NULL, intent text NOT NULL, at timestamptz NOT NULL, topic text NOT NULL, partition int NOT NULL, "offset" bigint NOT NULL,
     actor text, unverified boolean NOT NULL, PRIMARY KEY (tenant, intent)
   )`,
  `CREATE INDEX begun_newest ON begun (tenant, at, topic, partition, "offset")`,
  `CREATE INDEX begun_by_actor ON begun (tenant, actor, at, topic, partition, "offset")`,
  // A row is what records that came together say alike: one for many traces when there is much to store.
  `CREATE TABLE terms (tenant text NOT NULL, term text NOT NULL, at timestamptz NOT NULL, intents text[] NOT NULL)`,
  `CREATE INDEX terms_said ON terms (tenant, term, at) WITH (deduplicate_items = off)`,
  // Whether a term is rare or common is what a search's plan hangs on.
  `ALTER TABLE terms ALTER COLUMN term SET STATISTICS 1000`,
  // Both only grow: without this their statistics would be those of a tenth less, and their pages unknown to be all visible.
  ...['begun', 'terms'].map(
    (table) =>
      `ALTER TABLE ${table} SET (autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05)`,
  ),
  // Taken over by the two above; an event is asked for by its id whatever its topic.
  `DROP INDEX records_begun`,
  `DROP INDEX records_raw`,
  `CREATE INDEX records_by_id ON records (id) WHERE id IS NOT NULL`,
];

export class Search1700000006000 implements MigrationInterface {
  readonly name = 'Search1700000006000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX records_by_id');
    await runner.query(`CREATE INDEX records_raw ON records (id) WHERE topic = 'intents'`);
    await runner.query(`CREATE INDEX records_begun ON records (tenant, appended_at, topic, partition, "offset")
      WHERE type IN ('countersign.intent.accepted.v1', 'countersign.intent.refused.v1')`);
    for (const table of ['terms', 'begun']) await runner.query(`DROP TABLE ${table}`);
  }
}

export const searchReads: TenantReads = {
  begun: (tenant) => `tenant = ${tenant}`,
  terms: (tenant) => `tenant = ${tenant}`,
};
