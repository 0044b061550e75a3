import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, testDatabase, until, type TestDatabase } from '@countersign/testing';
import { loadDirectories, loadTools } from '@countersign/workflow-kit';
import { httpTarget, toolContractSuite } from '@countersign/tool-sdk/testing';
import { writeWorkflow } from './workflow-template.js';

const HELPDESK = path.resolve(import.meta.dirname, '../../helpdesk/dist/main.js');
const TOKENS = { acme: 'a-token-of-acme-0001', globex: 'a-token-of-globex-01' };

const root = fs.mkdtempSync(path.join(tmpdir(), 'workflow-new-'));
const { folder } = writeWorkflow('box-desk', path.join(root, 'box'));
const tools = await loadTools([folder]);

/** What `workflow new` writes holds on the real helpdesk all that a tool has to. */
describe('the tools of a new workflow', () => {
  let database: TestDatabase;
  let helpdesk: ChildProcess;
  let url: string;

  beforeAll(async () => {
    fs.mkdirSync(path.join(root, 'helpdesk'));
    for (const [tenant, token] of Object.entries(TOKENS))
      fs.writeFileSync(path.join(root, 'helpdesk', `${tenant}.token`), token);
    database = await testDatabase();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const env = { DATABASE_URL: database.url, HELPDESK_TOKENS_DIR: root, PORT: String(port), LOG_LEVEL: 'error' };
    helpdesk = spawn(process.execPath, [HELPDESK], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'helpdesk' });
  });
  afterAll(async () => {
    if (helpdesk?.kill()) await once(helpdesk, 'exit');
    await database?.drop();
    fs.rmSync(root, { recursive: true });
  });

  const trial = () => ({
    tenant: 'acme',
    actor: 'alice',
    target: (key: string | undefined) => httpTarget({ url, token: TOKENS.acme, actor: 'alice', key }),
    state: async () => (await fetch(`${url}/ledger`)).text(),
  });
  const ticket = { orderId: 'ord_1001', subject: 'Wet box', body: 'It stood in the rain.', urgency: 'normal' };

  for (const tool of tools.values()) {
    toolContractSuite(tool, () => ({
      ...trial(),
      arguments: () => (tool.contract.effect === 'read' ? { orderId: ticket.orderId } : ticket),
      others: (args) => ({ ...args, urgency: 'urgent' }),
    }));
  }

  it('know who people are now', async () => {
    const directory = (await loadDirectories([folder])).get('box-desk')!;
    const context = {
      ...trial(),
      target: trial().target(undefined),
      signal: AbortSignal.timeout(10_000),
      mayTouchRestricted: false,
      now: () => new Date(),
    };
    expect(await directory(context, 'alice')).toMatchObject({
      roles: ['support-agent'],
      active: true,
      read: { type: 'member', id: 'alice' },
    });
    expect(await directory(context, 'nobody')).toBeUndefined();
  });

  it("say of another tenant's order what they say of none, and tell audit alone", async () => {
    const context = { ...trial(), target: trial().target(undefined), signal: AbortSignal.timeout(10_000) };
    const refusalOf = (orderId: string) =>
      tools.get('box-desk/get_order')!.read!(
        { ...context, mayTouchRestricted: false, now: () => new Date() },
        { orderId },
      ).catch((error: object) => ({ ...error }));
    const absent = { code: 'NOT_FOUND', detail: 'helpdesk has no such record' };
    expect(await refusalOf('ord_9')).toMatchObject({ ...absent, auditCode: undefined });
    expect(await refusalOf('ord_2001')).toMatchObject({ ...absent, auditCode: 'TENANT_MISMATCH' });
  });
});
