import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is counted, a line each, written with the records it is of. Lines are added and never changed. */
export class Figures1700000009000 implements MigrationInterface {
  readonly name = 'Figures1700000009000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE counted (
       tenant text NOT NULL, figure text NOT NULL, key text NOT NULL, at timestamptz NOT NULL, tool text, detail text,
       rules text[] NOT NULL, follows text, person text, roles text[] NOT NULL, PRIMARY KEY (tenant, figure, key)
     ) WITH (autovacuum_vacuum_insert_scale_factor = 0.02)`);
    // A range is counted from the index alone, as far as the table was vacuumed.
    await runner.query('CREATE INDEX counted_by_time ON counted (tenant, figure, at) INCLUDE (tool, detail)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE counted');
  }
}
