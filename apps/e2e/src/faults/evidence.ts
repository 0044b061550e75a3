import { copyFileSync, createWriteStream, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type { World } from '../world.js';
import type { History } from './checker/history.js';

/** What a flaw can be looked into with once the system is gone: all that was told and done, line by line, and what services logged. */
export async function keepEvidence(dir: string, { records, effects, client }: History, world: World): Promise<void> {
  const logs = path.join(dir, 'logs');
  mkdirSync(logs, { recursive: true });
  await Promise.all([
    lines(path.join(dir, 'records.ndjson'), records),
    lines(path.join(dir, 'effects.ndjson'), effects),
    lines(path.join(dir, 'client.ndjson'), client),
  ]);
  for (const { instance } of world.system.instances()) {
    const file = world.system.logFile(instance);
    if (existsSync(file)) copyFileSync(file, path.join(logs, path.basename(file)));
  }
}

async function lines(file: string, values: readonly unknown[]): Promise<void> {
  const stream = createWriteStream(file);
  for (const value of values) stream.write(`${JSON.stringify(value)}\n`);
  stream.end();
  await finished(stream);
}
