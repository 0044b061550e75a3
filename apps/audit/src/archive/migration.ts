import { UNVERIFIED } from '@countersign/contracts';
import { SYSTEM } from '@countersign/evidence';
import type { TenantReads } from '@countersign/migrations';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was taken out into files, written in the transaction that drops it. `indexes` are those of the tenant's tree. */
const TABLE = `CREATE TABLE archives (
  tenant text NOT NULL, file text NOT NULL, day date NOT NULL, indexes int8multirange NOT NULL, rows bigint NOT NULL, sha256 text NOT NULL,
  archived_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, file)
)`;

export class Archives1700000005000 implements MigrationInterface {
  readonly name = 'Archives1700000005000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE archives');
  }
}

/** What was taken out before is in no signed file: its records are told as gone. */
export class ArchivesSigned1700000011000 implements MigrationInterface {
  readonly name = 'ArchivesSigned1700000011000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE archives ADD COLUMN note text NOT NULL DEFAULT ''`);
    // What came between two times is looked for without going through all of a day.
    await runner.query('CREATE INDEX records_by_time ON records USING brin (appended_at) WITH (autosummarize = on)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX records_by_time');
    await runner.query('ALTER TABLE archives DROP COLUMN note');
  }
}

export const archiveReads: TenantReads = {
  archives: (tenant) => `tenant = ${tenant} AND tenant NOT IN ('${UNVERIFIED}', '${SYSTEM}')`,
};

/** Written by the owner alone, who archives. */
export const archiveGrants = (role: string): string[] => [`GRANT SELECT ON archives TO ${role}`];
