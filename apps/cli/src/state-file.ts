import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir, isAlive } from '@countersign/embedded/places';

/** Where the system is that `dev` runs in this checkout: how the other verbs find it. */
const running = z.object({
  pid: z.int(),
  topicPrefix: z.string(),
  /** Where its secrets are, for who may read them. */
  dataDir: z.string().optional(),
  /** Where the passwords of its broker's users are, if it has users. */
  kafkaUsers: z.string().optional(),
  urls: z.object({
    gateway: z.string(),
    helpdesk: z.string(),
    model: z.string(),
    identity: z.string(),
    kafka: z.string(),
  }),
});
export type Running = z.infer<typeof running>;

const fileIn = (dir: string) => path.join(dir, 'current.json');

/** The running system, or undefined: a file that a killed `dev` left behind counts for nothing. */
export function readRunning(dir = cacheDir()): Running | undefined {
  let text: string;
  try {
    text = fs.readFileSync(fileIn(dir), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = running.safeParse(JSON.parse(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : undefined;
}

/** Says where the system is; answers how to take that back. The last one started is the one found. */
export function announce(system: Omit<Running, 'pid'>, dir = cacheDir()): () => void {
  const mine: Running = {
    pid: process.pid,
    topicPrefix: system.topicPrefix,
    dataDir: system.dataDir,
    kafkaUsers: system.kafkaUsers,
    urls: running.shape.urls.parse(system.urls),
  };
  const file = fileIn(dir);
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify(mine, null, 2), { mode: 0o600 });
  fs.renameSync(`${file}.${process.pid}`, file);
  return () => {
    if (readRunning(dir)?.pid === process.pid) fs.rmSync(file, { force: true });
  };
}
