/*
 * Puts the leaves of stored records in order and signs how far each tree has grown, in the background.
 *
 *  1  One instance at a time does, by an advisory lock of the very connection that it writes by: who loses the one loses the other.
 *  2  Whatever it dies of, the next one goes on from what is stored: nothing is in a tree twice, nothing is left out.
 *  3  A checkpoint is stored, on disk, before it is published; one that was stored and not published is published by the next, and one
 *     that was published and not marked so is marked by the next.
 *  4  If what is stored is not what was signed, it signs nothing any more, and says so.
 */
import { eventIdOf, type EventDraft, type OutRecord } from '@countersign/contracts';
import { SYSTEM, type Head } from '@countersign/evidence';
import type { Log } from '@countersign/messaging';
import type { KeyRing, Signer } from '@countersign/signing';
import type { DataSource, QueryRunner } from 'typeorm';
import type { AuditMetrics } from '../metrics.js';
import { Tampered, Trees, type Outside, type Signed } from './trees.js';

export interface SequencerParts {
  source: DataSource;
  instance: string;
  /** What the trees' names begin with. */
  system: string;
  everyMs: number;
  signer: Signer;
  ring: KeyRing;
  /** What audit last published, as it stands outside of the database. */
  outside: () => Promise<Outside | undefined>;
  encode: (draft: EventDraft) => OutRecord;
  publish: (records: OutRecord[]) => Promise<void>;
  metrics: AuditMetrics;
  log: Log;
}

/** What audit says of itself is signed this seldom: each checkpoint is a record of its own, which would call for the next. */
const OWN_EVERY_MS = 10_000;
const CHECKPOINTS_AN_EVENT = 500;
const LOCK = `pg_try_advisory_lock(hashtext(current_schema() || '.trees'))`;

export class Sequencer {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private session: { runner: QueryRunner; trees: Trees } | undefined;
  /** Of this session or the last one. */
  private trees: Trees | undefined;
  private ownSignedAt = 0;
  private flaw: string | undefined;

  constructor(private readonly parts: SequencerParts) {
    parts.metrics.treesRefused.set(0);
  }

  start(): void {
    this.timer = setTimeout(() => this.tick(), 0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    await this.close();
  }

  /** Why nothing is signed any more, if so. */
  get refuses(): string | undefined {
    return this.flaw;
  }

  /** What was last signed of a tenant's tree, if it was by this process. */
  headOf(tenant: string): Head | undefined {
    return this.trees?.headOf(tenant);
  }

  private tick(): void {
    const began = performance.now();
    this.running = this.step()
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        if (this.stopped || this.flaw) return;
        const left = this.parts.everyMs - (performance.now() - began);
        this.timer = setTimeout(() => this.tick(), Math.max(left, 10));
      });
  }

  private async step(): Promise<void> {
    this.session ??= await this.open();
    if (!this.session) return;
    const { trees } = this.session;
    while ((await trees.grow()) && !this.stopped);
    const ownIsDue = performance.now() - this.ownSignedAt >= OWN_EVERY_MS;
    const signed = await trees.sign((tenant, pressing) => pressing || tenant !== SYSTEM || ownIsDue);
    if (signed.some(({ tenant }) => tenant === SYSTEM)) this.ownSignedAt = performance.now();
    for (let at = 0; at < signed.length; at += CHECKPOINTS_AN_EVENT)
      await this.publish(trees, signed.slice(at, at + CHECKPOINTS_AN_EVENT));
  }

  private async publish(trees: Trees, checkpoints: Signed[]): Promise<void> {
    const { encode, publish, metrics } = this.parts;
    await publish([encode(this.draft(checkpoints, trees.headsWith(checkpoints)))]);
    await trees.confirm(checkpoints);
    metrics.checkpoints.inc(checkpoints.length);
  }

  /** Takes the lock and reads what was signed; undefined while another instance has it. */
  private async open(): Promise<{ runner: QueryRunner; trees: Trees } | undefined> {
    const { source, system, signer, ring } = this.parts;
    const runner = source.createQueryRunner();
    try {
      const [row] = (await runner.query(`SELECT ${LOCK} AS taken`)) as { taken: boolean }[];
      if (!row!.taken) {
        await runner.release();
        return undefined;
      }
      const trees = new Trees({ rows: runner, system, signer, keys: () => ring.keysOf('audit') });
      await trees.open(await this.parts.outside());
      this.trees = trees;
      return { runner, trees };
    } catch (error) {
      await end(runner);
      throw error;
    }
  }

  private async failed(error: unknown): Promise<void> {
    const { log, metrics } = this.parts;
    await this.close();
    const err = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Tampered)) return log.warn({ err }, 'trees were not grown or signed; tried again');
    this.flaw = err;
    metrics.treesRefused.set(1);
    log.error({ err }, 'what is stored is not what was signed: nothing more is signed. See docs/tamper-evidence.md');
  }

  private async close(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    if (session) await end(session.runner);
  }

  private draft(checkpoints: Signed[], all: { trees: number; leaves: number; heads: string }): EventDraft {
    const type = 'countersign.audit.checkpoint.v1';
    const { instance } = this.parts;
    return {
      type,
      id: eventIdOf(type, ...checkpoints.flatMap(({ tenant, size }) => [tenant, size])),
      time: new Date().toISOString(),
      subject: instance,
      tenantid: '',
      actorid: '',
      session: '',
      correlationid: '',
      causationid: '',
      data: { checkpoints: checkpoints.map(({ tenant, size, note }) => ({ tenant, size, note })), ...all },
    };
  }
}

/** Gives the connection back without what it held. One that broke holds nothing any more. */
async function end(runner: QueryRunner): Promise<void> {
  try {
    await runner.query('SELECT pg_advisory_unlock_all()');
  } catch {
    // The server has let go of the lock with the connection.
  }
  await runner.release();
}
