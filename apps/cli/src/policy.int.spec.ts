import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repoRoot } from '@countersign/embedded/places';
import { approved, denied, escalated } from './policy/pay-desk.fixture.js';
import type { StoredRecord } from './policy/decisions.js';
import type { ReplayReport } from './policy/replay-report.js';

const MAIN = path.resolve(import.meta.dirname, '../dist/main.js');

const WORKFLOW = `import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { allow, defineRule, pass } from '@countersign/policy-kit';
import { defineToolContract } from '@countersign/tool-sdk';
import { defineWorkflow } from '@countersign/workflow-kit';
const word = classified('internal', z.string());
const pay = defineToolContract({
  ...{ name: 'pay', version: '1.0.0', description: 'Pays.', effect: 'write', class: 'A', reversible: false, target: 'bank' },
  input: z.strictObject({ amount: word, currency: word }), output: z.object({ id: word }),
  permissions: { roles: ['clerk'], approvals: { amount: { when: 'over 50.00', over: '50.00', roles: ['boss'] } } },
  blast: ({ amount, currency }) => ({ amount: { amount, currency }, records: 1, affected: [] }),
});
const pays = defineRule({ name: 'pays', title: 'Pays', decide: ({ arguments: { amount } }) => Number(amount) <= MOST ? allow('at most MOST') : pass('over MOST') });
export default defineWorkflow({
  ...{ name: 'pay-desk', version: '1.0.0', title: 'Pay desk', prompt: 'Pay.', roles: ['clerk'], tools: [pay], rules: [pays] },
  model: { temperature: 0, maxTurns: 1, tokenBudget: 1, timeoutMs: 1 },
  ...{ limits: { amountPerAction: { EUR: '1000.00' }, recordsPerAction: 1 }, approval: { expiresInMs: 1 } },
});
`;
const CASES = (decision: string) => `rule: pays
cases:
  - title: Ten are paid
    given: { tool: pay, arguments: { amount: "10.00", currency: EUR } }
    expect: { rule: allow, decision: ${decision} }
`;

