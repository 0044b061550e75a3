import { idempotencyKeyOf, intentIdOf, type MetricsSummary } from '@countersign/contracts';
import type { ActionState, IntentState, LedgerEntry, Person } from '@countersign/demo';
import { numbers } from '../faults/numbers.js';
import type { Finding } from '../finding.js';
import { Player } from '../player.js';
import type { World } from '../world.js';
import { flawsOf, places, type Explanation, type Id, type Known } from './compare.js';
import { countsOf, differences, saidBy } from './counts.js';
import { mixOf, type Asked } from './kinds.js';
import { People } from './people.js';
import { play, SWITCH, TRIPPED_FOR } from './phases.js';
import { readTopics, type Told } from './topics.js';

const NAMES = ['alice', 'bob', 'carol', 'adam', 'erin', 'gil', 'sam', 'ruth', 'audra'] as const;
type Persons = Record<(typeof NAMES)[number], Person>;
const AT_ONCE = 8;
const REVISIONS = [0, 1, 2];

interface Access {
  seq: number;
  tenant: string;
  actor?: string;
  status: number;
  idempotencyKey?: string;
  records?: Id[];
}

interface Options {
  intents: number;
  run: string;
  seed: number;
}

/**
 * A mixed run from a seed, and then every action's explanation held against the client's own ledger, against helpdesk's and against
 * the topics; and the figures against counts made from the topics.
 */
export async function explanations(world: World, options: Options, say: (text: string) => void): Promise<Finding> {
  const { intents, run, seed } = options;
  const entries = await Promise.all(NAMES.map(async (name) => [name, await world.person(name)] as const));
  const persons = Object.fromEntries(entries) as Persons;
  const { bob, carol, adam, sam, ruth } = persons;
  const tokens = Object.fromEntries(entries.map(([name, { token }]) => [name, token]));
  const asked = mixOf(intents, `${run}-${seed}`, tokens, numbers(seed));
  const since = await endOfBooks(world);
  const people = new People([bob, carol, adam], asked);
  const player = await Player.open(world);
  const began = Date.now();
  try {
    await play({ world, player, people, sam, ruth, bob, seed }, asked, say);
  } finally {
    await player.close();
  }
  const states = await inTurns(asked, (one) => stateOf(persons, one));
  const [told, ledger, access] = await Promise.all([
    readTopics(world, began),
    ledgerOf(world, since),
    accessOf(world, since),
  ]);
  say(`${told.length} records, ${ledger.length} effects`);
  const known = knownOf(asked, states, people, ledger, told);
  const explained = await inTurns(known, (one) => explanationOf(persons, one));
  const ofAudit = (await readTopics(world, began)).filter(({ topic }) => topic === 'audit');
  const figures = await figuresOf(persons, told);
  return {
    figures: {
      ...{ seed, intents: asked.length, 'actions explained': explained.length, ...outcomesOf(known) },
      'sentences, each with its evidence': sum(explained, ({ sentences }) => sentences.length),
      'events cited': sum(explained, ({ evidence }) => evidence.length),
      ...{ 'what people said': sum([...people.said.values()], ({ length }) => length), effects: ledger.length },
      'records read or changed': touched(known, explained).size,
      ...figures.figures,
    },
    flaws: [
      ...people.flaws,
      ...known.flatMap((one, index) => flawsOf(explained[index]!, withLater(one, ofAudit))),
      ...unowned(ledger, known),
      ...bothBooks(touched(known, explained), accessed(access, known)),
      ...figures.flaws,
    ],
  };
}

const sum = <T>(list: readonly T[], of: (one: T) => number) => list.reduce((total, one) => total + of(one), 0);

