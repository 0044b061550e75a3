import type { EventDraft } from '@countersign/contracts';
import type { Applied } from '@countersign/messaging';
import { Counter, Histogram, Registry } from 'prom-client';
import { approvalKey, doubtKey, type Doubt, type Item } from './state.js';

export const registry = new Registry();

export const untrusted = new Counter({
  name: 'countersign_untrusted_records_total',
  help: 'Records on topics of signed events that were not what they say they are, by type',
  labelNames: ['type'],
  registers: [registry],
});
const approvals = new Counter({
  name: 'countersign_approvals_total',
  help: 'Items opened and expired; what people said of them (granted, edited, rejected) and of doubts (settled)',
  labelNames: ['tool', 'event'],
  registers: [registry],
});
const waits = new Histogram({
  name: 'countersign_approval_wait_seconds',
  help: 'Time from an item being opened to what a person decides of it',
  labelNames: ['tool', 'decision'],
  buckets: [5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600],
  registers: [registry],
});

/** Counts what a transaction did to the queue. */
export function count({ emitted, puts, incoming }: Applied): void {
  for (const event of emitted) countEvent(event, puts);
  for (const { event } of incoming)
    if (event.type === 'countersign.action.denied.v1' && event.data.code === 'APPROVAL_EXPIRED')
      countExpired(event.data.actionId, puts);
}

function countEvent({ type, data, time }: EventDraft, puts: Applied['puts']): void {
  switch (type) {
    case 'countersign.approval.opened.v1':
      return approvals.inc({ tool: data.tool, event: 'opened' });
    case 'countersign.approval.granted.v1':
    case 'countersign.approval.edited.v1':
    case 'countersign.approval.rejected.v1': {
      const decision = type.split('.')[2]!;
      const item = puts.get(approvalKey(data.approvalId)) as Item | undefined;
      if (!item) return;
      const { tool } = item.escalated;
      approvals.inc({ tool, event: decision });
      return waits.observe({ tool, decision }, Math.max(0, Date.parse(time) - Date.parse(item.openedAt)) / 1000);
    }
    case 'countersign.approval.settled.v1': {
      const doubt = puts.get(doubtKey(data.actionId)) as Doubt | undefined;
      if (doubt) approvals.inc({ tool: doubt.tool, event: 'settled' });
      return;
    }
    default:
      return;
  }
}

/** Announced an expiry may be several times, and taken back; it is one once policy has denied the action for it, and that ended an item. */
function countExpired(actionId: string, puts: Applied['puts']): void {
  for (const [key, state] of puts) {
    if (!key.startsWith(approvalKey(''))) continue;
    const { progress, escalated } = state as Item;
    const isEnded = progress.tag === 'expired' && progress.confirmed && escalated.actionId === actionId;
    if (isEnded) approvals.inc({ tool: escalated.tool, event: 'expired' });
  }
}
