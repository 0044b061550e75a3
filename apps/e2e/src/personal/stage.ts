import { intentIdOf, topicName, type Topic } from '@countersign/contracts';
import type { Person } from '@countersign/demo';
import type { PlainRecord } from '@countersign/testing';
import { putScript } from '../target.js';
import type { World } from '../world.js';
import type { Dealer } from './dealer.js';

/** On every record that a planter writes with a plain client: what it wrote itself is no leak. */
export const MARK = 'x-planted';
const SOURCE = '/personal';

export interface Stage {
  world: World;
  dealer: Dealer;
  run: string;
  alice: Person;
  bob: Person;
  carol: Person;
  sam: Person;
  /** Ids of all that was asked for. */
  intents: string[];
  /** Those that no tenant's are: nobody can be told of their end. */
  nobodys: Set<string>;
}

export interface Asked {
  id?: string;
  source?: string;
  session?: string;
  key?: string;
  headers?: Record<string, string>;
  token?: string | undefined;
  /** Nobody vouches for it. */
  nobodys?: true;
  data: object;
}

let asked = 0;
export const fresh = ({ run }: Stage, what: string) => `personal-${run}-${what}-${asked++}`;

/** An intent as a plain client writes it: every part of it may be said otherwise. */
export async function publish(stage: Stage, given: Asked): Promise<string> {
  const own = fresh(stage, 'e');
  const { id = own, source = SOURCE, session = own, key = `acme/${session}`, headers = {}, data } = given;
  const token = 'token' in given ? given.token : stage.alice.token;
  const type = 'tool' in data ? 'countersign.action.requested.v1' : 'countersign.intent.requested.v1';
  await produce(stage, 'intents', {
    key,
    value: JSON.stringify({ workflow: 'support-desk', session, ...data }),
    headers: {
      ...{ ce_specversion: '1.0', ce_id: id, ce_source: source, ce_type: type, 'content-type': 'application/json' },
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
  });
  const intentId = intentIdOf('acme', source, id);
  stage.intents.push(intentId);
  if (given.nobodys || isTooLong(session, data)) stage.nobodys.add(intentId);
  return intentId;
}

/** Longer than the contract's names and ids: it is parked. */
function isTooLong(session: string, data: Asked['data']): boolean {
  const { workflow = '', tool = '', subject } = data as { workflow?: string; tool?: string; subject?: { id: string } };
  return Math.max(workflow.length, tool.length) > 100 || Math.max(session.length, subject?.id.length ?? 0) > 200;
}

export const produce = ({ world }: Stage, topic: Topic, ...records: PlainRecord[]): Promise<void> =>
  world.plain.produce(
    topicName(topic, world.system.topicPrefix),
    ...records.map((record) => ({ ...record, headers: { ...record.headers, [MARK]: 'yes' } })),
  );

/** An intent that a script of the model's answers. */
export async function scripted(stage: Stage, entries: object[], words = 'Do as the script says.'): Promise<string> {
  const name = fresh(stage, 'script');
  await putScript(stage.world, name, entries);
  return publish(stage, { session: name, data: { text: `${words} [[script ${name}]]` } });
}

export interface Http {
  status: number;
  text: string;
  body: Record<string, unknown>;
}

/** One request to the gateway, as curl would send it. */
export async function http(
  { world }: Stage,
  token: string | undefined,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: object | string } = {},
): Promise<Http> {
  const sent = typeof body === 'string' ? body : body && JSON.stringify(body);
  const response = await fetch(`${world.system.urls.gateway}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(sent ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(sent ? { body: sent } : {}),
  });
  const text = await response.text();
  return { status: response.status, text, body: parsed(text) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Intents that came in over HTTP are looked at like the others. */
export function remember(stage: Stage, { body }: Http): string {
  const intentId = String(body['intentId'] ?? '');
  if (intentId) stage.intents.push(intentId);
  return intentId;
}
