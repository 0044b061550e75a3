import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeRecord, kafkaGroupsOf, topicName, type HeaderValue } from '@countersign/contracts';
import { KnownCheckpoints, readExport, verifyExport, type Verdict } from '@countersign/evidence';
import { bytesOf } from '../archive/files.js';
import { topicPrefix } from '../connection.js';
import { CliError, EXIT } from '../errors.js';
import { kafkaAs } from '../kafka.js';
import { note } from '../output.js';
import { readRunning } from '../state-file.js';

export interface OfflineOptions {
  key?: string[];
  checkpoints?: string[];
  kafka?: string;
  partial?: boolean;
}

/** Audit's public keys: those that were named, else that of the system which `dev` runs here. */
export function auditKeys(named: string[] | undefined): KeyObject[] {
  const files = named ?? ownKeys();
  if (files.length === 0)
    throw new CliError(
      "Which key is audit's?",
      EXIT.usage,
      "Give its public key with --key: trusted/audit.pub.pem in any service's folder of keys.",
    );
  return files.map((file) => {
    try {
      return createPublicKey(readFileSync(file));
    } catch (error) {
      throw new CliError(`${file} is no public key: ${(error as Error).message}`, EXIT.usage, 'Give a PEM file.');
    }
  });
}

function ownKeys(): string[] {
  const dataDir = readRunning()?.dataDir;
  if (dataDir === undefined) return [];
  return ['trusted', 'retired'].flatMap((name) => {
    const folder = path.join(dataDir, 'keys/audit', name);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return files.filter((file) => AUDITS.test(file)).map((file) => path.join(folder, file));
  });
}

const AUDITS = /^audit(\.\w+)?\.pub\.pem$/;
const SAY_EVERY_MS = 2000;

/** Verifies a file by itself and by what was kept elsewhere. Says on stderr how far it is. */
export async function verifyFile(file: string, options: OfflineOptions): Promise<Verdict> {
  if (!existsSync(file))
    throw new CliError(`${file} is not there.`, EXIT.usage, 'Name a file that `audit export` wrote.');
  const keys = auditKeys(options.key);
  const known = await knownCheckpoints(keys, options);
  const began = performance.now();
  let said = began;
  let lines = 0;
  const speed = () => `${Math.round(lines / ((performance.now() - began) / 1000)).toLocaleString('en')} a second`;
  const verdict = await verifyExport(
    readExport(bytesOf(file)),
    { keys, known, partial: options.partial ?? false },
    (far) => {
      lines = far;
      if (performance.now() - said < SAY_EVERY_MS) return;
      said = performance.now();
      note(`${lines.toLocaleString('en')} lines, ${speed()}`);
    },
  );
  note(`${verdict.rows.toLocaleString('en')} events, ${speed()}.`);
  if (known.count === 0)
    note(
      'Held against the checkpoints in the file alone: give --checkpoints or --kafka to see whether it was cut short.',
    );
  return verdict;
}

async function knownCheckpoints(
  keys: KeyObject[],
  { checkpoints = [], kafka }: OfflineOptions,
): Promise<KnownCheckpoints> {
  const known = new KnownCheckpoints(keys);
  for (const file of checkpoints) await addFile(known, file);
  if (kafka !== undefined) await addTopic(known, kafka);
  if (known.count > 0) note(`${known.count.toLocaleString('en')} checkpoints were kept elsewhere.`);
  return known;
}

/** An export, of which its checkpoints count, or notes one behind the other. */
async function addFile(known: KnownCheckpoints, file: string): Promise<void> {
  let found = 0;
  const add = (text: string) => {
    known.add(text);
    found++;
  };
  for await (const lines of readExport(bytesOf(file)))
    for (const line of lines) if (line.kind === 'checkpoint') add(line.note);
  if (found === 0) for (const text of notesIn(readFileSync(file, 'utf8'))) add(text);
  if (found === 0)
    throw new CliError(
      `${file} holds no checkpoint.`,
      EXIT.usage,
      'Give an export, or signed notes one behind the other.',
    );
}

const notesIn = (text: string): string[] => text.match(/[^\n]+\n\d+\n[^\n]+\n\n(?:\u2014 [^\n]+\n)+/g) ?? [];

async function addTopic(known: KnownCheckpoints, brokers: string): Promise<void> {
  const { readLog, silentLog } = await import('@countersign/messaging');
  const prefix = topicPrefix();
  const kafka = await kafkaAs('sre', brokers);
  const group = `${kafkaGroupsOf('sre', prefix)}-checkpoints`;
  const ask = { kafka, topic: topicName('audit', prefix), group, log: silentLog };
  await readLog(ask, ({ key, value, offset, timestamp, headers }, partition) => {
    const given = (headers ?? {}) as Record<string, HeaderValue>;
    if (String(given['ce_type']) !== 'countersign.audit.checkpoint.v1') return;
    const place = { topic: 'audit' as const, partition, offset: BigInt(offset), timestamp: Number(timestamp) };
    const { event } = decodeRecord({ ...place, key, value, headers: given });
    if (event.type !== 'countersign.audit.checkpoint.v1') return;
    for (const each of event.data.checkpoints) known.add(each.note, new Date(Number(timestamp)));
  });
}
