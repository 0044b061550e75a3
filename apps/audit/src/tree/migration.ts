import type { TenantReads } from '@countersign/migrations';
import { UNVERIFIED } from '@countersign/contracts';
import { SYSTEM } from '@countersign/evidence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Records that came in one transaction: where they stand, and their leaves one behind the other, 32 bytes each. */
const BLOCK = `tenant text NOT NULL, topics text[] NOT NULL, partitions int[] NOT NULL, offsets bigint[] NOT NULL,
  appended_at timestamptz[] NOT NULL, from_at timestamptz NOT NULL, to_at timestamptz NOT NULL,
  leaves bytea NOT NULL CHECK (octet_length(leaves) = 32 * cardinality(topics) AND octet_length(leaves) > 0)`;

const TABLES = [
  // Written with the records, emptied by the sequencer: a row lives for a second.
  `CREATE TABLE pending_leaves (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${BLOCK})
     WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`,
  // Its leaves have the indexes from "first" on in the tenant's tree.
  `CREATE TABLE leaves ("first" bigint NOT NULL, ${BLOCK}, PRIMARY KEY (tenant, "first"))`,
  `CREATE INDEX leaves_by_time ON leaves (tenant, to_at)`,
  // How far each tree has grown: the hashes of its complete subtrees, the largest first.
  `CREATE TABLE trees (tenant text PRIMARY KEY, size bigint NOT NULL, frontier bytea NOT NULL, published bigint NOT NULL DEFAULT 0)
     WITH (fillfactor = 50)`,
  // Hashes of complete subtrees of 256 leaves (level 1), 65,536 (2) and so on.
  `CREATE TABLE tiles (tenant text NOT NULL, level int NOT NULL, "index" bigint NOT NULL, hash bytea NOT NULL CHECK (octet_length(hash) = 32),
     PRIMARY KEY (tenant, level, "index"))`,
  `CREATE TABLE checkpoints (tenant text NOT NULL, origin text NOT NULL, size bigint NOT NULL, root bytea NOT NULL, note text NOT NULL,
     signed_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant, origin, size))`,
];

export class TamperEvidence1700000007000 implements MigrationInterface {
  readonly name = 'TamperEvidence1700000007000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['checkpoints', 'tiles', 'trees', 'leaves', 'pending_leaves'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

const own = (tenant: string) => `tenant = ${tenant} AND tenant NOT IN ('${UNVERIFIED}', '${SYSTEM}')`;
export const treeReads: TenantReads = { pending_leaves: own, leaves: own, trees: own, tiles: own, checkpoints: own };

/** What a tree has grown by is written once, as records are. */
export const treeGrants = (role: string): string[] => [
  `GRANT SELECT, INSERT, DELETE ON pending_leaves TO ${role}`,
  `GRANT SELECT, INSERT, UPDATE ON trees TO ${role}`,
  `GRANT SELECT, INSERT ON leaves, tiles, checkpoints TO ${role}`,
];
