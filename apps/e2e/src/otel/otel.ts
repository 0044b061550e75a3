import { randomBytes, randomUUID } from 'node:crypto';
import type { Person } from '@countersign/demo';
import { auditIsComplete } from '../audit-completeness.js';
import type { Finding } from '../finding.js';
import { World } from '../world.js';
import { Collector, type CollectedSpan } from './collector.js';

/** What nothing of may be told: it stands in the requests alone. */
const PRIVATE = ['quincewort', 'zora.quincewort@mail.test', 'bob has looked into it'];
const MARK = 'My name is Zora Quincewort, zora.quincewort@mail.test.';

interface Asked {
  name: string;
  /** The product's own place in its trace; none: the gateway begins one. */
  traceparent?: string;
  intentId: string;
}

/** The way of a commit, from what the target was asked up to the request, as `service: name` begins. */
const WAY = [
  'executor: POST',
  'executor: execute_tool issue_refund',
  'executor: process countersign.decisions.v1',
  'policy: process countersign.proposals.v1',
  'planner: chat stand-in',
  'planner: process countersign.decisions.v1',
  'policy: process countersign.intents.v1',
  'gateway: POST /v1/intents',
];

/** What services are told: nothing is exported before they stop, so what comes shows besides that they send what they have left. */
export const exportingTo = (collector: Collector): Record<string, string> => ({
  ...collector.env(),
  OTEL_BSP_SCHEDULE_DELAY: '600000',
});

/** A refund the rules let, and one a person lets, on a system of its own whose services export to a collector. */
export async function otel(say: (text: string) => void): Promise<Finding> {
  const collector = await Collector.open();
  try {
    const world = await World.open({ env: exportingTo(collector) });
    const seen = await played(world).finally(() => world.close());
    say(`${collector.spans.length} spans came when the services stopped`);
    const services = new Set(collector.spans.map(({ service }) => service)).size;
    return { figures: { spans: collector.spans.length, services }, flaws: judged(seen, collector) };
  } finally {
    await collector.close();
  }
}

export type Played = Awaited<ReturnType<typeof played>>;

/** What is not as it should be, once all has come. */
export const judged = (seen: Played, collector: Collector): string[] => [
  ...seen.flaws,
  ...seen.asked.flatMap((one) => traceFlaws(one, seen.traceIds, collector)),
  ...linkFlaws(seen, collector),
  ...leaks(collector, seen.tokens),
];

/** The two refunds, each in a trace, and what audit says of those. */
export async function played(world: World) {
  const [alice, bob, audra] = await Promise.all(['alice', 'bob', 'audra'].map((name) => world.person(name)));
  const flaws: string[] = [];
  const product = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
  const small = await ask(alice!, 'a small refund', `Refund 18 € on order ord_1001, it came late. ${MARK}`, product);
  const large = await ask(alice!, 'a large refund', `Please refund 900 € on order ord_1003. ${MARK}`);
  const item = await bob!.approvalOf(large.intentId);
  const decided = item && (await bob!.decide(item, 'approve', 'bob has looked into it'));
  if (decided?.status !== 200) flaws.push(`the approval answered ${decided?.status}`);
  for (const { name, intentId } of [small, large]) {
    const state = await alice!.intent(intentId);
    const outcomes = state?.actions.map(({ outcome }) => outcome).join();
    if (!outcomes?.includes('committed')) flaws.push(`${name} ended as ${JSON.stringify(state)}`);
  }
  await auditIsComplete(world);
  const traceIds = new Map<string, string>();
  for (const { name, intentId } of [small, large]) {
    const { traceId, records } = (await audra!.call('GET', `/v1/traces/${intentId}`)).body as Trace;
    traceIds.set(intentId, traceId ?? '');
    const others = records.filter((record) => record.traceId !== traceId);
    if (others.length > 0) flaws.push(`${name}: audit has ${others.map(({ type }) => type).join()} in another trace`);
    const found = (await audra!.call('GET', `/v1/traces?traceId=${traceId}`)).body as { data: { intentId: string }[] };
    if (found.data.map((one) => one.intentId).join() !== intentId) flaws.push(`${name}: not found by its trace`);
  }
  return { asked: [small, large], large, traceIds, flaws, tokens: [alice!.token, bob!.token, audra!.token] };
}

