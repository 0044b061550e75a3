import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { markAwaits } from '../crash-points/mark-awaits.js';
import { deathsAt, type Plan } from '../crash-points/plan.js';
import { defenceNamed } from '../defences/defences.js';
import { ROOT } from './rewriting.js';

const hook = (name: string) => `--import=${path.join(ROOT, `apps/e2e/dist/faults/hooks/${name}.js`)}`;
const hookWithout = (...names: string[]) => {
  const query = names.map((name) => `without=${encodeURIComponent(name)}`).join('&');
  return `--import=${pathToFileURL(path.join(ROOT, 'apps/e2e/dist/faults/hooks/without.js')).href}?${query}`;
};
const TOY = `const one = async (n) => n + 1;
let sum = await one(1);
for await (const n of [one(10), one(20)]) sum += n;
console.log(sum);`;

describe('a process that is to die at its awaits', () => {
  let folder: string;
  let toy: string;
  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), 'countersign-toy-')));
    toy = path.join(folder, 'toy.mjs');
    fs.writeFileSync(toy, TOY);
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  const planned = (plan: Omit<Plan, 'files'>) => {
    fs.writeFileSync(path.join(folder, 'marked'), markAwaits(toy, TOY, 0).code);
    const files = { [path.relative(ROOT, toy)]: 'marked' };
    fs.writeFileSync(path.join(folder, 'plan.json'), JSON.stringify({ files, ...plan }));
    fs.writeFileSync(path.join(folder, 'deaths'), '');
  };
  const run = () => {
    const env = { ...process.env, COUNTERSIGN_CRASH_PLAN: folder };
    const { signal, stdout, stderr } = spawnSync(process.execPath, [hook('crash'), toy], { env, encoding: 'utf8' });
    return signal ?? (stdout || stderr).trim();
  };
  const deaths = () => Object.fromEntries(deathsAt(fs.readFileSync(path.join(folder, 'deaths'), 'utf8')));

  it('dies at each of them as often as is said, in their order, and then does what it always did', () => {
    planned({ times: 2, spared: [], young: 0 });
    const ends = Array.from({ length: 9 }, run);
    expect(ends).toEqual([...Array.from({ length: 8 }, () => 'SIGKILL'), '34']);
    expect(deaths()).toEqual({ '0b': 2, '0a': 2, '1b': 2, '1a': 2 });
  });

  it('passes by what comes before it is well under way, every other time', () => {
    planned({ times: 1, spared: [], young: 2 });
    const ends = Array.from({ length: 5 }, run);
    expect(ends).toEqual([...Array.from({ length: 4 }, () => 'SIGKILL'), '34']);
    expect(fs.readFileSync(path.join(folder, 'deaths'), 'utf8')).toBe('0b\n1b\n0a\n1a\n');
  });

  it('passes by what is spared', () => {
    planned({ times: 1, spared: ['0b', '0a', '1b'], young: 0 });
    expect([run(), run()]).toEqual(['SIGKILL', '34']);
    expect(deaths()).toEqual({ '1a': 1 });
  });
});

describe('a process without a defence', () => {
  const loaded = (name: string) => {
    const built = path.join(ROOT, 'libs/messaging/dist/committer.js');
    const code = `const { Committer } = await import('${built}'); console.log(/addOutbox/.test(Committer.prototype.commit));`;
    const argv = [hookWithout(name), '--input-type=module', '-e', code];
    const { stdout, stderr, status } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : stderr;
  };

  it('is loaded with its text gone', () => {
    expect([loaded(''), loaded('jti'), loaded('outbox row')]).toEqual(['true', 'true', 'false']);
  });

  it('is not started where nobody knows the defence', () => {
    expect(loaded('luck')).toContain('there is no defence "luck"');
  });
});

describe('an eval run without defences', () => {
  /** One in the runner, one in the system of record that it starts. */
  const names = [
    'edge case 6: what is paid for keeps its customer',
    'edge case 8: nobody changes their own roles',
  ] as const;
  const suites = names.flatMap((name) => defenceNamed(name).caughtBy).filter((one) => one.suite === 'evals');

  it('fails in the cases that rest on them, and in no other', () => {
    const cases = suites.flatMap(({ fails, holds }) => ['--case', fails, '--case', holds]);
    const argv = [path.join(ROOT, 'apps/evals/dist/main.js'), '--no-boundary', '--json', ...cases];
    const env = { ...process.env, NODE_OPTIONS: hookWithout(...names) };
    const { stdout, status } = spawnSync(process.execPath, argv, { env, encoding: 'utf8' });
    const [report = ''] = stdout.split('\n');
    const { results } = JSON.parse(report) as { results: { title: string; verdict: string }[] };
    expect(new Map(results.map(({ title, verdict }) => [title, verdict]))).toEqual(
      new Map([...suites.map(({ fails }) => [fails, 'fail'] as const), [suites[0]!.holds, 'pass'] as const]),
    );
    expect(status).toBe(3);
  });
});
