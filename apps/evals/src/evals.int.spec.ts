import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { EXIT_CODES, parseRunReport, verifyRelease, type Verdict } from '@countersign/evals';
import { KeyRing } from '@countersign/signing';
import { engineUrl, freePort } from '@countersign/testing';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const WHOLE_MS = 120_000;

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  verdict: string | undefined;
}

/** The process, as CI runs it. */
function evals(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const main = path.join(ROOT, 'apps/evals/dist/main.js');
  const settings = { PATH: process.env['PATH'] ?? '', DATABASE_URL: engineUrl('postgres'), ...env };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { env: settings, cwd: ROOT, maxBuffer: 1 << 28 },
      (error, stdout, stderr) => {
        const last = stdout.trimEnd().split('\n').at(-1) ?? '';
        const code = error ? Number(error.code) : 0;
        resolve({ code, stdout, stderr, verdict: /^verdict: (\w+)$/.exec(last)?.[1] });
      },
    );
  });
}

/** Guarantee 1 of main.ts. */
const expectVerdict = ({ code, verdict, stderr }: Ended, expected: Verdict) =>
  expect({ verdict, code, stderr: verdict === expected ? '' : stderr }).toEqual({
    ...{ verdict: expected, code: EXIT_CODES[expected], stderr: '' },
  });

/** The shipped workflow with other cases beside it. */
function packageOf(cases: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'evals-'));
  const built = path.relative(dir, path.join(ROOT, 'libs/workflows/support-desk/dist'));
  const exports = { '.': { default: `${built}/index.js` }, './tools': { default: `${built}/tools.js` } };
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name: 'trial', type: 'module', exports }));
  mkdirSync(path.join(dir, 'evals'));
  if (cases) writeFileSync(path.join(dir, 'evals', 'trial.evals.yaml'), cases);
  return dir;
}

const refund = (title: string, expected: string) => `
  - title: ${title}
    steps:
      - action: { by: alice, tool: issue_refund, arguments: { orderId: ord_1001, amount: '18.00', currency: EUR, reason: Late. } }
    expect:
      effects: [ ${expected} ]`;
const PAID = "{ kind: refund, amount: '18.00' }";

describe('the runner', () => {
  const dirs: string[] = [];
  const run = async (cases: string, args: string[] = [], env: Record<string, string> = {}) => {
    const dir = packageOf(cases && `workflow: support-desk\ncases:${cases}\n`);
    dirs.push(dir);
    return evals(['--no-boundary', ...args], { COUNTERSIGN_WORKFLOWS: dir, ...env });
  };
  let keyFile: string;
  const ring = new KeyRing();
  beforeAll(() => {
    const dir = mkdtempSync(path.join(tmpdir(), 'evals-key-'));
    dirs.push(dir);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    keyFile = path.join(dir, 'release.pem');
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    ring.add('release', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  });
  afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

  it(
    'passes all cases that are shipped and all that are made of the permission map, and signs what releases them',
    async () => {
      const report = path.join(path.dirname(keyFile), 'report.json');
      const ended = await evals(['--report', report, '--key', keyFile]);
      if (ended.code !== 0) throw new Error(ended.stdout);
      expectVerdict(ended, 'pass');
      const run = parseRunReport(readFileSync(report, 'utf8'), report);
      const [of] = run.workflows;
      expect(verifyRelease(ring, of!.workflow, of!.release!)).toMatchObject({ ok: true });
    },
    WHOLE_MS,
  );

  it('is never green where a case fails, the target is away, or there is no case, and a part of them releases nothing', async () => {
    const report = path.join(path.dirname(keyFile), 'part.json');
    const away = { HELPDESK_URL: `http://127.0.0.1:${await freePort()}`, HELPDESK_FIXTURES_TOKEN: 'nobody-is-at-home' };
    const less = refund('It pays less', "{ kind: refund, amount: '17.00' }");
    const [failing, part, down, broken, none] = await Promise.all([
      run(less + refund('It pays', PAID)),
      run(refund('It pays', PAID), ['--report', report, '--key', keyFile]),
      run(refund('It pays', PAID), [], away),
      run(refund('It expects nothing', '').replace(/expect:[^]*/, 'expect: {}')),
      run(''),
    ]);
    expectVerdict(failing, 'fail');
    expect(failing.stdout).toContain('expected the effect refund');
    expectVerdict(part, 'pass');
    expect(parseRunReport(readFileSync(report, 'utf8'), report).workflows[0]).not.toHaveProperty('release');
    expectVerdict(down, 'error');
    expect(down.stdout).toContain('helpdesk does not answer');
    expectVerdict(broken, 'error');
    expect(broken.stderr).toContain('evals/trial.evals.yaml');
    expectVerdict(none, 'error');
  });

  it('says what a command line means that means nothing', async () => {
    const { code, verdict, stderr } = await evals(['--model', 'guessed']);
    expect([code, verdict]).toEqual([2, undefined]);
    expect(stderr).toContain('--model is one of recorded, stand-in, live');
  });
});
