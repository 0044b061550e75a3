import type { Json } from '@countersign/contracts';
import { definiteAnswer } from '../target-status.js';
import { NoAnswer, type TargetClient } from '../tool.js';

/** Who asks a target in a suite, and under which key. */
export interface HttpErrand {
  url: string;
  /** The tenant's credential at the target. */
  token: string;
  actor: string;
  key?: string | undefined;
}

/** A handle on a real target over HTTP that sends what the executor's own sends, and takes its answers the same way. */
export function httpTarget({ url, token, actor, key }: HttpErrand): TargetClient {
  return {
    async request({ method, path, body, headers = {} }) {
      const sent: Record<string, string> = {
        ...headers,
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        'countersign-actor': encodeURIComponent(actor),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' || key === undefined ? {} : { 'idempotency-key': key }),
      };
      const response = await fetch(new URL(path, url), {
        method,
        headers: sent,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = definiteAnswer(url, { status: response.status, body: json(await response.text()) ?? null });
      if (answer.status < 300 && answer.body === null) throw new NoAnswer(`${url} answered no JSON`, answer.status);
      return answer;
    },
  };
}

function json(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
