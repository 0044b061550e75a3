import type { MigrationInterface, QueryRunner } from 'typeorm';
import { messagingMigrations } from '@countersign/messaging';
import type { TenantReads } from '@countersign/migrations';

export class Approvals1700000001000 implements MigrationInterface {
  name = 'Approvals1700000001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table approvals (
        approval_id text primary key,
        tenant text not null,
        action_id text not null,
        action_hash text not null,
        status text not null check (status in ('open', 'decided', 'approved', 'denied', 'expired', 'superseded')),
        requester text not null,
        approver_roles text[] not null,
        opened_at text not null,
        item jsonb not null
      )`);
    await runner.query('create index approvals_by_tenant on approvals (tenant, opened_at, approval_id)');
    await runner.query('create index approvals_by_action on approvals (action_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table approvals');
  }
}

/** For everybody's own history: what one has said something of. */
export class Deciders1700000002000 implements MigrationInterface {
  name = 'Deciders1700000002000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index approvals_by_decider on approvals using gin ((item->'decisions') jsonb_path_ops)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index approvals_by_decider');
  }
}

export const migrations = [...messagingMigrations, Approvals1700000001000, Deciders1700000002000];

export const reads: TenantReads = { approvals: (tenant) => `tenant = ${tenant}` };

/** Its service writes items and finds them by id; what is in them it reads only in somebody's name. */
export const grants = (role: string): string[] => [
  `GRANT SELECT, INSERT, UPDATE, DELETE ON offsets, state, outbox, work, work_late, parked TO ${role}`,
  `GRANT INSERT, UPDATE (status, item), SELECT (approval_id) ON approvals TO ${role}`,
];
