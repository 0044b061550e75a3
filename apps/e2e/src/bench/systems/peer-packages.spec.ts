import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { peersInstalled, PeersMissing, peersSource, restateServer } from './peer-packages.js';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peers-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

it('without a registry it says in one line, by a code, what is missing and what to do', async () => {
  // A port that nobody listens on, and a cache that holds nothing.
  const env = {
    ...process.env,
    npm_config_registry: 'http://127.0.0.1:1/',
    npm_config_cache: path.join(folder, 'cache'),
  };
  const missing = await peersInstalled(() => undefined, { folder, env }).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(PeersMissing);
  const { message } = missing as Error;
  expect(message).toMatch(/^PEERS_NOT_INSTALLED: .*make the npm registry reachable/);
  expect(message).not.toContain('\n');
  expect(fs.existsSync(path.join(folder, 'complete'))).toBe(false);
}, 30_000);

it('a platform that Restate has no server for is named', () => {
  expect(() => restateServer(folder)).toThrow(/^RESTATE_NOT_AVAILABLE: .*; run the bench on Linux or macOS$/);
});

it('the lock of the peers holds a digest of each package and no address', () => {
  const lock = fs.readFileSync(path.join(peersSource(), 'package-lock.json'), 'utf8');
  expect(lock).not.toContain('"resolved": "http');
  expect(lock.match(/"integrity": "sha512-/g)!.length).toBeGreaterThan(20);
});

it('no peer is in the lock of what is shipped', () => {
  const lock = fs.readFileSync(path.join(peersSource(), '../../package-lock.json'), 'utf8');
  expect(lock).not.toMatch(/node_modules\/@(restatedev|dbos-inc)\//);
});
