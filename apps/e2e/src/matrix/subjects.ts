import { topicName } from '@countersign/contracts';
import type { ApprovalItem, IntentToPublish, Person } from '@countersign/demo';
import { until } from '@countersign/testing';
import { doubtsOf } from '../doubts.js';
import { caseOf, runWith } from '../told-run.js';
import type { World } from '../world.js';
import { TENANTS, type Records, type Tenant } from './records.js';

/** What routes are asked about: of each tenant an intent, its action, items of the queue, a parked record. */
export interface Subjects {
  intent: string;
  action: string;
  /** An event of it. */
  event: string;
  /** An incident that was opened on it. */
  incident: string;
  /** A run of the evals that was told to it. */
  run: string;
  /** Whose intent it is. */
  requester: string;
  /** Open items, one for each person who may decide and one that nobody is to decide. */
  items: Map<string, ApprovalItem>;
  /** Actions in doubt, in the same way. */
  doubts: Map<string, string>;
  parked: string;
}

const PEOPLE: Record<Tenant, { requester: string; deciders: string[]; reader: string }> = {
  acme: { requester: 'alice', deciders: ['bob', 'carol'], reader: 'bob' },
  globex: { requester: 'erin', deciders: ['gil'], reader: 'gil' },
};
const SHARED = 'nobody';
const BYSTANDER = 'audra';

export async function subjectsOf(world: World, records: Records): Promise<Record<Tenant, Subjects>> {
  const run = Date.now().toString(36);
  const made = await Promise.all(TENANTS.map((tenant) => plant(world, records, tenant, run)));
  // The next answers of helpdesk are lost, whoever asks.
  for (const [index, tenant] of TENANTS.entries()) made[index]!.doubts = await plantDoubts(world, records, tenant, run);
  const [acme, globex] = [made[0]!, made[1]!];
  [acme.run, globex.run] = await toldRuns(world, records);
  return { acme, globex };
}

/** The action in doubt that a caller is asked about. */
export const doubtFor = ({ doubts }: Subjects, caller: string): string => (doubts.get(caller) ?? doubts.get(SHARED))!;

/** The item a caller is asked about. */
export const itemFor = ({ items }: Subjects, caller: string): ApprovalItem => (items.get(caller) ?? items.get(SHARED))!;

async function plant(world: World, records: Records, tenant: Tenant, run: string): Promise<Subjects> {
  const { requester, deciders, reader } = PEOPLE[tenant];
  const [marker] = records.markers[tenant];
  const token = await world.token(requester);
  const orderOf = (person: string) => records.idFor('orderId', 'own', tenant, person)!;
  const orderId = orderOf(requester);
  const make = (name: string, data: object): IntentToPublish => {
    const session = `matrix-${name}-${run}`;
    return {
      id: session,
      tenant,
      session,
      token,
      data: { workflow: 'support-desk', session, ...data } as IntentToPublish['data'],
    };
  };
  // One open refund an order: each on another, and the one that stays open on one that no cell refunds.
  const asking = [SHARED, ...deciders].map((name) => {
    const large = { orderId: orderOf(name === SHARED ? BYSTANDER : name), amount: '60.00', currency: 'EUR' };
    return make(`large-${name}`, { tool: 'issue_refund', arguments: { ...large, reason: `${marker} asks for it` } });
  });
  const question = make('question', { text: `What is the status of order ${orderId}? ${marker} wants to know.` });
  const [intentId = '', ...askedIds] = await world.product.publish(question, ...asking);
  const asker = await world.person(requester);
  const state = await asker.intent(intentId, 30);
  const items = new Map<string, ApprovalItem>();
  const lead = await world.person(reader);
  for (const [index, name] of [SHARED, ...deciders].entries()) {
    const item = await lead.approvalOf(askedIds[index]!);
    if (!item) throw new Error(`no approval was opened in ${tenant} for ${askedIds[index]}`);
    items.set(name, item);
  }
  const parked = await parkOne(world, tenant, marker!);
  const action = state?.actions[0]?.actionId ?? '';
  const event = await acceptedIn(world, intentId);
  const incident = await openedOn(intentId, lead);
  return { intent: intentId, action, event, incident, run: '', requester, items, doubts: new Map(), parked };
}

