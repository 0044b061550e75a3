import { Counter, Histogram, Registry } from 'prom-client';

export const registry = new Registry();

export const endings = new Counter({
  name: 'countersign_warrants_ended_total',
  help: 'Warrants carried out, by tool and how they ended',
  labelNames: ['tool', 'ending'],
  registers: [registry],
});
export const forgeries = new Counter({
  name: 'countersign_untrusted_warrants_total',
  help: 'Warrants and words on switches that are not what policy signed, by where they stood',
  labelNames: ['place'],
  registers: [registry],
});
export const drains = new Histogram({
  name: 'countersign_drain_seconds',
  help: 'How long senders were waited for before a change of a switch or stage was acknowledged',
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2],
  registers: [registry],
});
