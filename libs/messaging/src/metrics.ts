import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a service counts of its messaging. One registry a process part, merged by the host at `/metrics`. */
export class Metrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly handled = new Counter({
    name: 'countersign_records_handled_total',
    help: 'Records handled, by topic; at audit: stored',
    labelNames: ['topic'],
    registers: this.registers,
  });
  readonly batchSeconds = new Histogram({
    name: 'countersign_batch_seconds',
    help: 'Duration of one transaction over a batch',
    labelNames: ['topic'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: this.registers,
  });
  readonly parked = new Counter({
    name: 'countersign_records_parked_total',
    help: 'Records set aside (parked), by reason',
    labelNames: ['reason'],
    registers: this.registers,
  });
  readonly retries = new Counter({
    name: 'countersign_retries_total',
    help: 'Repeated attempts, by what was attempted',
    labelNames: ['what'],
    registers: this.registers,
  });
  readonly published = new Counter({
    name: 'countersign_records_published_total',
    help: 'Records acknowledged by the broker',
    registers: this.registers,
  });
  readonly leftovers = new Counter({
    name: 'countersign_outbox_leftovers_total',
    help: 'Outbox rows published on behalf of a process that did not',
    registers: this.registers,
  });
  readonly lost = new Counter({
    name: 'countersign_batches_fenced_total',
    help: 'Batches given up because another owner had moved the offset',
    registers: this.registers,
  });
  readonly workEnded = new Counter({
    name: 'countersign_work_ended_total',
    help: 'Work rows ended, by kind and status',
    labelNames: ['kind', 'status'],
    registers: this.registers,
  });
  readonly workLate = new Counter({
    name: 'countersign_work_late_total',
    help: 'Completions that came after the row was taken by another',
    registers: this.registers,
  });
  readonly workFailed = new Counter({
    name: 'countersign_work_failures_total',
    help: 'Exceptions thrown by a worker',
    labelNames: ['kind'],
    registers: this.registers,
  });
  readonly lag = new Gauge({
    name: 'countersign_lag_records',
    help: 'Records between what was read and the end of the topic',
    labelNames: ['topic', 'partition'],
    registers: this.registers,
  });
}
