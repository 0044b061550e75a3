import type { MigrationInterface, QueryRunner } from 'typeorm';
import { messagingMigrations } from '@countersign/messaging';

export class InDoubt1700000003000 implements MigrationInterface {
  name = 'InDoubt1700000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table in_doubt (
        action_id text not null,
        revision integer not null,
        tenant text not null,
        intent_id text not null,
        tool text not null,
        jti text not null,
        idempotency_key text not null,
        known text not null,
        since text not null,
        resolved_at text,
        outcome text check (outcome in ('committed', 'failed')),
        primary key (action_id, revision)
      )`);
    await runner.query('create index in_doubt_open on in_doubt (tenant, since, action_id) where resolved_at is null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table in_doubt');
  }
}

export const migrations = [...messagingMigrations, InDoubt1700000003000];
