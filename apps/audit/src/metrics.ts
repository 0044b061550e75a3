import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What audit counts beside its messaging. */
export class AuditMetrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly missing = new Counter({
    name: 'countersign_audit_missing_offsets_total',
    help: 'Offsets for which no record was delivered',
    labelNames: ['topic'],
    registers: this.registers,
  });
  readonly forged = new Counter({
    name: 'countersign_audit_unsigned_total',
    help: 'Records stored whose signature is absent or invalid where one is required',
    labelNames: ['topic', 'signature'],
    registers: this.registers,
  });
  readonly behindSeconds = new Gauge({
    name: 'countersign_audit_behind_seconds',
    help: 'Age of the instant up to which everything is stored',
    registers: this.registers,
  });
  readonly checkpoints = new Counter({
    name: 'countersign_audit_checkpoints_total',
    help: 'Checkpoints of trees signed and published',
    registers: this.registers,
  });
  readonly treesRefused = new Gauge({
    name: 'countersign_audit_trees_refused',
    help: '1 when what is stored is not what was signed, so that nothing more is signed',
    registers: this.registers,
  });
  readonly incidentsOpened = new Counter({
    name: 'countersign_audit_incidents_opened_total',
    help: 'Incidents opened, by people and by rule, by cause; counted by the instance that says so',
    labelNames: ['cause'],
    registers: this.registers,
  });
  readonly incidentsOpen = new Gauge({
    name: 'countersign_audit_incidents_open',
    help: 'Incidents that are no case yet; every instance says the same, so take the maximum',
    registers: this.registers,
  });
  readonly incidentsOverdue = new Gauge({
    name: 'countersign_audit_incidents_overdue',
    help: 'Of these, opened 24 hours ago or longer; every instance says the same, so take the maximum',
    registers: this.registers,
  });
  readonly captureHours = new Histogram({
    name: 'countersign_audit_incident_capture_hours',
    help: 'From an incident being opened to its case; the bucket of 24 is the share in time',
    buckets: [1, 2, 4, 8, 12, 24, 48, 96],
    registers: this.registers,
  });
}
