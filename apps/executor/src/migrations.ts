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

/** What a person has to know to find out what became of a commit. */
export class DoubtsInFull1700000003001 implements MigrationInterface {
  name = 'DoubtsInFull1700000003001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table in_doubt
        add column target text not null default '',
        add column attempts integer not null default 0,
        add column sent jsonb,
        add column asked boolean not null default true,
        add column asked_at timestamptz,
        add column said text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table in_doubt
        drop column target, drop column attempts, drop column sent, drop column asked, drop column asked_at, drop column said`);
  }
}

export const migrations = [...messagingMigrations, InDoubt1700000003000, DoubtsInFull1700000003001];
