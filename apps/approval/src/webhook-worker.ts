import type { Worker, WorkOutcome, WorkRow } from '@countersign/messaging';
import { Webhook } from 'standardwebhooks';

/** Where it is told, and with what it is signed (Standard Webhooks: `whsec_` and base64). */
export interface WebhookTarget {
  url: string;
  secret: string;
}

interface Delivery {
  status?: number;
  because?: string;
}

const ANSWER_WITHIN_MS = 10_000;
const AGAIN_MS = 5_000;
const AGAIN_AT_MOST_MS = 3_600_000;
const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/**
 * Delivers what is told of items, at least once, each with one id for ever: 2xx ends it, 410 (nobody is there any more) too. All
 * else, redirects included, is tried again, later each time, for a day.
 */
export function webhookWorker(target: WebhookTarget, time: () => Date): Worker<Delivery> {
  const pen = new Webhook(target.secret);
  return {
    kinds: ['webhook'],
    roundSize: 10,
    rounds: 2,
    leaseMs: 30_000,
    async perform(rows, round) {
      await Promise.all(
        rows.map(async (row) => {
          const delivery = await deliver(row, target.url, pen, time(), round.signal);
          await round.finish(row, outcomeOf(row, delivery, time()));
        }),
      );
    },
    touches: () => [],
    decide: () => [],
  };
}

async function deliver(row: WorkRow, url: string, pen: Webhook, at: Date, signal: AbortSignal): Promise<Delivery> {
  const body = JSON.stringify(row.body);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'webhook-id': row.id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': pen.sign(row.id, at, body),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    await answer.body?.cancel();
    return { status: answer.status };
  } catch (error) {
    return { because: error instanceof Error ? error.message : 'it does not answer' };
  }
}

function outcomeOf(row: WorkRow, delivery: Delivery, now: Date): WorkOutcome<Delivery> {
  const { status = 0, because = `it answered ${status}` } = delivery;
  const ended = (as: string): WorkOutcome<Delivery> => ({ tag: 'done', status: as, outcome: delivery });
  if (status >= 200 && status < 300) return ended('DELIVERED');
  if (status === 410) return ended('GONE');
  const inMs = Math.min(AGAIN_MS * 2 ** (row.attempts - 1), AGAIN_AT_MOST_MS);
  if (now.getTime() + inMs - row.createdAt.getTime() > GIVE_UP_AFTER_MS) return ended('UNDELIVERED');
  return { tag: 'retry', status: 'QUEUED', inMs, because };
}
