import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, type SystemUrls } from '@countersign/embedded';
import { isAlive, repoRoot } from '@countersign/embedded/places';
import type { ReplayReport } from './policy/replay-report.js';

const bin = path.join(repoRoot(), 'apps/cli/bin/countersign.mjs');
const SETTINGS = /^(KAFKA_|DATABASE_URL|PORT|COUNTERSIGN_|TOPIC_PREFIX|OPENAI_|OIDC_|npm_|INIT_CWD|FORCE_COLOR)/;
const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.test(name)));

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The support desk as built, but for refunds over 10.00 it asks a person. */
function lowerLimit(): string {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'lower-limit-'));
  const built = path.join(repoRoot(), 'libs/workflows/support-desk');
  for (const part of ['package.json', 'dist'])
    fs.cpSync(path.join(built, part), path.join(folder, part), { recursive: true });
  fs.symlinkSync(path.join(repoRoot(), 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  const contract = path.join(folder, 'dist/tools/issue-refund.contract.js');
  fs.writeFileSync(contract, fs.readFileSync(contract, 'utf8').replace("over: '50.00'", "over: '10.00'"));
  return folder;
}

/** The built CLI, as people and scripts run it, on the system `dev` has started: what each verb does, and its exit code. */
describe('countersign', () => {
  let dev: ChildProcess;
  let devOut = '';
  let devErr = '';
  let port: number;
  let line: { urls: SystemUrls; pids: Record<string, number[]>; rows: unknown[] };

  const ended = () => dev.exitCode !== null || dev.signalCode !== null;
  async function eventually<T>(what: () => T | undefined | Promise<T | undefined>): Promise<T> {
    for (const deadline = performance.now() + 240_000; performance.now() < deadline; await delay(100)) {
      const found = await what();
      if (found !== undefined) return found;
    }
    throw new Error(`Waited in vain. dev said:\n${devErr}`);
  }
  const run = (...args: string[]): Ran => {
    const env = {
      ...bare,
      COUNTERSIGN_URL: line.urls.gateway,
      COUNTERSIGN_IDENTITY_URL: line.urls.identity,
      KAFKA_BROKERS: line.urls.kafka,
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { env, encoding: 'utf8' });
    return { code: status, stdout, stderr };
  };
  /** What a verb that must succeed answers. */
  const json = <T>(...args: string[]): T => {
    const ran = run('--json', ...args);
    if (ran.code !== 0) throw new Error(`${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
    return JSON.parse(ran.stdout) as T;
  };

  beforeAll(async () => {
    port = await freePort();
    const argv = [bin, 'dev', '--json', '--no-demo', '--port', String(port)];
    dev = spawn(process.execPath, argv, { env: bare, stdio: ['ignore', 'pipe', 'pipe'] });
    dev.stdout!.on('data', (chunk: Buffer) => (devOut += chunk.toString()));
    dev.stderr!.on('data', (chunk: Buffer) => (devErr += chunk.toString()));
    await eventually(() => (ended() || devOut.includes('\n') ? true : undefined));
    if (ended()) throw new Error(`dev ended with ${dev.exitCode}:\n${devErr}`);
    line = JSON.parse(devOut) as typeof line;
  });
  afterAll(async () => {
    if (ended()) return;
    dev.kill('SIGTERM');
    await once(dev, 'exit');
  });

  it('dev prints one line of JSON once ready: where everything is, and who runs', () => {
    expect(Object.keys(line)).toEqual(['urls', 'pids', 'rows']);
    expect(Object.keys(line.urls).sort()).toEqual(['gateway', 'helpdesk', 'identity', 'kafka', 'model', 'postgres']);
    expect(line.urls.gateway).toBe(`http://127.0.0.1:${port}`);
    expect(line.rows).toEqual([]);
    expect(Object.keys(line.pids)).toEqual(expect.arrayContaining(['policy', 'gateway', 'executor', 'kafka']));
    expect(Object.values(line.pids).flat().every(isAlive)).toBe(true);
    expect(devErr).toMatch(/Apache Kafka \d+\.\d s/);
  });

  it('dev on a port that somebody holds says so in one line, exit 2', () => {
    const ran = run('dev', '--no-demo', '--once', '--port', String(port));
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(new RegExp(`^Port ${port} for gateway is in use[^\n]*\n$`));
  });

  it('dev --secure is of the embedded broker, and says so where another is named, exit 2', () => {
    expect(run('dev', '--secure')).toMatchObject({ code: 2, stderr: expect.stringContaining('KAFKA_BROKERS') });
  });

  it('intents send waits for the reply, intents show shows it again', () => {
    const sent = run(
      'intents',
      'send',
      'Refund 18 € on order ord_1001, it came late.',
      '--as',
      'alice',
      '--wait',
      '60',
    );
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.stdout).toMatch(/outcome +answered/);
    expect(sent.stdout).toMatch(/issue_refund +ended +committed/);
    const id = /int_\w+/.exec(sent.stdout)![0];
    expect(run('intents', 'show', id, '--as', 'alice')).toEqual(sent);
  });

  it('the same key is the same intent', () => {
    const send = () =>
      json<{ intentId: string }>(
        'intents',
        'send',
        'Where is ord_1006?',
        '--as',
        'alice',
        '--key',
        'k1',
        '--session',
        's',
      );
    expect(send()).toEqual(send());
  });

  it('what is denied ends with 6, its state on stdout and the reason on stderr', () => {
    const ran = run('--json', 'actions', 'send', 'delete_everything', '--as', 'alice', '--wait', '60');
    expect(ran.code).toBe(6);
    expect(JSON.parse(ran.stdout)).toMatchObject({ outcome: 'denied', code: 'UNKNOWN_TOOL' });
    expect(ran.stderr).toMatch(/^UNKNOWN_TOOL: [^]*\nNext: /);
  });

  it('a dry run commits nothing', () => {
    const args = JSON.stringify({ orderId: 'ord_1008', amount: '20.00', currency: 'EUR', reason: 'late' });
    const ran = json('actions', 'send', 'issue_refund', '--args', args, '--dry-run', '--as', 'alice', '--wait', '60');
    expect(ran).toMatchObject({ state: 'ended', outcome: 'previewed' });
  });

  it('an approval: seen by who may decide, not by its requester; then the action commits and is explained', async () => {
    const args = JSON.stringify({ orderId: 'ord_1002', amount: '900.00', currency: 'EUR', reason: 'all came back' });
    const asked = json<{ actionId: string; intentId: string }>(
      'actions',
      'send',
      'issue_refund',
      '--args',
      args,
      '--as',
      'alice',
    );
    const item = await eventually(() =>
      json<{ data: { approvalId: string; actionId: string }[] }>(
        'approvals',
        'list',
        '--status',
        'open',
        '--as',
        'bob',
      ).data.find(({ actionId }) => actionId === asked.actionId),
    );
    const shown = run('approvals', 'show', item.approvalId, '--as', 'bob');
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/effect[^]*900[^]*rule +verdict/) });
    const approve = (...more: string[]) => run('approvals', 'approve', item.approvalId, ...more);
    expect(approve('--as', 'bob')).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
    expect(approve('--reason', 'mine', '--as', 'alice').code).toBe(6);
    expect(approve('--reason', 'checked', '--hash', 'another', '--as', 'bob')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('APPROVAL_STALE'),
    });
    expect(approve('--reason', 'checked', '--as', 'bob').code).toBe(0);
    expect(json('actions', 'show', asked.actionId, '--wait', '60', '--as', 'alice')).toMatchObject({
      outcome: 'committed',
    });
    const explained = await eventually(() => {
      const ran = run('explain', asked.actionId, '--as', 'audra');
      return ran.code === 0 && !ran.stdout.includes('Missing:') ? ran.stdout : undefined;
    });
    expect(explained).toMatch(/approved by +[^\n]*bob/);
  });

  it('a rejection is final, and the reply says so', async () => {
    const text = 'Please refund 900 € on order ord_1004, the customer sent everything back.';
    const { intentId } = json<{ intentId: string }>('intents', 'send', text, '--as', 'alice');
    const item = await eventually(() =>
      json<{ data: { approvalId: string; intentId: string }[] }>(
        'approvals',
        'list',
        '--status',
        'open',
        '--as',
        'carol',
      ).data.find((each) => each.intentId === intentId),
    );
    expect(run('approvals', 'reject', item.approvalId, '--reason', 'never arrived', '--as', 'carol').code).toBe(0);
    const state = json('intents', 'show', intentId, '--wait', '60', '--as', 'alice');
    expect(state).toMatchObject({
      state: 'ended',
      actions: expect.arrayContaining([expect.objectContaining({ code: 'APPROVAL_REJECTED' })]),
    });
  });

  it('traces list finds by text, traces show shows every record of one', async () => {
    const listed = await eventually(() => {
      const page = json<{ data: { intentId: string; state: string }[] }>(
        'traces',
        'list',
        '--text',
        'it came late',
        '--as',
        'audra',
      );
      return page.data[0]?.state === 'ended' ? page : undefined;
    });
    expect(listed.data).toHaveLength(1);
    const { stdout, code } = run('traces', 'show', listed.data[0]!.intentId, '--as', 'audra');
    expect(code).toBe(0);
    for (const event of ['intent.accepted', 'action.approved', 'action.committed', 'reply.sent'])
      expect(stdout).toContain(event);
    expect(stdout).not.toContain('Bearer');
  });

  it('policy replay makes what was decided here once more, under the same rules and under a lower limit', () => {
    const replay = (against: string) =>
      json<ReplayReport>('policy', 'replay', '--since', '1h', '--against', against, '--as', 'audra');
    const same = replay('@countersign/support-desk');
    expect(same).toMatchObject({ differs: [], notReplayable: {} });
    expect(same.replayed).toBeGreaterThan(3);
    const folder = lowerLimit();
    try {
      const { differs, sums } = replay(folder);
      expect(differs.map(({ amount, was, would }) => [amount?.amount, was.verdict, would.verdict])).toContainEqual([
        '18.00',
        'approve',
        'escalate',
      ]);
      expect(sums).toMatchObject([{ change: 'approve → escalate' }]);
      const explained = run('policy', 'explain', differs[0]!.actionId, '--package', folder, '--as', 'audra');
      expect(explained.stdout).toMatch(/decision +approved: commit[^]*approve would be escalate: support-lead/);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('parked and in-doubt are for operators', () => {
    expect(run('parked', 'list', '--as', 'sam')).toMatchObject({ code: 0, stdout: 'Nothing is parked.\n' });
    expect(run('parked', 'list', '--as', 'alice')).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('PERMISSION_DENIED'),
    });
    expect(run('parked', 'redrive', 'policy:none', '--as', 'sam')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NOT_FOUND'),
    });
    expect(run('in-doubt', 'list', '--as', 'sam')).toMatchObject({ code: 0, stdout: 'Nothing is in doubt.\n' });
  });

  it('tail prints a line a record, and no token', () => {
    const { code, stdout } = run(
      '--json',
      'tail',
      'intents',
      'decisions',
      'approvals',
      '--from-beginning',
      '--count',
      '12',
    );
    const lines = stdout.trimEnd().split('\n');
    expect({ code, lines: lines.length }).toEqual({ code: 0, lines: 12 });
    expect(JSON.parse(lines[0]!)).toMatchObject({ offset: '0', type: expect.stringMatching(/^countersign\./) });
    expect(stdout).not.toMatch(/Bearer|eyJ/);
  });

  it('token prints a token, and that is all one needs to be somebody', () => {
    const { stdout, code } = run('token', 'sam');
    expect({ code, parts: stdout.trim().split('.').length }).toEqual({ code: 0, parts: 3 });
    expect(run('parked', 'list', '--token', stdout.trim()).code).toBe(0);
    expect(run('token', 'nobody').code).not.toBe(0);
  });

  it('the service account is refused', () => {
    expect(run('intents', 'send', 'Refund 18 €.', '--as', 'assistant')).toMatchObject({ code: 6, stdout: '' });
  });

  it('schema export gives the JSON Schema of an event', () => {
    const schema = json('schema', 'export', '--type', 'countersign.reply.sent.v1');
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false, 'x-topic': 'countersign.replies.v1' });
  });

  it.each([
    [2, 'Who are you?', ['intents', 'show', 'int_1']],
    [2, "unknown option '--nonsense'", ['intents', 'show', 'int_1', '--nonsense']],
    [2, 'unknown command', ['nonsense']],
    [1, 'does not answer', ['parked', 'list', '--token', 't', '--url', 'http://127.0.0.1:1']],
    [2, 'required option', ['tools', 'import-mcp', 'http://127.0.0.1:1/mcp']],
    [2, 'Who are you?', ['audit', 'verify']],
  ])('ends with %i and says "%s"', (code, says, args) => {
    expect(run(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(says) });
  });

  it('dev, told to stop, ends with 0, and nothing it started is left', async () => {
    const running = Object.values(line.pids).flat();
    dev.kill('SIGINT');
    const [code] = (await once(dev, 'exit')) as [number];
    expect(code).toBe(0);
    expect(running.filter(isAlive)).toEqual([]);
    const state = path.join(repoRoot(), '.countersign/current.json');
    const left = fs.existsSync(state) ? fs.readFileSync(state, 'utf8') : '';
    expect(left).not.toContain(line.urls.gateway);
    expect(devOut.trimEnd().split('\n')).toHaveLength(1);
  });
});
