import { spawn } from 'node:child_process';
import path from 'node:path';
import { repoRoot } from '@countersign/embedded/places';
import type { Finding } from './finding.js';

/** Searches and a long trace over a store of so many events, by audit's own command: on engines and a service of its own. */
export async function auditScale(events: number, say: (text: string) => void): Promise<Finding> {
  const command = path.join(repoRoot(), 'apps/audit/dist/scale/main.js');
  const child = spawn(process.execPath, [command, '--events', String(events)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => say(text.trim()));
  const status = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done));
  console.log(printed);
  const flaws = [...printed.matchAll(/^FAILED: (.*)$/gm)].map(([, flaw]) => flaw!);
  const broken = status !== 0 && flaws.length === 0;
  const cost = /found by .*$/m.exec(printed)?.[0] ?? 'not measured';
  const pace = /^verify: (.*)$/m.exec(printed)?.[1] ?? 'not measured';
  return {
    figures: { events, 'insert, µs a record and against its records alone': cost, 'verified from an export': pace },
    flaws: broken ? [`its command ended with ${status}`] : flaws,
  };
}
