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

export const archiveReads: TenantReads = {
  archives: (tenant) => `tenant = ${tenant} AND tenant NOT IN ('${UNVERIFIED}', '${SYSTEM}')`,
};

/** Written by the owner alone, who archives. */
export const archiveGrants = (role: string): string[] => [`GRANT SELECT ON archives TO ${role}`];
