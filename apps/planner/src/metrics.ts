import { Counter, Histogram, Registry } from 'prom-client';

export const registry = new Registry();

export const untrusted = new Counter({
  name: 'countersign_untrusted_records_total',
  help: 'Records on topics of signed events that were not what they say they are, by type',
  labelNames: ['type'],
  registers: [registry],
});
export const modelSeconds = new Histogram({
  name: 'countersign_model_seconds',
  help: 'Duration of a turn at the model, tries and waits included',
  labelNames: ['outcome'],
  buckets: [0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120],
  registers: [registry],
});
