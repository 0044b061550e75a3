import type { MigrationInterface, QueryRunner } from 'typeorm';
import { messagingMigrations } from '@countersign/messaging';

export class Gateway1700000001000 implements MigrationInterface {
  name = 'Gateway1700000001000';

  async up(runner: QueryRunner): Promise<void> {
    // A signature hardly compresses; trying to costs as much as the rest of the insert.
    await runner.query(`
      create table intent_events (
        intent_id text not null,
        topic text not null,
        partition int not null,
        record_offset bigint not null,
        appended_at bigint not null,
        tenant text not null,
        action_id text,
        type text not null,
        covered text not null,
        signature text,
        text text not null,
        primary key (intent_id, topic, partition, record_offset)
      ) with (toast_tuple_target = 8160)`);
    await runner.query('create index intent_events_by_action on intent_events (action_id) where action_id is not null');
    // For the sweep alone; costs an insert next to nothing.
    await runner.query('create index intent_events_by_time on intent_events using brin (appended_at)');
    await runner.query(`
      create table requests (
        tenant text not null,
        sub text not null,
        key text not null,
        body_hash text not null,
        intent_id text not null,
        action_id text,
        session text not null,
        claimed_at timestamptz not null default now(),
        answered_at timestamptz,
        primary key (tenant, sub, key)
      )`);
    await runner.query('create index requests_by_intent on requests (intent_id)');
    await runner.query('create index requests_by_action on requests (action_id) where action_id is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table requests');
    await runner.query('drop table intent_events');
  }
}

export class Control1700000002000 implements MigrationInterface {
  name = 'Control1700000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table control_acks (
        scope text not null,
        epoch bigint not null,
        service text not null,
        instance text not null,
        tag text not null,
        says text,
        tenant text,
        cause text not null,
        acked_at bigint not null,
        data text not null,
        primary key (scope, epoch, service, instance)
      )`);
    await runner.query('create index control_acks_by_cause on control_acks (cause)');
    await runner.query('create index control_acks_by_epoch on control_acks (epoch desc)');
    await runner.query(`
      create index intent_events_drafts on intent_events (tenant, appended_at desc, action_id desc)
        where type = 'countersign.action.drafted.v1'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index intent_events_drafts');
    await runner.query('drop table control_acks');
  }
}

/** What became of the cases of a run, as whoever releases told it: a tenant's own. */
export class EvalRuns1700000003500 implements MigrationInterface {
  name = 'EvalRuns1700000003500';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table eval_runs (
        tenant text not null,
        id text not null,
        workflow text not null,
        fingerprint text not null,
        results_digest text not null,
        told_at timestamptz not null default now(),
        told_by text not null,
        report text not null,
        run text not null,
        primary key (tenant, id)
      )`);
    await runner.query('create index eval_runs_newest on eval_runs (tenant, workflow, told_at desc)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table eval_runs');
  }
}

/** That something changed, for the stream: kept for an hour. */
export class Changes1700000003600 implements MigrationInterface {
  name = 'Changes1700000003600';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table changes (
        tx xid8 not null default pg_current_xact_id(),
        id bigint generated always as identity,
        tenant text,
        kind text not null,
        intent_id text,
        actor text,
        at timestamptz not null default now(),
        primary key (tx, id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table changes');
  }
}

export const migrations = [
  ...messagingMigrations,
  Gateway1700000001000,
  Control1700000002000,
  EvalRuns1700000003500,
  Changes1700000003600,
];
