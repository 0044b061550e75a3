import { Counter, Registry } from 'prom-client';

export const registry = new Registry();

export const untrusted = new Counter({
  name: 'countersign_untrusted_records_total',
  help: 'Records on topics of signed events that were not what they say they are, by type',
  labelNames: ['type'],
  registers: [registry],
});
