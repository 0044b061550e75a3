import { problem, type Problem } from '@countersign/contracts';
import type { Upstream } from './config.js';

export interface Answer {
  status: number;
  body: unknown;
}

const TIMEOUT_MS = 5_000;

/** Asks the other services' own ports, for what the gateway puts together itself. */
export class Services {
  constructor(private readonly urls: Record<Upstream, string>) {}

  get names(): Upstream[] {
    return Object.keys(this.urls) as Upstream[];
  }

  isService(name: string): name is Upstream {
    return Object.hasOwn(this.urls, name);
  }

  /** The service's answer, whatever its status; a 503 problem when there is none. A caller's token goes on with what is theirs. */
  async ask(service: Upstream, path: string, token?: string, method: 'GET' | 'POST' = 'GET'): Promise<Answer> {
    try {
      const answer = await fetch(new URL(path, this.urls[service]), {
        method,
        headers: token ? { authorization: `Bearer ${token}` } : {},
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { status: answer.status, body: await answer.json() };
    } catch {
      const body: Problem = problem('UPSTREAM_FAILED', `${service} does not answer`, {
        status: 503,
        nextStep: 'Try again in a moment.',
      });
      return { status: body.status, body };
    }
  }
}
