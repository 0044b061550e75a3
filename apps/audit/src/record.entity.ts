import type { Topic } from '@countersign/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SignatureState, StoredRecord } from '@countersign/evidence';

/** A stored record, as it is read. Written by `storeRows`, never through this. */
@Entity('records')
export class RecordRow implements StoredRecord {
  @PrimaryColumn({ type: 'text' }) topic: Topic;
  @PrimaryColumn({ type: 'int' }) partition: number;
  @PrimaryColumn({ type: 'bigint' }) offset: string;
  @PrimaryColumn({ name: 'appended_at', type: 'timestamptz' }) appendedAt: Date;
  @Column({ type: 'text' }) key: string;
  @Column({ type: 'text', nullable: true }) id: string | null;
  @Column({ type: 'text', nullable: true }) type: string | null;
  @Column({ type: 'text', nullable: true }) source: string | null;
  @Column({ type: 'text', nullable: true }) subject: string | null;
  @Column({ type: 'text' }) tenant: string;
  @Column({ name: 'claimed_tenant', type: 'text' }) claimedTenant: string;
  @Column({ type: 'text', nullable: true }) actor: string | null;
  @Column({ type: 'text', nullable: true }) session: string | null;
  @Column({ type: 'text', nullable: true }) intent: string | null;
  @Column({ type: 'text', nullable: true }) action: string | null;
  @Column({ type: 'text', nullable: true }) causation: string | null;
  @Column({ name: 'trace_id', type: 'text', nullable: true }) traceId: string | null;
  @Column({ type: 'text', nullable: true }) tool: string | null;
  @Column({ type: 'text', nullable: true }) code: string | null;
  @Column({ name: 'audit_code', type: 'text', nullable: true }) auditCode: string | null;
  @Column({ type: 'text', nullable: true }) outcome: string | null;
  @Column({ type: 'text', array: true }) rules: string[];
  @Column({ type: 'text', array: true }) about: string[];
  @Column({ type: 'text', nullable: true }) value: string | null;
  @Column({ type: 'text' }) headers: string;
  @Column({ type: 'text' }) signature: SignatureState;
  @Column({ type: 'text', nullable: true }) flaw: string | null;
  @Column({ name: 'poison_reason', type: 'text', nullable: true }) poisonReason: string | null;
  @Column({ name: 'poison_detail', type: 'text', nullable: true }) poisonDetail: string | null;
}
