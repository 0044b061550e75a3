import type { World } from './world.js';

export interface TargetAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Helpdesk as somebody beside Countersign uses it: straight, with a tenant's credential. */
export class Target {
  readonly #token: string;
  #next = 0;

  constructor(
    private readonly world: World,
    readonly tenant: 'acme' | 'globex',
  ) {
    this.#token = world.system.helpdeskToken(tenant);
  }

  get(route: string): Promise<TargetAnswer> {
    return this.call('GET', route);
  }

  async call(method: string, route: string, body?: object): Promise<TargetAnswer> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      'countersign-restricted': 'allowed',
      'countersign-actor': 'by-hand',
      ...(method === 'GET' ? {} : { 'idempotency-key': `by-hand-${process.pid}-${Date.now()}-${this.#next++}` }),
      ...(body ? { 'content-type': 'application/json' } : {}),
    };
    const response = await fetch(`${this.world.system.urls.helpdesk}${route}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** A change that has to be made for the proof to mean anything. */
  async change(method: string, route: string, body: object): Promise<Record<string, unknown>> {
    const answer = await this.call(method, route, body);
    if (answer.status >= 300)
      throw new Error(`helpdesk answered ${answer.status} to ${method} ${route}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

/** What the stand-in model says to an intent whose text holds `[[script name]]`, one entry a turn. */
export async function putScript(world: World, name: string, entries: object[]): Promise<void> {
  const response = await fetch(`${world.system.urls.model}/scripts/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(entries),
  });
  if (!response.ok) throw new Error(`PUT /scripts/${name} answered ${response.status}: ${await response.text()}`);
}

/** An assistant message of these calls. */
export const calls = (...made: [name: string, args: object | string][]) => ({
  content: null,
  tool_calls: made.map(([name, args]) => ({
    type: 'function',
    function: { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) },
  })),
});

/** A number in letters: what looks like a telephone number in a user's words is sealed. */
export const inLetters = (n: number): string =>
  [...String(n)].map((digit) => 'abcdefghij'.charAt(Number(digit))).join('');