interface Trace {
  traceId: string | null;
  records: { type: string; traceId: string | null }[];
}

async function ask({ gateway, token }: Person, name: string, text: string, traceparent?: string): Promise<Asked> {
  const response = await fetch(`${gateway}/v1/intents`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
      ...(traceparent && { traceparent }),
    },
    body: JSON.stringify({ workflow: 'support-desk', session: randomUUID(), text }),
  });
  const { intentId } = (await response.json()) as { intentId: string };
  return { name, intentId, ...(traceparent && { traceparent }) };
}

/** Its spans are one tree, on the way that it should have gone, and audit has its id. */
function traceFlaws(
  { name, traceparent, intentId }: Asked,
  traceIds: Map<string, string>,
  collector: Collector,
): string[] {
  const request = collector.spans.find(
    (span) => span.name === 'POST /v1/intents' && span.attributes['countersign.intent_id'] === intentId,
  );
  if (!request) return [`${name}: no span of its request`];
  const flaws: string[] = [];
  const given = traceparent?.split('-');
  if (given && (request.traceId !== given[1] || request.parentSpanId !== given[2]))
    flaws.push(`${name}: its request is not in the product's trace`);
  if (traceIds.get(intentId) !== request.traceId)
    flaws.push(`${name}: audit says ${traceIds.get(intentId)}, OpenTelemetry ${request.traceId}`);
  const spans = collector.of(request.traceId);
  const strays = spans.filter((span) => span !== request && !spans.some(({ spanId }) => spanId === span.parentSpanId));
  flaws.push(...strays.map((span) => `${name}: nothing is above ${lineOf(span)}`));
  const sent = spans.find(
    (span) => span.kind === 'client' && span.name === 'POST' && span.service.endsWith('executor'),
  );
  const way = sent ? wayUp(sent, spans).map(lineOf) : [];
  const gone = WAY.filter((step) => !way.some((line) => line === step));
  if (gone.length > 0) flaws.push(`${name}: not on its way: ${gone.join('; ')} (it was ${way.join(' < ')})`);
  const chat = spans.find((span) => span.name.startsWith('chat '));
  if (!(Number(chat?.attributes['gen_ai.usage.input_tokens']) > 0)) flaws.push(`${name}: no tokens are told`);
  return flaws;
}

const lineOf = ({ service, name }: CollectedSpan): string => `${service.replace('countersign-', '')}: ${name}`;

function wayUp(from: CollectedSpan, spans: CollectedSpan[]): CollectedSpan[] {
  const way: CollectedSpan[] = [];
  const above = ({ parentSpanId }: CollectedSpan) => spans.find(({ spanId }) => spanId === parentSpanId);
  for (let at: CollectedSpan | undefined = from; at && !way.includes(at); at = above(at)) way.push(at);
  return way;
}

/** What a person did hours later, for all anybody knows, is in a trace of their own: each knows of the other. */
function linkFlaws(
  { large, traceIds }: { large: Asked; traceIds: Map<string, string> },
  collector: Collector,
): string[] {
  const traceId = traceIds.get(large.intentId)!;
  const granted = collector.of(traceId).find(({ name }) => name === 'send countersign.approvals.v1');
  const request = collector.spans.find(
    ({ name, links }) => name.startsWith('POST /v1/approvals/') && links.some((link) => link.traceId === traceId),
  );
  if (!granted) return ['what the approver said has no span'];
  if (!request) return ['no request is linked to what its approver said'];
  const flaws = request.traceId === traceId ? ["the approver's request is in the requester's trace"] : [];
  const isLinked = granted.links.some(({ spanId }) => spanId === request.spanId);
  return isLinked ? flaws : [...flaws, 'what the approver said is not linked to their request'];
}

function leaks({ bodies }: Collector, tokens: string[]): string[] {
  const all = bodies.join('\n').toLowerCase();
  const signature = (token: string) => token.split('.')[2]!.toLowerCase();
  const found = PRIVATE.filter((text) => all.includes(text));
  return [
    ...found.map((text) => `"${text}" stands in a span`),
    ...tokens.flatMap((token) => (all.includes(signature(token)) ? ["a person's token stands in a span"] : [])),
    ...(all.includes('bearer ') ? ['a header stands in a span'] : []),
  ];
}
