import type { EventDraft } from '@countersign/contracts';
import type { Applied } from '@countersign/messaging';
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
const turns = new Counter({
  name: 'countersign_model_turns_total',
  help: 'Turns of the model that were taken down, by whether it gave a usable answer',
  labelNames: ['outcome'],
  registers: [registry],
});
const requests = new Counter({
  name: 'countersign_model_requests_total',
  help: 'Requests that these turns took, tries included',
  registers: [registry],
});
const tokens = new Counter({
  name: 'countersign_model_tokens_total',
  help: 'Tokens of these turns, as the model counts them',
  labelNames: ['kind'],
  registers: [registry],
});
const replies = new Counter({
  name: 'countersign_replies_total',
  help: 'Replies, by outcome, code, and whose words they are: of the model, of the outcomes, or flagged since they claimed what no record shows',
  labelNames: ['outcome', 'code', 'words'],
  registers: [registry],
});

/** Counts the turns and replies of a transaction. */
export function count({ emitted }: Applied): void {
  for (const event of emitted) countEvent(event);
}

function countEvent({ type, data }: EventDraft): void {
  switch (type) {
    case 'countersign.model.called.v1':
      turns.inc({ outcome: data.error === undefined ? 'answered' : 'failed' });
      requests.inc(data.attempts);
      tokens.inc({ kind: 'prompt' }, data.usage.prompt);
      return tokens.inc({ kind: 'completion' }, data.usage.completion);
    case 'countersign.reply.sent.v1': {
      const words = data.flagged === undefined ? (data.fromModel ? 'model' : 'outcomes') : 'flagged';
      return replies.inc({ outcome: data.outcome, code: data.code ?? '', words });
    }
    default:
      return;
  }
}
