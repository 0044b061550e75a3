/** What the judge reads: helpdesk's append-only ledger and access log, and the gateway over HTTP. No service is imported. */
export interface LedgerEntry {
  seq: number;
  tenant: string;
  kind: string;
  record: string;
  amount?: string;
  currency?: string;
  idempotencyKey: string;
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

  async faults(faults: object): Promise<void> {
    const response = await fetch(`${this.url}/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
    if (!response.ok) throw new Error(`PUT /faults answered ${response.status}: ${await response.text()}`);
  }
}

export interface ActionState {
  actionId: string;
  tool: string;
  state: string;
  outcome?: string;
  code?: string;
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
  preview?: { effect?: unknown };
}

/** The gateway as one person uses it. */
export class Person {
  constructor(
    readonly name: string,
    readonly gateway: string,
    readonly token: string,
  ) {}

  async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
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

  decide(
    item: ApprovalItem,
    decision: 'approve' | 'reject',
    reason: string,
  ): Promise<{ status: number; body: unknown }> {
    return this.call('POST', `/v1/approvals/${item.approvalId}/decisions`, {
      decision,
      actionHash: item.actionHash,
      reason,
    });
  }
}