/** Of each tenant's own: nobody at globex releases, so that its row is written as if somebody had. */
async function toldRuns(world: World, records: Records): Promise<[string, string]> {
  const ruth = await world.person('ruth');
  const told = async (marker: string) => {
    const { status, body } = await ruth.call('POST', '/v1/evals/runs', runWith('f', [caseOf(`${marker} is refused`)]));
    if (status !== 200) throw new Error(`a run of the evals was answered ${status}: ${JSON.stringify(body)}`);
    return (body as { data: { id: string }[] }).data[0]!.id;
  };
  const [acme, globex] = [await told(records.markers.acme[0]!), await told(records.markers.globex[0]!)];
  await world.owner.query(`UPDATE gateway.eval_runs SET tenant = 'globex' WHERE id = $1`, [globex]);
  return [acme, globex];
}

async function acceptedIn(world: World, intentId: string): Promise<string> {
  const select = `SELECT id FROM audit.records WHERE intent = $1 AND type = 'countersign.intent.accepted.v1'`;
  const find = async () => (await world.owner.query<{ id: string }>(select, [intentId])).rows[0]?.id;
  return until(find, { what: `the acceptance of ${intentId} to be stored` });
}

async function openedOn(intentId: string, lead: Person): Promise<string> {
  const { status, body } = await lead.call('POST', '/v1/incidents', { intentId });
  if (status !== 201) throw new Error(`an incident on ${intentId} was answered ${status}: ${JSON.stringify(body)}`);
  return (body as { id: string }).id;
}

async function plantDoubts(world: World, records: Records, tenant: Tenant, run: string): Promise<Map<string, string>> {
  const { requester, deciders } = PEOPLE[tenant];
  const token = await world.token(requester);
  const orderId = records.idFor('orderId', 'own', tenant, requester)!;
  const body = `${records.markers[tenant][0]} has a doubt`;
  const people = [SHARED, ...deciders];
  const tickets = people.map((person) => ({ id: `matrix-doubt-${person}-${run}`, tenant, token, orderId, body }));
  const doubts = await doubtsOf(world, ...tickets);
  return new Map(people.map((person, index) => [person, doubts[index]!.actionId]));
}

/** A record that cannot be read, of this tenant's by its key, with the tenant's word in it. */
async function parkOne(world: World, tenant: Tenant, marker: string): Promise<string> {
  const sam = await world.person('sam');
  const known = new Set((await parkedIds(sam)).map(({ id }) => id));
  const headers = {
    ce_specversion: '1.0',
    ce_id: `parked-${marker}`,
    ce_source: '/e2e',
    ce_type: 'countersign.intent.requested.v1',
  };
  const record = { key: `${tenant}/parked`, value: `${marker} is no JSON`, headers };
  await world.plain.produce(topicName('intents', world.system.topicPrefix), record);
  const found = await until(
    async () => (await parkedIds(sam)).find(({ id, topic }) => topic === 'intents' && !known.has(id)),
    { what: 'the poison to be parked', timeoutMs: 30_000 },
  );
  return found.id;
}

async function parkedIds(sam: Awaited<ReturnType<World['person']>>): Promise<{ id: string; topic: string }[]> {
  const rows: { id: string; topic: string }[] = [];
  let cursor = '';
  do {
    const { body } = await sam.call(
      'GET',
      `/v1/parked?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    const page = body as { data: { id: string; topic: string }[]; nextCursor?: string | null };
    rows.push(...page.data);
    cursor = page.nextCursor ?? '';
  } while (cursor);
  return rows;
}
