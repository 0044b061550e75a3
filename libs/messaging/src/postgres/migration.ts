import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The tables of a service's messaging, in the schema its role's search_path names. Rows of `offsets`, `state`, `outbox`
 * and `work` are rewritten all the time: room on the page for the next version, and vacuum by number of rows, not by share.
 */
const UP = [
  `CREATE TABLE offsets (
     consumer text NOT NULL, topic text NOT NULL, partition int NOT NULL, next bigint NOT NULL,
     PRIMARY KEY (consumer, topic, partition)
   ) WITH (fillfactor = 30, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`,

  `CREATE TABLE state (
     key text COLLATE "C" PRIMARY KEY, body jsonb, rev bigint NOT NULL, changed_at timestamptz NOT NULL DEFAULT now()
   ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0.2)`,

  // 40001: run the transaction again.
  `CREATE FUNCTION all_saved(saved bigint, wanted int) RETURNS boolean LANGUAGE plpgsql AS $$
   BEGIN
     IF saved <> wanted THEN RAISE EXCEPTION 'a state row was changed by another transaction' USING ERRCODE = 'serialization_failure'; END IF;
     RETURN true;
   END $$`,
  `CREATE TABLE outbox (
     id text COLLATE "C" PRIMARY KEY, instance text NOT NULL, owner text NOT NULL, body text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000)`,
  // Read once or never, so not worth compressing.
  `ALTER TABLE outbox ALTER COLUMN body SET STORAGE EXTERNAL`,

  `CREATE TABLE work (
     id text COLLATE "C" PRIMARY KEY, kind text NOT NULL, target text NOT NULL, tenant text NOT NULL, body jsonb NOT NULL, traceparent text,
     status text NOT NULL DEFAULT 'QUEUED', fence int NOT NULL DEFAULT 0, attempts int NOT NULL DEFAULT 0,
     instance text, owner text, lease_until timestamptz, not_before timestamptz NOT NULL DEFAULT now(), because text,
     created_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz, outcome jsonb
   ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 5000)`,
  `CREATE INDEX work_open ON work (kind, not_before) WHERE ended_at IS NULL`,
  // Ends come in the order of time.
  `CREATE INDEX work_ended ON work USING brin (ended_at) WITH (autosummarize = on)`,
  `ALTER TABLE work ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN outcome SET STORAGE EXTERNAL`,
  `CREATE TABLE work_late (
     seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, work_id text NOT NULL, fence int NOT NULL, owner text NOT NULL,
     status text NOT NULL, outcome jsonb, at timestamptz NOT NULL DEFAULT now()
   )`,

  `CREATE FUNCTION work_ended_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     RAISE EXCEPTION 'work % has ended as % and cannot change', OLD.id, OLD.status USING ERRCODE = 'integrity_constraint_violation';
   END $$`,
  `CREATE TRIGGER work_ended_unchanged BEFORE UPDATE ON work FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION work_ended_is_final()`,
  // Seven days are what a topic keeps: as long as a redelivery can come, its row answers it.
  `CREATE TRIGGER work_kept BEFORE DELETE ON work FOR EACH ROW
     WHEN (OLD.ended_at IS NULL OR OLD.ended_at > now() - interval '7 days') EXECUTE FUNCTION work_ended_is_final()`,

  `CREATE TABLE parked (
     id text COLLATE "C" PRIMARY KEY, consumer text NOT NULL, topic text NOT NULL, partition int NOT NULL, record_offset bigint NOT NULL,
     appended_at timestamptz NOT NULL, reason text NOT NULL, detail text NOT NULL, bytes bytea NOT NULL,
     parked_at timestamptz NOT NULL DEFAULT now(), redriven_at timestamptz, last_error text
   )`,
];

const DOWN = ['parked', 'work_late', 'work', 'outbox', 'state', 'offsets'].map((table) => `DROP TABLE ${table}`);

/** Work is claimed tenant by tenant: the index leads from one to the next, and to the oldest row of each. */
class FairWork1700000000001 implements MigrationInterface {
  readonly name = 'FairWork1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX work_turns ON work (kind, target, tenant, not_before) WHERE ended_at IS NULL');
    await runner.query('DROP INDEX work_open');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX work_open ON work (kind, not_before) WHERE ended_at IS NULL');
    await runner.query('DROP INDEX work_turns');
  }
}

class MessagingTables1700000000000 implements MigrationInterface {
  readonly name = 'MessagingTables1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
    await runner.query('DROP FUNCTION work_ended_is_final, all_saved');
  }
}

/** When work was first sent: a target forgets keys after a while. */
class SentAt1700000000002 implements MigrationInterface {
  readonly name = 'SentAt1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE work ADD COLUMN sent_at timestamptz');
    // Of what was sent before, no later moment is known.
    await runner.query(`UPDATE work SET sent_at = created_at WHERE ended_at IS NULL AND status = 'SENT'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE work DROP COLUMN sent_at');
  }
}

/** A service's own migrations come after these. */
export const messagingMigrations: (new () => MigrationInterface)[] = [
  MessagingTables1700000000000,
  FairWork1700000000001,
  SentAt1700000000002,
];
