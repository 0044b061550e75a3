import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where OpenTelemetry has the same: found by the term `trace`, as all that is searched for (search/terms.ts). */
export class TraceId1700000006500 implements MigrationInterface {
  readonly name = 'TraceId1700000006500';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE records ADD COLUMN trace_id text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE records DROP COLUMN trace_id');
  }
}
