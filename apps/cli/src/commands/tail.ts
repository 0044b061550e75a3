import { randomBytes } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import kafkajs, { type IHeaders, type Kafka, type KafkaMessage, type SASLOptions } from 'kafkajs';
import {
  decodeRecord,
  kafkaGroupsOf,
  Poison,
  topicName,
  topicOf,
  TOPICS,
  topicsReadBy,
  type Incoming,
  type JsonObject,
  type Topic,
} from '@countersign/contracts';
import type { KafkaSettings } from '@countersign/messaging';
import { topicPrefix } from '../connection.js';
import { optionsOf } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { deniedOrSame, kafkaAs } from '../kafka.js';
import { cell, note, plain, print, printJson } from '../output.js';

interface TailOptions {
  fromBeginning?: boolean;
  intent?: string;
  count?: number;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0');
  return value;
}

export function registerTail(program: Command): void {
  program
    .command('tail')
    .argument('[topics...]', `of ${TOPICS.join(', ')}; all but audit if none is named`)
    .description('follow topics, one line a record')
    .option('--from-beginning', 'what is in them already too')
    .option('--intent <intentId>', 'only records of this intent')
    .option('--count <n>', 'stop after so many', positive)
    .action(tail);
}

/** A record as a line shows it. */
export interface TailLine {
  at: string;
  topic: Topic;
  partition: number;
  offset: string;
  key: string;
  type: string | null;
  id: string | null;
  intentId: string | null;
  data: unknown;
  unreadable?: string;
}

async function tail(named: string[], _: unknown, command: Command): Promise<void> {
  const { fromBeginning = false, intent, count = Infinity, json } = optionsOf<TailOptions>(command);
  const unknown = named.filter((name) => !(TOPICS as readonly string[]).includes(name));
  if (unknown.length)
    throw new CliError(`No such topic: ${unknown.join(', ')}`, EXIT.usage, `The topics are ${TOPICS.join(', ')}.`);
  const kafka = await kafkaAs('sre');
  const all = kafka.role ? topicsReadBy(kafka.role) : TOPICS;
  const topics = named.length ? (named as Topic[]) : all.filter((topic) => topic !== 'audit');
  const prefix = topicPrefix();
  let left = count;
  const take = (line: TailLine): boolean => {
    if (left <= 0 || (intent && line.intentId !== intent)) return left > 0;
    if (json) printJson(line);
    else print(text(line));
    return --left > 0;
  };
  try {
    await follow(clientOf(kafka), topics, prefix, fromBeginning, take);
  } catch (error) {
    throw deniedOrSame(error, kafka.role ?? 'sre');
  }
}

function clientOf({ brokers, ssl, sasl }: KafkaSettings): Kafka {
  const { Kafka, logLevel } = kafkajs;
  // kafkajs wants the three mechanisms told apart; their settings are the same.
  return new Kafka({
    ...{ brokers, ssl },
    ...(sasl ? { sasl: sasl as SASLOptions } : {}),
    clientId: 'countersign-cli',
    logLevel: logLevel.NOTHING,
  });
}

/** Reads until `take` answers false or the process is told to stop. The group is the reader's own and keeps no offsets. */
async function follow(
  kafka: Kafka,
  topics: Topic[],
  prefix: string,
  fromBeginning: boolean,
  take: (line: TailLine) => boolean,
): Promise<void> {
  const consumer = kafka.consumer({
    groupId: `${kafkaGroupsOf('sre', prefix)}-tail-${randomBytes(6).toString('hex')}`,
    maxWaitTimeInMs: 250,
    allowAutoTopicCreation: false,
  });
  const done = Promise.withResolvers<void>();
  process.once('SIGINT', () => done.resolve());
  process.once('SIGTERM', () => done.resolve());
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  // What `run` throws of a crash comes first, and nobody waits for this any more.
  done.promise.catch(() => {});
  consumer.on(consumer.events.GROUP_JOIN, () => note(`Following ${topics.join(', ')}; Ctrl-C ends it.`));
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: topics.map((topic) => topicName(topic, prefix)), fromBeginning });
    const eachMessage = async ({
      topic,
      partition,
      message,
    }: {
      topic: string;
      partition: number;
      message: KafkaMessage;
    }) => {
      if (!take(lineOf(topicOf(topic, prefix)!, partition, message))) done.resolve();
      return Promise.resolve();
    };
    await consumer.run({ autoCommit: false, eachMessage });
    await done.promise;
  } finally {
    await consumer.disconnect();
  }
}

export function lineOf(
  topic: Topic,
  partition: number,
  {
    key,
    value,
    offset,
    timestamp,
    headers = {},
  }: Pick<KafkaMessage, 'key' | 'value' | 'offset' | 'timestamp' | 'headers'>,
): TailLine {
  const place = {
    at: new Date(Number(timestamp)).toISOString(),
    topic,
    partition,
    offset,
    key: key?.toString('utf8') ?? '',
  };
  try {
    const incoming = decodeRecord({
      topic,
      partition,
      offset: BigInt(offset),
      timestamp: Number(timestamp),
      key,
      value,
      headers,
    });
    return { ...place, ...readable(incoming) };
  } catch (error) {
    const unreadable = error instanceof Poison ? `${error.reason}: ${error.detail}` : String(error);
    return {
      ...place,
      type: header(headers, 'ce_type'),
      id: header(headers, 'ce_id'),
      intentId: header(headers, 'ce_correlationid'),
      data: null,
      unreadable,
    };
  }
}

const header = (headers: IHeaders, name: string) => headers[name]?.toString() ?? null;

function readable({ event }: Incoming): Pick<TailLine, 'type' | 'id' | 'intentId' | 'data'> {
  const data = event.data as JsonObject;
  const named = typeof data['intentId'] === 'string' ? data['intentId'] : event.correlationid || null;
  return {
    type: event.type,
    id: event.id,
    intentId: named,
    data,
  };
}

/** The few fields that tell one record from the next. */
const TELLING = ['tool', 'grant', 'code', 'outcome', 'scope', 'text', 'detail'];

export function text({ at, topic, partition, offset, type, intentId, data, unreadable }: TailLine): string {
  const name = type?.replace(/^countersign\./, '').replace(/\.v\d+$/, '') ?? '?';
  const values = (data ?? {}) as Record<string, unknown>;
  const said =
    unreadable ??
    TELLING.flatMap((field) => (values[field] === undefined ? [] : [cell(values[field]).slice(0, 80)])).join(' · ');
  const place = `${topic}/${partition}@${offset}`;
  return plain(`${at.slice(11, 23)}  ${place.padEnd(20)}  ${name.padEnd(18)}  ${intentId ?? '-'}  ${said}`);
}
