import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import type { World } from './world.js';

const CLI = fileURLToPath(new URL('../../cli/bin/countersign.mjs', import.meta.url));

async function run(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...process.env, ...env } });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((done) => child.once('close', done)),
  ]);
  return { code, out, err };
}

/** What the commands of docs/tamper-evidence.md do, on all that was stored of a tenant. */
export function recordScenario(open: () => World): void {
  it('is exported, verified without the service and proven, and what was changed in the file is named', async () => {
    const { system, token } = { system: open().system, token: await open().token('audra') };
    const dir = mkdtempSync(path.join(tmpdir(), 'record-'));
    try {
      const file = path.join(dir, 'acme.ndjson');
      const key = path.join(system.dataDir, 'keys/audit/trusted/audit.pub.pem');
      const env = { COUNTERSIGN_URL: system.urls.gateway, COUNTERSIGN_TOKEN: token, TOPIC_PREFIX: system.topicPrefix };
      expect(await run(env, 'audit', 'export', '--out', file)).toMatchObject({ code: 0, out: '' });
      const verify = ['audit', 'verify', file, '--key', key, '--json'];
      const verified = await run(env, ...verify, '--kafka', system.urls.kafka);
      expect({ ...verified, out: JSON.parse(verified.out) as unknown }).toMatchObject({
        code: 0,
        out: { ok: true, findings: [] },
      });
      expect(verified.err).toContain('checkpoints were kept elsewhere');
      const written = readFileSync(file, 'utf8');
      const [, eventId] = /"id":"(evt_[^"]+)"/.exec(written)!;
      expect(await run(env, 'audit', 'prove', eventId!, '--key', key)).toMatchObject({
        code: 0,
        out: expect.stringContaining(eventId!),
      });
      writeFileSync(file, written.replace(`"id":"${eventId}"`, `"id":"${eventId!.slice(0, -1)}_"`));
      const broken = await run(env, ...verify);
      expect({ code: broken.code, out: JSON.parse(broken.out) as unknown }).toMatchObject({
        code: 5,
        out: { ok: false, findings: [{ kind: 'changed', tenant: 'acme' }] },
      });
    } finally {
      rmSync(dir, { recursive: true });
    }
  }, 60_000);
}
