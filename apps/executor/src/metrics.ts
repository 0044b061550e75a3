import type { EventDraft } from '@countersign/contracts';
import type { Applied, SqlTx } from '@countersign/messaging';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CircuitName } from './circuits.js';
import type { Heartbeats } from './heartbeats.js';

export const registry = new Registry();

const endings = new Counter({
  name: 'countersign_warrants_ended_total',
  help: 'How warrants ended, by tool; `code` is why one failed, was blocked or returned (`PREVIEW_CHANGED`: a drifted preview), or what a doubt was resolved as. In doubt is no end, and counts beside what it is resolved as',
  labelNames: ['tool', 'ending', 'code'],
  registers: [registry],
});
export const forgeries = new Counter({
  name: 'countersign_untrusted_warrants_total',
  help: "Warrants, words of policy's and heartbeats that are not what their owner signed, by where they stood",
  labelNames: ['place'],
  registers: [registry],
});
export const drains = new Histogram({
  name: 'countersign_drain_seconds',
  help: 'How long senders were waited for before a change of a switch or stage was acknowledged',
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2],
  registers: [registry],
});
const circuits = new Gauge({
  name: 'countersign_target_circuit',
  help: 'Whether a target is asked: 0 yes, 1 one request to see, 2 no since it does not answer',
  labelNames: ['target'],
  registers: [registry],
});
const LEVELS: Record<CircuitName, number> = { closed: 0, 'half-open': 1, open: 2 };
export const circuitIs = (target: string, state: CircuitName): void => circuits.set({ target }, LEVELS[state]);

let heard: Heartbeats | undefined;
new Gauge({
  name: 'countersign_audit_heartbeat_age_seconds',
  help: "Age of audit's last word, -1 before it was ever heard; over the limit nothing is begun",
  registers: [registry],
  collect() {
    const age = heard?.ageMs();
    this.set(age === undefined ? -1 : age / 1000);
  },
});
export const watch = (heartbeats: Heartbeats): void => void (heard = heartbeats);

/** Counts the results of a transaction. The tools are those of warrants, which policy signed. */
export function count({ emitted }: Applied): void {
  for (const event of emitted) countResult(event);
}

function countResult({ type, data }: EventDraft): void {
  if (!('jti' in data) || !('attempts' in data)) return;
  const code = 'code' in data ? data.code : 'outcome' in data ? data.outcome : '';
  endings.inc({ tool: data.tool, ending: type.split('.')[2]!, code });
}

const OPEN = 'select tool, count(*)::int as open from in_doubt where resolved_at is null group by tool';

let doubts: (() => SqlTx) | undefined;
new Gauge({
  name: 'countersign_in_doubt',
  help: 'Commits in doubt now, by tool; NaN while the database does not answer. Every instance says the same, so take the maximum',
  labelNames: ['tool'],
  registers: [registry],
  async collect() {
    const tools = await doubts?.()
      .query<{ tool: string; open: number }>('count-doubts', OPEN, [])
      .catch(() => undefined);
    if (tools) this.reset();
    for (const { tool, open } of tools ?? [{ tool: '', open: NaN }]) this.set({ tool }, open);
  },
});
export const watchDoubts = (sql: () => SqlTx): void => void (doubts = sql);
