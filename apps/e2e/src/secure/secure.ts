import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@countersign/embedded';
import { repoRoot } from '@countersign/embedded/places';
import type { Finding } from '../finding.js';

interface Ready {
  rows: { intent: string; ok: boolean }[];
}

const BIN = path.join(repoRoot(), 'apps/cli/bin/countersign.mjs');
const ROWS = 20;
const NAMES_ANOTHER = /^(KAFKA_|DATABASE_URL|PORT$|COUNTERSIGN_|TOPIC_PREFIX|OPENAI_|OIDC_)/;
const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NAMES_ANOTHER.test(name)));

/**
 * `npm start -- --secure`, as a person starts it: the demo's rows by a product's and an SRE's own users, releases by the pipeline's, and the
 * verbs of the command line that speak to Kafka themselves.
 */
export async function secure(say: (text: string) => void): Promise<Finding> {
  const argv = [BIN, 'dev', '--secure', '--json', '--port', String(await freePort())];
  const dev = spawn(process.execPath, argv, { env: bare, stdio: ['ignore', 'pipe', 'pipe'] });
  createInterface({ input: dev.stderr }).on('line', (line) => {
    if (!/^ +cases:/.test(line)) say(line.trim());
  });
  const flaws: string[] = [];
  try {
    const { rows } = await readyLine(dev);
    if (rows.length !== ROWS) flaws.push(`${rows.length} rows, not ${ROWS}`);
    flaws.push(...rows.filter(({ ok }) => !ok).map(({ intent }) => `the row "${intent}" is not as it should be`));
    flaws.push(...verbs());
    return { figures: { rows: rows.length }, flaws: [...flaws, ...(await stopped(dev))] };
  } finally {
    dev.kill('SIGKILL');
  }
}

async function readyLine(dev: ChildProcess): Promise<Ready> {
  const line = once(createInterface({ input: dev.stdout! }), 'line') as Promise<[string]>;
  const first = await Promise.race([line, once(dev, 'exit').then(([code]) => String(code))]);
  if (typeof first === 'string') throw new Error(`dev --secure ended with ${first}`);
  return JSON.parse(first[0]) as Ready;
}

/** What an SRE may follow, and may not. */
function verbs(): string[] {
  const run = (...args: string[]) => spawnSync(process.execPath, [BIN, ...args], { env: bare, encoding: 'utf8' });
  const followed = run('tail', '--from-beginning', '--count', '5');
  const refused = run('tail', 'intents', '--from-beginning', '--count', '1');
  return [
    ...(followed.status === 0 ? [] : [`tail ended with ${followed.status}: ${followed.stderr}`]),
    ...(followed.stdout.trim().split('\n').length === 5 ? [] : ['tail did not print five lines']),
    ...(refused.status === 6 ? [] : [`tail intents ended with ${refused.status}, not 6: ${refused.stderr}`]),
    ...(/kafka-acls\.md/.test(refused.stderr) ? [] : ['tail intents does not say where rights are']),
  ];
}

async function stopped(dev: ChildProcess): Promise<string[]> {
  const ended = once(dev, 'exit') as Promise<[number | null]>;
  dev.kill('SIGINT');
  const [code] = await ended;
  return code === 0 ? [] : [`dev ended with ${code}`];
}
