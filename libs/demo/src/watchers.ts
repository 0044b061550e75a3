/** What the judge reads: helpdesk's append-only ledger and access log, and the gateway over HTTP. No service is imported. */
export interface LedgerEntry {
  seq: number;
  startedAt: string;
  tenant: string;
  kind: string;
  record: string;
  amount?: string;
  currency?: string;
  idempotencyKey: string;
  /** For whom it was done. */
  actor?: string;
}

export interface AccessEntry {
  tenant: string;
  method: string;
  path: string;
  record?: string;
  status: number;
  idempotencyKey?: string;
}

async function ndjson<T>(url: string): Promise<T[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.text())
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

export class Helpdesk {
  constructor(readonly url: string) {}

  ledger(): Promise<LedgerEntry[]> {
    return ndjson(`${this.url}/ledger`);
  }

  accessLog(): Promise<AccessEntry[]> {
    return ndjson(`${this.url}/access-log`);
  }

  faults(faults: object): Promise<void> {
    return this.#send('PUT', '/faults', faults);
  }

  /** A refund as somebody makes it who works in helpdesk itself. */
  refund(token: string, idempotencyKey: string, refund: object): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': idempotencyKey };
    return this.#send('POST', '/v1/refunds', refund, headers);
  }

  async #send(method: string, path: string, body: object, more: Record<string, string> = {}): Promise<void> {
    const headers = { 'content-type': 'application/json', ...more };
    const response = await fetch(`${this.url}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  }
}

export interface ActionState {
  actionId: string;
  tool: string;
  state: string;
  outcome?: string;
  code?: string;
  /** Of RATE_LIMITED. */
  retryAt?: string;
}

export interface IntentState {
  intentId: string;
  state: 'accepted' | 'waiting' | 'ended' | 'refused';
  outcome?: string;
  code?: string;
  reply?: string;
  actions: ActionState[];
}

export interface ApprovalItem {
  approvalId: string;
  intentId: string;
  actionId: string;
  actionHash: string;
  tool: string;
  status: string;
  arguments?: object;
  preview?: { effect?: unknown };
}

export interface Answer {
  status: number;
  body: unknown;
}

const decisionsOf = ({ approvalId }: ApprovalItem) => `/v1/approvals/${approvalId}/decisions`;

/** The gateway as one person uses it. */
export class Person {
  constructor(
    readonly name: string,
    readonly gateway: string,
    readonly token: string,
  ) {}

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.gateway}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  /** The intent once it has ended, or as it stands when the time is up. */
  async intent(intentId: string, waitSeconds = 20): Promise<IntentState | undefined> {
    const { status, body } = await this.call('GET', `/v1/intents/${intentId}?wait=${waitSeconds}`);
    return status === 200 ? (body as IntentState) : undefined;
  }

  /** The open approval of an intent, as soon as this person sees one; another than `before`, if that is given. */
  async approvalOf(intentId: string, withinMs = 20_000, before?: ApprovalItem): Promise<ApprovalItem | undefined> {
    let item: ApprovalItem | undefined;
    const isThere = (found: unknown) => {
      const { data } = found as { data: ApprovalItem[] };
      item = data.find((one) => one.intentId === intentId && one.actionHash !== before?.actionHash);
      return item !== undefined;
    };
    await this.sees('/v1/approvals?status=open&limit=100', isThere, withinMs);
    return item;
  }

  /** Asks until the answer is as it should be, or the time is up. */
  async sees(path: string, isRight: (body: unknown) => boolean, withinMs = 20_000): Promise<boolean> {
    const until = Date.now() + withinMs;
    while (Date.now() < until) {
      const { status, body } = await this.call('GET', path);
      if (status === 200 && isRight(body)) return true;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return false;
  }

  decide(item: ApprovalItem, decision: 'approve' | 'reject', reason: string): Promise<Answer> {
    return this.call('POST', decisionsOf(item), { decision, actionHash: item.actionHash, reason });
  }

  /** Changes some arguments; whoever is then asked sees the effect of what they are now. */
  edit(item: ApprovalItem, change: object, reason: string): Promise<Answer> {
    const { actionHash, arguments: args } = item;
    return this.call('POST', decisionsOf(item), {
      decision: 'edit',
      actionHash,
      reason,
      arguments: { ...args, ...change },
    });
  }
}
