import { actionIdOf, idempotencyKeyOf, intentIdOf } from '@countersign/contracts';
import type { AccessEntry, LedgerEntry } from '@countersign/demo';
import type { Finding } from '../finding.js';
import { Player } from '../player.js';
import type { World } from '../world.js';
import { ACTORS, actionsOf, answerOf, type Asked } from './actions.js';

interface Seen {
  type: string;
  id: string;
  version: number | string;
}
type Access = AccessEntry & { seq: number; actor?: string; records?: Seen[] };
type Ledger = LedgerEntry & { actor?: string };

interface Result {
  tenant: string;
  actor: string;
  type: string;
  tool: string;
  intent: string;
  data: { recordsRead?: Seen[]; recordsChanged?: Seen[]; done?: { checked: Seen[] }; idempotencyKey?: string };
}

/**
 * Plays mixed actions and holds three books against each other: what the product asked for, what audit stored of results, and
 * helpdesk's own access log and ledger. Nothing may stand in one alone.
 */
export async function books(world: World, total: number, run: string): Promise<Finding> {
  const tokens = Object.fromEntries(
    await Promise.all(ACTORS.map(async (actor) => [actor, await world.token(actor)] as const)),
  );
  const asked = actionsOf(total, run, tokens);
  const since = {
    ledger: (await world.helpdesk.ledger()).at(-1)?.seq ?? 0,
    access: ((await world.helpdesk.accessLog()) as Access[]).at(-1)?.seq ?? 0,
  };
  const player = await Player.open(world);
  const people = await Promise.all(['bob', 'carol', 'gil'].map((user) => world.person(user)));
  try {
    await player.play(
      asked.map(({ intent }) => intent),
      { window: 40, people, answer: answerOf },
    );
  } finally {
    await player.close();
  }
  const byIntent = new Map(asked.map((one) => [intentIdOf(one.tenant, '/e2e', one.intent.id), one]));
  const results = await stored(world, byIntent);
  const access = ((await world.helpdesk.accessLog()) as Access[]).filter(({ seq }) => seq > since.access);
  const ledger = ((await world.helpdesk.ledger()) as Ledger[]).filter(({ seq }) => seq > since.ledger);
  const [told, touched] = [records(results), accesses(access)];
  return {
    figures: {
      actions: asked.length,
      results: results.length,
      'records read or changed': touched.size,
      effects: ledger.length,
    },
    flaws: [...askedFlaws(results, byIntent), ...both(told, touched), ...ledgerFlaws(ledger, byIntent, results)],
  };
}

/** Audit's records of what the executor did for these intents, all of them. */
async function stored(world: World, byIntent: Map<string, Asked>): Promise<Result[]> {
  const text = `select tenant, actor, type, tool, intent, value from audit.records
    where topic = 'results' and signature = 'valid' and intent = any($1)`;
  await world.recorded();
  const { rows } = await world.owner.query<Omit<Result, 'data'> & { value: string }>(text, [[...byIntent.keys()]]);
  return rows.map(({ value, ...row }) => ({ ...row, data: JSON.parse(value) as Result['data'] }));
}

/** Whose, for whom, with which tool: as it was asked. */
function askedFlaws(results: Result[], byIntent: Map<string, Asked>): string[] {
  return results.flatMap(({ tenant, actor, tool, intent, type }) => {
    const asked = byIntent.get(intent)!;
    const [said, wanted] = [[tenant, actor, tool].join(' '), [asked.tenant, asked.actor, asked.tool].join(' ')];
    return said === wanted ? [] : [`audit's ${type} of ${intent} says ${said}; asked was ${wanted}`];
  });
}

const line = (tenant: string, actor: string | undefined, { type, id, version }: Seen) =>
  `${actor} of ${tenant}: ${type} ${id} v${version}`;

const records = (results: Result[]) =>
  new Set(
    results.flatMap(({ tenant, actor, data: { recordsRead = [], recordsChanged = [], done } }) =>
      [...recordsRead, ...recordsChanged, ...(done?.checked ?? [])].map((record) => line(tenant, actor, record)),
    ),
  );

/** What helpdesk showed or changed. A key looked up is no record. */
const accesses = (access: Access[]) =>
  new Set(
    access
      .filter(({ status }) => status < 300)
      .flatMap(({ tenant, actor, records: seen = [] }) => seen.map((record) => line(tenant, actor, record))),
  );

const both = (told: Set<string>, touched: Set<string>): string[] => [
  ...[...told].filter((one) => !touched.has(one)).map((one) => `audit has it and helpdesk does not: ${one}`),
  ...[...touched].filter((one) => !told.has(one)).map((one) => `helpdesk has it and audit does not: ${one}`),
];

/** Each effect is one asked for, stands in audit under its key, and for the same person; none is missing. */
function ledgerFlaws(ledger: Ledger[], byIntent: Map<string, Asked>, results: Result[]): string[] {
  const due = new Map<string, Asked>();
  for (const [intentId, one] of byIntent)
    if (one.effect) due.set(idempotencyKeyOf(one.tenant, actionIdOf(intentId, 0, 0), 0), one);
  const committed = new Map(results.map((result) => [result.data.idempotencyKey, result]));
  const flaws = ledger.flatMap((entry) => {
    const flaw = effectFlaw(entry, due.get(entry.idempotencyKey), committed.get(entry.idempotencyKey));
    due.delete(entry.idempotencyKey);
    return flaw ?? [];
  });
  return [
    ...flaws,
    ...[...due.values()].map(({ tool, record, actor }) => `${tool} on ${record} by ${actor} had no effect`),
  ];
}

function effectFlaw(entry: Ledger, wanted: Asked | undefined, told: Result | undefined): string | undefined {
  const { tenant, actor, kind, record, amount } = entry;
  const what = `${kind} on ${tenant}'s ${record} of ${amount ?? '-'} by ${actor}`;
  if (!wanted?.effect) return `nobody asked for the ${what}`;
  if (!told) return `audit holds no commit of the ${what}`;
  const { effect } = wanted;
  const whose = [wanted, told].every((one) => one.tenant === tenant && one.actor === actor);
  const right =
    kind === effect.kind &&
    record === (effect.record ?? record) &&
    (effect.amount === undefined || Number(amount) === Number(effect.amount));
  const changed = told.data.recordsChanged ?? [];
  if (whose && right && changed.some(({ id }) => id === record)) return undefined;
  return `helpdesk's ${what} is not what was asked or what audit says: ${JSON.stringify(changed).slice(0, 200)}`;
}
