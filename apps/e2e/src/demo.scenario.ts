import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { type DemoRow, type Person } from '@countersign/demo';
import type { World } from './world.js';

const CLI = path.resolve(import.meta.dirname, '../../cli/dist/main.js');

interface Evidence {
  eventId: string;
  type: string;
  topic: string;
}

interface Explanation {
  did: unknown;
  read: unknown;
  why: unknown;
  approvedBy: unknown;
  outcome: unknown;
  evidence: Evidence[];
  missing: unknown[];
}

export function demoScenario(open: () => World): void {
  let rows: DemoRow[] = [];

  it('plays the demo: every row as it should be, judged from the ledger and over HTTP', async () => {
    rows = await open().playDemo();
    expect(rows.filter((row) => !row.ok).map((row) => [row.intent, row.wrong])).toEqual([]);
    expect(rows).toHaveLength(20);
  });

  it('shows in one trace prompt, call, result, error and final output, and in that of a refusal its rule', async () => {
    const world = open();
    const audra = await world.person('audra');
    const killed = await traceOf(audra, rows, 'a refund while issue_refund is killed');
    const [asked] = of(killed, 'model.called');
    expect(asked).toMatchObject({
      request: {
        messages: expect.arrayContaining([{ role: 'user', content: expect.stringContaining('Refund 18 €') }]),
        tools: expect.arrayContaining([expect.objectContaining({ name: 'get_order', parameters: expect.anything() })]),
      },
      response: { toolCalls: [{ name: 'get_order', arguments: expect.stringContaining('orderId') }] },
    });
    expect(of(killed, 'action.read')).toMatchObject([{ result: { id: expect.stringMatching(/^ord_/) } }]);
    const stopped = [...of(killed, 'action.denied'), ...of(killed, 'action.blocked')];
    expect(stopped).toMatchObject([{ code: 'KILLED', detail: expect.stringContaining('kill/tool/issue_refund') }]);
    expect(of(killed, 'reply.sent')).toMatchObject([{ text: expect.stringContaining('KILLED') }]);
    expect(JSON.stringify(killed.control)).toContain('INC-42');

    const rejected = await traceOf(audra, rows, 'a refund of 900 €', 'bob: rejected');
    const rules = of(rejected, 'action.escalated').flatMap((event) => event['rules'] as { outcome: string }[]);
    expect(rules.filter(({ outcome }) => outcome === 'escalate')).toMatchObject([
      { reason: expect.stringContaining('50.00') },
    ]);
    expect(of(rejected, 'action.denied')).toMatchObject([{ code: 'APPROVAL_REJECTED' }]);
    expect(printed(world, audra, killed.intentId)).toMatch(
      /prompt, user: Refund 18 €[^]*answer: call get_order[^]*result: \{"[^]*error: KILLED[^]*reply: [^\n]*KILLED/,
    );
  });

  it('explains every action of the demo from stored events alone, and says what is missing when any one is deleted', async () => {
    const world = open();
    const readers = await Promise.all(['audra', 'gil'].map((user) => world.person(user)));
    let explained = 0;
    let deleted = 0;
    for (const actionId of new Set(rows.flatMap(told))) {
      const reader = await readerOf(readers, actionId);
      const whole = await explain(reader, actionId);
      expect({
        actionId,
        missing: whole.missing,
        did: Boolean(whole.did),
        why: Boolean(whole.why),
        outcome: Boolean(whole.outcome),
      }).toEqual({ actionId, missing: [], did: true, why: true, outcome: true });
      explained++;
      for (const evidence of whole.evidence) {
        const without = await withoutEvent(world, evidence, () => explain(reader, actionId));
        expect({ actionId, deleted: evidence.type, missing: without.missing.length > 0 }).toEqual({
          actionId,
          deleted: evidence.type,
          missing: true,
        });
        deleted++;
      }
      expect(await explain(reader, actionId)).toEqual(whole);
    }
    console.log(
      `explained ${explained} actions of the demo; ${deleted} deletions of one evidence event, each named as missing`,
    );
  }, 120_000);

  it('does not pass when an effect in the ledger is altered', async () => {
    const world = open();
    const helpdesk = new (await import('pg')).default.Client({
      connectionString: world.system.env('helpdesk')['DATABASE_URL'],
    });
    await helpdesk.connect();
    try {
      await helpdesk.query(`create function tamper() returns trigger language plpgsql as $$ begin new.amount := new.amount + 1; return new; end $$;
        create trigger tamper before insert on ledger for each row when (new.amount is not null) execute function tamper()`);
      const wrong = (await world.playDemo()).filter((row) => !row.ok);
      expect(wrong.map((row) => row.wrong.join()).join()).toContain('the amount is');
    } finally {
      await helpdesk.query('drop trigger if exists tamper on ledger; drop function if exists tamper()');
      await helpdesk.end();
    }
  }, 120_000);
}

interface Trace {
  intentId: string;
  records: { type: string; data: Record<string, unknown> }[];
  control: unknown[];
}

/** Of the row with this title, decided by this person. */
async function traceOf(reader: Person, rows: DemoRow[], intent: string, person = ''): Promise<Trace> {
  const row = rows.find((one) => one.intent === intent && one.person.includes(person));
  const { status, body } = await reader.call('GET', `/v1/traces/${row?.intentId}`);
  expect(status).toBe(200);
  return body as Trace;
}

const of = ({ records }: Trace, type: string) =>
  records.filter((record) => record.type === `countersign.${type}.v1`).map(({ data }) => data);

/** The trace as the command shows it to a person. */
function printed({ system }: World, { token }: Person, intentId: string): string {
  const env = { ...process.env, COUNTERSIGN_URL: system.urls.gateway, COUNTERSIGN_TOKEN: token };
  return spawnSync(process.execPath, [CLI, 'traces', 'show', intentId], { env, encoding: 'utf8' }).stdout;
}

/** Of a burst one that passed and one that did not tell all there is to tell. */
const told = ({ actionIds }: DemoRow): string[] =>
  actionIds.length > 10 ? [actionIds[0]!, actionIds.at(-1)!] : actionIds;

/** Of two tenants' people the one who is told of it; the other is not. */
async function readerOf(readers: Person[], actionId: string): Promise<Person> {
  const answers = await Promise.all(readers.map((one) => one.call('GET', `/v1/actions/${actionId}/explanation`)));
  const statuses = answers.map(({ status }) => status);
  expect([...statuses].sort()).toEqual([200, 404]);
  return readers[statuses.indexOf(200)]!;
}

async function explain(person: Person, actionId: string): Promise<Explanation> {
  const { status, body } = await person.call('GET', `/v1/actions/${actionId}/explanation`);
  if (status !== 200) throw new Error(`the explanation of ${actionId} answered ${status}: ${JSON.stringify(body)}`);
  return body as Explanation;
}

/** Runs `look` while an event is not in audit's store, however often it was published, and puts it back. */
async function withoutEvent<T>(world: World, { topic, eventId }: Evidence, look: () => Promise<T>): Promise<T> {
  const client = await world.owner.connect();
  try {
    await client.query("set session_replication_role = 'replica'"); // the owner's way round the append-only trigger
    await client.query('create temp table if not exists taken (like audit.records)');
    await client.query(
      'with gone as (delete from audit.records where topic = $1 and id = $2 returning *) insert into taken select * from gone',
      [topic, eventId],
    );
    const seen = await look();
    await client.query('with back as (delete from taken returning *) insert into audit.records select * from back');
    return seen;
  } finally {
    await client.query("set session_replication_role = 'origin'");
    client.release();
  }
}