describe('the rules, from the command line', () => {
  const root = fs.mkdtempSync(path.join(tmpdir(), 'policy-cli-'));
  const traces = new Map<string, StoredRecord[]>();
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer(({ url: asked = '' }, response) => {
      const { pathname, searchParams } = new URL(asked, 'http://x');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(pathname, searchParams)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    fs.symlinkSync(path.join(repoRoot(), 'node_modules'), path.join(root, 'node_modules'), 'junction');
    const records = (amount: string) => [approved({ arguments: { amount, currency: 'EUR' } })];
    traces.set('int_1', records('18.00'));
    traces.set('int_2', records('40.00'));
    traces.set('int_3', [escalated()]);
    traces.set('int_4', [denied({ code: 'KILLED', rules: [], facts: {} })]);
    traces.set('int_5', [approved({ facts: {} })]);
  });
  afterAll(() => {
    server.close();
    fs.rmSync(root, { recursive: true });
  });

  /** Two traces a page, as audit lists and shows them; of another workflow and without an action too. */
  function answer(pathname: string, query: URLSearchParams): unknown {
    const trace = pathname.replace('/v1/traces/', '');
    if (pathname.startsWith('/v1/actions/')) return { intentId: 'int_3' };
    if (traces.has(trace)) return { records: traces.get(trace) };
    const lines = [...traces.keys()].map((intentId) => ({ intentId, workflow: 'pay-desk', actions: [{}] }));
    lines.push(
      { intentId: 'none', workflow: 'pay-desk', actions: [] },
      { intentId: 'other', workflow: 'x', actions: [{}] },
    );
    const from = Number(query.get('cursor') ?? 0);
    return { data: lines.slice(from, from + 2), nextCursor: from + 2 < lines.length ? String(from + 2) : null };
  }

  function folder(name: string, most: string, decision?: string): string {
    const dir = path.join(root, name);
    fs.mkdirSync(dir, { recursive: true });
    const manifest = { name, version: '1.0.0', type: 'module', exports: { '.': './index.js' } };
    fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify(manifest));
    fs.writeFileSync(path.join(dir, 'index.js'), WORKFLOW.replaceAll('MOST', most));
    if (decision) fs.writeFileSync(path.join(dir, 'pays.cases.yaml'), CASES(decision));
    return dir;
  }

  async function run(...argv: string[]) {
    const env = { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'a.b.c' };
    const child = spawn(process.execPath, [MAIN, 'policy', ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (err += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    return { code, out, err };
  }

  it('test says of each case what became of it, and ends with the count', async () => {
    const right = await run('test', folder('right', '50', 'approve'));
    expect(right).toMatchObject({ code: 0, err: '' });
    expect(right.out.trim().split('\n').slice(1)).toEqual(['ok      pays: Ten are paid', '1 passed, 0 failed']);
    const wrong = await run('test', folder('wrong', '50', 'deny'));
    expect(wrong.code).toBe(3);
    expect(wrong.out).toMatch(
      /FAILED {2}pays: Ten are paid\n +decided: expected deny, found approve .*\n0 passed, 1 failed\n$/,
    );
  });

  it.each([
    ['a rule without a case', () => folder('bare', '50'), 'No case is of: pays.'],
    ['a package that does not load', () => folder('broken', '}'), 'does not load: '],
    ['a package that is not there', () => path.join(root, 'nowhere'), 'does not load: cannot load'],
    ['a case that says nothing', () => folder('odd', '50', '[]'), 'cases.0.expect.decision'],
  ])('test is not complete with %s', async (_, from, says) => {
    const { code, err } = await run('test', from());
    expect(code).toBe(7);
    expect(err).toContain(says);
    expect(err).toMatch(/^[^\n]+\nNext: [^\n]+\n$/);
  });

  it('explain shows a case as if it had been decided, without a system', async () => {
    const dir = folder('shown', '5', 'deny');
    const { code, out } = await run('explain', '--case', path.join(dir, 'pays.cases.yaml'), '--package', dir);
    expect(code).toBe(0);
    expect(out).toMatch(
      /decision +deny\ncode +PERMISSION_DENIED\ndetail +no rule allows pay here\nnext step +Ask someone/,
    );
    expect(out).toMatch(/pays +pass +over 5\n/);
    expect(out).toMatch(/as expected +no: the rule says: expected allow, found pass\n/);
  });

  it('explain tells every decision on an action, and what the loaded rules would say now', async () => {
    const same = await run('explain', 'act_1', '--package', folder('right', '50'));
    expect(same.code).toBe(0);
    expect(same.out).toMatch(/decision +escalated\nasked are +1 of boss, until .*\n/);
    expect(same.out).toMatch(/permission-map +escalate +amount: over 50.00\n/);
    expect(same.out).toMatch(/preview +\{"left":"1.00"\}\n/);
    expect(same.out).toMatch(/Now, by .* the rules would say the same, escalate: boss\.\n$/);
  });

  it('replay lists what would differ, with sums, and fails only if it is told to', async () => {
    const dir = folder('lower', '20');
    const { code, out, err } = await run('replay', '--since', '7d', '--against', dir);
    expect(code).toBe(0);
    expect(out).toMatch(/pay +alice +40.00 EUR +approve +deny: PERMISSION_DENIED +pays: allow → pass \(over 20\)/);
    expect(out).toMatch(/approve → deny +1 +40.00 EUR\n/);
    expect(out).toMatch(
      /not replayable +the facts its rules looked at were not kept 1\nnot decided by rules +KILLED 1\n/,
    );
    expect(out).toMatch(/\n3 decisions made once more, 1 would differ\n$/);
    expect(err.trim().split('\n')).toHaveLength(4);
    const gate = await run('replay', '--since', '2026-01-01T00:00:00Z', '--against', dir, '--fail-on-change', '--json');
    expect(gate.code).toBe(3);
    expect(JSON.parse(gate.out) as ReplayReport).toMatchObject({ replayed: 3, differs: [{ actionId: 'act_1' }] });
  });

  it('replay says in one line what it cannot do', async () => {
    expect(await run('replay', '--since', '7d', '--against', folder('broken', '}'))).toMatchObject({
      code: 7,
      out: '',
    });
    expect(await run('replay', '--since', 'soon', '--against', folder('right', '50'))).toMatchObject({
      code: 2,
      out: '',
    });
  });
});