function outcomesOf(known: readonly Known[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { action } of known) {
    const name = `of them ${action.outcome ?? action.state}${action.code ? ` ${action.code}` : ''}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function inTurns<T, R>(list: readonly T[], make: (one: T) => Promise<R>): Promise<R[]> {
  const made: R[] = [];
  for (let next = 0; next < list.length; next += AT_ONCE)
    made.push(...(await Promise.all(list.slice(next, next + AT_ONCE).map(make))));
  return made;
}

const intentOf = ({ intent }: Asked) => intentIdOf(intent.tenant, '/e2e', intent.id);

async function stateOf(persons: Persons, asked: Asked): Promise<IntentState> {
  const person = persons[asked.kind.actor as keyof Persons];
  const state = await person.intent(intentOf(asked));
  if (!state) throw new Error(`the gateway does not know ${asked.intent.id}`);
  return state;
}

/** The client's own ledger, an entry an action. */
function knownOf(
  asked: readonly Asked[],
  states: readonly IntentState[],
  people: People,
  ledger: readonly LedgerEntry[],
  told: readonly Told[],
): Known[] {
  const byPlace = places(told);
  const byIntent = new Map<string, Map<string, Told>>();
  for (const [place, one] of byPlace)
    byIntent.set(one.intentId, (byIntent.get(one.intentId) ?? new Map()).set(place, one));
  const apart = new Map([...byPlace].filter(([, { topic }]) => ['intents', 'control', 'control-acks'].includes(topic)));
  const byKey = Map.groupBy(ledger, ({ idempotencyKey }) => idempotencyKey);
  return asked.flatMap((one, index) => {
    const intent = states[index]!;
    const calls = [...(one.calls ?? [])];
    return intent.actions.map((action): Known => ({
      ...{ asked: one, intent, action, call: callOf(calls, action) },
      said: people.said.get(action.actionId) ?? [],
      handedOn: people.handedOn.get(action.actionId),
      effects: keysOf(one, action).flatMap((key) => byKey.get(key) ?? []),
      killed: one.kind.phase === 'killed' ? { scope: `kill/${SWITCH}`, reason: TRIPPED_FOR } : undefined,
      told: new Map([...apart, ...(byIntent.get(intent.intentId) ?? [])]),
    }));
  });
}

/** Audit writes when it likes, of an incident that a rule opened too: an explanation may cite what came after the topics were read. */
const withLater = (one: Known, ofAudit: readonly Told[]): Known => ({
  ...one,
  told: new Map([...one.told, ...places(ofAudit.filter(({ intentId }) => intentId === one.intent.intentId))]),
});

const keysOf = ({ intent }: Asked, { actionId }: ActionState) =>
  REVISIONS.map((revision) => idempotencyKeyOf(intent.tenant, actionId, revision));

/** The first of the calls asked for that is of this tool; what was shown to the model before may be read again. */
function callOf(calls: Asked['calls'] & object, { tool }: ActionState) {
  const at = calls.findIndex((call) => call.tool === tool);
  return at === -1 ? undefined : calls.splice(at, 1)[0];
}

const CATCH_UP_MS = 15_000;

/** By whom may see it; asked again until audit has all of it, or has had its time. */
async function explanationOf(persons: Persons, { asked, action }: Known): Promise<Explanation> {
  const reader = asked.intent.tenant === 'globex' ? persons.gil : persons.audra;
  const path = `/v1/actions/${action.actionId}/explanation`;
  const until = Date.now() + CATCH_UP_MS;
  for (;;) {
    const { status, body } = await reader.call('GET', path);
    const explanation = body as Explanation;
    if (status === 200 && explanation.missing.length === 0) return explanation;
    if (Date.now() > until && status === 200) return explanation;
    if (Date.now() > until) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function endOfBooks({ helpdesk }: World) {
  const [ledger, access] = await Promise.all([helpdesk.ledger(), helpdesk.accessLog() as Promise<unknown>]);
  return { ledger: ledger.at(-1)?.seq ?? 0, access: (access as Access[]).at(-1)?.seq ?? 0 };
}

const ledgerOf = async ({ helpdesk }: World, since: { ledger: number }) =>
  (await helpdesk.ledger()).filter(({ seq }) => seq > since.ledger);
const accessOf = async ({ helpdesk }: World, since: { access: number }) =>
  ((await helpdesk.accessLog()) as unknown as Access[]).filter(({ seq }) => seq > since.access);

function unowned(ledger: readonly LedgerEntry[], known: readonly Known[]): string[] {
  const owned = new Set(known.flatMap(({ effects }) => effects));
  return ledger
    .filter((entry) => !owned.has(entry))
    .map(({ kind, record, idempotencyKey }) => `no explanation tells of the ${kind} on ${record} (${idempotencyKey})`);
}

const line = (actor: string | undefined, tenant: string, { type, id, version }: Id) =>
  `${actor} of ${tenant}: ${type} ${id} v${version}`;

/** What explanations say was read and changed. */
function touched(known: readonly Known[], explained: readonly Explanation[]): Set<string> {
  return new Set(
    explained.flatMap(({ account: { read, changed, done } }, index) => {
      const { asked } = known[index]!;
      return [...read, ...changed, ...(done?.checked ?? [])].map((id) =>
        line(asked.kind.actor, asked.intent.tenant, id),
      );
    }),
  );
}

/** What helpdesk showed or changed. What a person settled is told in their words alone, so its answer, that was lost, is left out. */
function accessed(access: readonly Access[], known: readonly Known[]): Set<string> {
  const byWord = new Set(
    known.filter(({ asked }) => asked.kind.phase === 'lost').flatMap(({ asked, action }) => keysOf(asked, action)),
  );
  return new Set(
    access
      .filter(({ status, idempotencyKey }) => status < 300 && !byWord.has(idempotencyKey ?? ''))
      .flatMap(({ actor, tenant, records = [] }) => records.map((id) => line(actor, tenant, id))),
  );
}

const bothBooks = (told: Set<string>, seen: Set<string>): string[] => [
  ...[...told].filter((one) => !seen.has(one)).map((one) => `explained, and not in helpdesk's access log: ${one}`),
  ...[...seen].filter((one) => !told.has(one)).map((one) => `in helpdesk's access log, and not explained: ${one}`),
];

/** The summary of the time of the run, held against counts of the same time. */
async function figuresOf({ audra, gil }: Persons, told: readonly Told[]): Promise<Finding> {
  const times = told.filter(({ intentId }) => intentId !== '').map(({ at }) => at);
  const from = new Date(Math.min(...times)).toISOString();
  const end = Math.max(...times) + 1;
  const within = told.filter(({ at }) => at >= Math.min(...times) && at < end);
  const query = `from=${from}&to=${new Date(end).toISOString()}`;
  const each = await Promise.all(
    [audra, gil].map(async (person, index) => {
      const { status, body } = await person.call('GET', `/v1/metrics/summary?${query}`);
      if (status !== 200) throw new Error(`GET /v1/metrics/summary answered ${status}: ${JSON.stringify(body)}`);
      const said = body as MetricsSummary;
      return { said, flaws: differences(saidBy(said), countsOf(within, index === 0 ? 'acme' : 'globex'), said.tenant) };
    }),
  );
  const { tools, denials, approvals } = each[0]!.said;
  const [ended, failed] = [sum(tools, (tool) => tool.ended), sum(tools, (tool) => tool.failed)];
  const percent = (part: number) => `${(part * 100).toFixed(1)} %`;
  return {
    figures: {
      'error rate, as in the summary': `${percent(failed / ended)} (${failed} of ${ended})`,
      'denials, as in the summary': denials.byCode.map(({ code, count }) => `${code} ${count}`).join(', '),
      'override rate, as in the summary': `${percent(approvals.overrideRate ?? 0)} (${approvals.edited + approvals.rejected} of ${approvals.decided})`,
    },
    flaws: each.flatMap(({ flaws }) => flaws),
  };
}
