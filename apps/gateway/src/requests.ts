/*
 * 1. One user's key stands for one request: the first to insert its row answers it, everyone else finds the row.
 * 2. A row without an answer is being answered right now, or its process died. After TAKE_OVER it may be taken over by the
 *    same request sent again; publishing the same event id twice is harmless.
 * 3. Rows outlive the topic they were published on, so that a key means the same for as long as the record is there.
 * 4. The token is never stored: only the client's retry has it.
 */
import { TOPIC_RETENTION_MS } from '@countersign/contracts';
import type { SqlTx } from '@countersign/messaging';

export interface RequestKey {
  tenant: string;
  sub: string;
  key: string;
}

export interface Accepted {
  intentId: string;
  actionId?: string;
  session: string;
}

export type Claim =
  { tag: 'ours' } | { tag: 'answered'; answer: Accepted } | { tag: 'conflict' } | { tag: 'in-flight' };

const TAKE_OVER = '5 seconds';

const CLAIM = `
  insert into requests as r (tenant, sub, key, body_hash, intent_id, action_id, session)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (tenant, sub, key) do update set claimed_at = now()
    where r.answered_at is null and r.body_hash = excluded.body_hash and r.claimed_at < now() - interval '${TAKE_OVER}'
  returning 1`;
const FIND = `
  select body_hash = $4 as same, answered_at is not null as answered, intent_id, action_id, session
    from requests where tenant = $1 and sub = $2 and key = $3`;
const ANSWER = 'update requests set answered_at = now() where tenant = $1 and sub = $2 and key = $3';
const RELEASE = `
  update requests set claimed_at = '-infinity' where tenant = $1 and sub = $2 and key = $3 and answered_at is null`;
const SWEEP = 'delete from requests where claimed_at < now() - make_interval(secs => $1)';
const KNOWN = `
  select intent_id, action_id, session, sub from requests
   where tenant = $1 and (intent_id = $2 or action_id = $2) and answered_at is not null limit 1`;

interface Row {
  same: boolean;
  answered: boolean;
  intent_id: string;
  action_id: string | null;
  session: string;
}

const acceptedOf = ({ intent_id, action_id, session }: Omit<Row, 'same' | 'answered'>): Accepted => ({
  intentId: intent_id,
  ...(action_id ? { actionId: action_id } : {}),
  session,
});

export class Requests {
  constructor(private readonly sql: SqlTx) {}

  async claim({ tenant, sub, key }: RequestKey, bodyHash: string, answer: Accepted): Promise<Claim> {
    const { intentId, actionId, session } = answer;
    const claimed = await this.sql.query('claim-request', CLAIM, [
      tenant,
      sub,
      key,
      bodyHash,
      intentId,
      actionId ?? null,
      session,
    ]);
    if (claimed.length > 0) return { tag: 'ours' };
    const [row] = await this.sql.query<Row>('find-request', FIND, [tenant, sub, key, bodyHash]);
    if (!row) return { tag: 'in-flight' };
    if (!row.same) return { tag: 'conflict' };
    return row.answered ? { tag: 'answered', answer: acceptedOf(row) } : { tag: 'in-flight' };
  }

  async answered({ tenant, sub, key }: RequestKey): Promise<void> {
    await this.sql.query('answer-request', ANSWER, [tenant, sub, key]);
  }

  /** The broker did not take it in time: the same request may try again at once. */
  async release({ tenant, sub, key }: RequestKey): Promise<void> {
    await this.sql.query('release-request', RELEASE, [tenant, sub, key]);
  }

  /** Forgets what is older than anything still on the topic, twice over. */
  async sweep(): Promise<void> {
    await this.sql.query('sweep-requests', SWEEP, [(2 * TOPIC_RETENTION_MS) / 1000]);
  }

  /** What was published under this intent's or action's id by a request of this tenant. */
  async known(tenant: string, id: string): Promise<{ accepted: Accepted; sub: string } | undefined> {
    const [row] = await this.sql.query<Row & { sub: string }>('known-request', KNOWN, [tenant, id]);
    return row && { accepted: acceptedOf(row), sub: row.sub };
  }
}
