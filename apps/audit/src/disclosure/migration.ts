import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Few records among many: lists of them go by this alone. */
export class Disclosed1700000013000 implements MigrationInterface {
  readonly name = 'Disclosed1700000013000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX records_disclosed ON records (tenant, type, appended_at, partition, "offset")
      WHERE type IN ('countersign.audit.revealed.v1', 'countersign.audit.erased.v1')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX records_disclosed');
  }
}
