import { Counter, Registry } from 'prom-client';

export const registry = new Registry();

export const endings = new Counter({
  name: 'countersign_warrants_ended_total',
  help: 'Warrants carried out, by tool and how they ended',
  labelNames: ['tool', 'ending'],
  registers: [registry],
});
export const forgeries = new Counter({
  name: 'countersign_untrusted_warrants_total',
  help: 'Warrants that are not what policy signed, by where they stood',
  labelNames: ['place'],
  registers: [registry],
});
