import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Log } from '../log.js';
import { lingerWhileRecordsCome } from './fetch-pace.js';
import type { KafkaSettings } from './kafka-settings.js';
import { leaveLostBrokers } from './lost-broker.js';
import { readRecordsDirectly } from './record-reader.js';
import { writeRecordsDirectly } from './record-writer.js';
import { restQueues } from './request-queue.js';

const { Kafka: KafkaClient, logLevel } = kafkajs;
restQueues();
lingerWhileRecordsCome();
leaveLostBrokers();
writeRecordsDirectly();
readRecordsDirectly();

/** kafkajs as it is used everywhere here: patient with a broker that is away, quiet about what it repeats. */
export function kafkaClient(settings: KafkaSettings, clientId: string, log: Log): Kafka {
  const config: KafkaConfig = {
    clientId,
    brokers: settings.brokers,
    ssl: settings.ssl,
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry: LogEntry) => write(log, entry),
  };
  if (settings.sasl) config.sasl = settings.sasl as SASLOptions;
  return new KafkaClient(config);
}

/** What says that a consumer gave up and starts again. The rest of what kafkajs calls errors it repeats by itself. */
const TELLING = new Set(['Consumer', 'Runner']);

function write(log: Log, { namespace, level, log: { message, error, groupId, broker } }: LogEntry): void {
  const fields = {
    from: `kafkajs/${namespace}`,
    err: error as unknown,
    groupId: groupId as unknown,
    broker: broker as unknown,
  };
  if (level === logLevel.ERROR && TELLING.has(namespace)) log.warn(fields, message);
  else log.debug(fields, message);
}
