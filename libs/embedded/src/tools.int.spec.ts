import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './ports.js';
import { repoRoot } from './repo-root.js';

interface UpToDate {
  isInstalled(root: string): boolean;
  isBuilt(root: string): boolean;
  markBuilt(root: string, stamp: string): void;
  sourceStamp(root: string): string;
}

describe('the bootstrap', () => {
  const run = (...argv: string[]): ChildProcess =>
    spawn(process.execPath, [path.join(repoRoot(), 'tools/bootstrap.mjs'), ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it("gives the command's exit code, and keeps stdout for the command", async () => {
    const child = run('node', '-e', `console.log('mine'); process.exit(7)`);
    const [out] = (await once(child.stdout!, 'data')) as [Buffer];
    expect(out.toString()).toBe('mine\n');
    expect((await once(child, 'exit'))[0]).toBe(7);
  });

  it('hands signals on', async () => {
    const child = run(
      'node',
      '-e',
      `process.on('SIGTERM', () => process.exit(9)); console.log('up'); setInterval(() => 0, 1000)`,
    );
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(9);
  });

  it('ends the command when it is killed itself', async () => {
    const child = run('node', '-e', 'console.log(process.pid); setInterval(() => 0, 1000)');
    const [out] = (await once(child.stdout!, 'data')) as [Buffer];
    child.kill('SIGKILL');
    for (const deadline = performance.now() + 10_000; isAlive(Number(out)); await delay(20)) {
      expect(performance.now()).toBeLessThan(deadline);
    }
  });
});

describe('what is up to date', () => {
  let root: string;
  let tools: UpToDate;
  beforeEach(async () => {
    tools = (await import(pathToFileURL(path.join(repoRoot(), 'tools/up-to-date.mjs')).href)) as UpToDate;
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'root-'));
    write('tsconfig.json', { references: [{ path: './libs/a' }] });
    write('tsconfig.base.json', {});
    write('package-lock.json', {
      packages: { '': {}, 'node_modules/x': { version: '1' }, 'node_modules/y': { optional: true, version: '1' } },
    });
    write('libs/a/src/a.ts', 'a');
    write('libs/a/dist/.tsbuildinfo', {});
    write('apps/b/src/b.ts', 'b');
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));
  const write = (file: string, content: unknown): void => {
    const at = path.join(root, file);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    fs.writeFileSync(at, JSON.stringify(content));
  };
  const installed = (packages: object): boolean => {
    write('node_modules/.package-lock.json', { packages });
    return tools.isInstalled(root);
  };

  it('is installed what the lock says, save what is for another platform', () => {
    expect(tools.isInstalled(root)).toBe(false);
    expect(installed({})).toBe(false);
    expect(installed({ 'node_modules/x': { version: '2' } })).toBe(false);
    expect(installed({ 'node_modules/x': { version: '1' } })).toBe(true);
    expect(installed({ 'node_modules/x': { version: '1' }, 'node_modules/y': { version: '2' } })).toBe(false);
  });

  it.each(['libs/a/src/a.ts', 'apps/b/src/new.ts', 'libs/a/package.json', 'tsconfig.base.json'])(
    'is not built what was built before %s changed',
    (file) => {
      tools.markBuilt(root, tools.sourceStamp(root));
      expect(tools.isBuilt(root)).toBe(true);
      write(file, 'another text');
      expect(tools.isBuilt(root)).toBe(false);
    },
  );

  it('is not built what has no output', () => {
    tools.markBuilt(root, tools.sourceStamp(root));
    fs.rmSync(path.join(root, 'libs/a/dist'), { recursive: true });
    expect(tools.isBuilt(root)).toBe(false);
  });
});
