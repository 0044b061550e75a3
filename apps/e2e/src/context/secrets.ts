import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { intentIdOf, TOPICS, topicName } from '@countersign/contracts';
import type { IntentToPublish } from '@countersign/demo';
import { until } from '@countersign/testing';
import { calls, inLetters, putScript, Target } from '../target.js';
import type { World } from '../world.js';
import type { Stage } from './moving.js';
import { declaredFlaws } from './prompts.js';

const ORDER = 'ord_14905';
const CUSTOMER = 'cus_5005';

/** What nobody may find again: fields no source declares, personal ones, and shapes in the user's own words. */
function plantedSecrets(run: string) {
  const word = `wombat${run}`;
  return {
    undeclared: `${word}undeclared`,
    name: `${word} Personal`,
    email: `${word}@personal.test`,
    iban: ibanOf('37040044', '0532013000'),
    said: ibanOf('50010517', '5407324931'),
    saidEmail: `${word}.said@personal.test`,
  };
}

/** Reads a record with secrets in it, says some in words, commits on them, and then looks for them wherever they must not be. */
export async function secretsStayHidden(stage: Stage): Promise<{ flaws: string[]; places: number }> {
  const { world, player, prompts, run } = stage;
  const secrets = plantedSecrets(inLetters(Date.now() % 1_000_000));
  await plant(world, secrets);
  const reads = await readsIt(stage);
  const session = `secret-said-${run}`;
  const text = `Please open a ticket for customer ${CUSTOMER}: pay it back to ${secrets.said} and write to ${secrets.saidEmail}.`;
  const data = { workflow: 'support-desk', session, text };
  const said: IntentToPublish = { id: session, tenant: 'acme', session, token: stage.alice, data };
  const booksFrom = (await world.helpdesk.ledger()).at(-1)?.seq ?? 0;
  await player.play([said], { timeoutMs: 60_000 });
  const intentIds = [reads, intentIdOf('acme', '/e2e', session)];
  const found = await searched(world, stage, secrets, intentIds);
  return {
    flaws: [
      ...declaredFlaws(
        prompts.fields(reads, 1),
        { type: 'order', id: ORDER },
        stage.declared('support-desk', 'get_order'),
      ),
      ...declaredFlaws(
        prompts.fields(reads, 2),
        { type: 'customer', id: CUSTOMER },
        stage.declared('support-desk', 'get_customer'),
      ),
      ...found.flaws,
      ...(await reachedHelpdesk(world, booksFrom, secrets)),
    ],
    places: found.places,
  };
}

async function readsIt({ world, player, alice, run }: Stage): Promise<string> {
  const session = `secret-read-${run}`;
  const script = [
    calls(['get_order', { orderId: ORDER }]),
    calls(['get_customer', { customerId: CUSTOMER }]),
    { content: 'I have read both.' },
  ];
  await putScript(world, session, script);
  const data = { workflow: 'support-desk', session, text: `Read both. [[script ${session}]]` };
  await player.play([{ id: session, tenant: 'acme', session, token: alice, data }], { timeoutMs: 60_000 });
  return intentIdOf('acme', '/e2e', session);
}

async function plant(world: World, { undeclared, name, email, iban }: Record<string, string>): Promise<void> {
  const shipments = [
    { id: 'shp_14905', kind: 'whole', status: 'delivered', shippedAt: '2025-12-18T08:00:00Z', note: undeclared },
  ];
  await new Target(world, 'acme').change('PATCH', `/v1/orders/${ORDER}`, { shipments });
  const client = new pg.Client({ connectionString: world.system.env('helpdesk')['DATABASE_URL'] });
  await client.connect();
  try {
    const change =
      "update customers set name = $2, email = $3, iban = $4, version = version + 1 where tenant = 'acme' and id = $1";
    await client.query(change, [CUSTOMER, name, email, iban]);
  } finally {
    await client.end();
  }
}

/** The nine topics as bytes, every service's log, the stored prompts and what audit shows. The product's own request is its own. */
async function searched(world: World, { prompts }: Stage, secrets: Record<string, string>, intentIds: string[]) {
  const places: [where: string, text: string][] = [];
  for (const topic of TOPICS)
    for (const { offset, partition, key, value, headers } of await world.plain.readAll(
      topicName(topic, world.system.topicPrefix),
    )) {
      if (topic === 'intents' && headers['ce_source'] === '/e2e') continue;
      places.push([`${topic} ${partition}/${offset}`, `${key} ${String(value)} ${JSON.stringify(headers)}`]);
    }
  places.push(...logsOf(world));
  for (const intentId of intentIds)
    for (const [turn, text] of prompts.all(intentId).entries()) places.push([`the prompt of turn ${turn}`, text]);
  const audra = await world.person('audra');
  for (const intentId of intentIds) places.push([`the trace of ${intentId}`, await traceOf(audra, intentId)]);
  const flaws = places.flatMap(([where, text]) =>
    Object.entries(secrets).flatMap(([what, secret]) =>
      text.includes(secret) ? [`${what} (${secret}) stands in ${where}`] : [],
    ),
  );
  return { flaws, places: places.length };
}

/** Of the product's services; what stands for the world outside keeps its own. */
function logsOf(world: World): [string, string][] {
  const dir = path.dirname(world.system.logFile('policy-1'));
  const services = /^(policy|planner|approval|executor|audit|gateway)-/;
  return readdirSync(dir)
    .filter((file) => services.test(file))
    .map((file) => [`the log ${file}`, readFileSync(path.join(dir, file), 'utf8')]);
}

async function traceOf(audra: Awaited<ReturnType<World['person']>>, intentId: string): Promise<string> {
  const trace = await until(
    async () => {
      const { status, body } = await audra.call('GET', `/v1/traces/${intentId}`);
      return status === 200 && JSON.stringify(body);
    },
    { what: `the trace of ${intentId}` },
  );
  return trace;
}

/** What was said in words and travelled as a token is in the system of record as it was said. */
async function reachedHelpdesk(
  world: World,
  booksFrom: number,
  { said, saidEmail }: Record<string, string>,
): Promise<string[]> {
  const made = (await world.helpdesk.ledger()).filter(({ seq, kind }) => seq > booksFrom && kind === 'ticket');
  if (made.length !== 1) return [`${made.length} tickets were opened, not the one asked for`];
  const ticket = JSON.stringify((await new Target(world, 'acme').get(`/v1/tickets/${made[0]!.record}`)).body);
  return [said, saidEmail]
    .filter((secret) => !ticket?.includes(secret ?? ''))
    .map((secret) => `the ticket in helpdesk does not hold ${secret}: ${ticket}`);
}

/** A German IBAN with its check digits (ISO 13616: mod 97 of the number with DE00 behind it as 131400). */
function ibanOf(bank: string, account: string): string {
  const check = 98n - (BigInt(`${bank}${account}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${bank}${account}`;
}
