import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from './index.js';
import { Publisher, type Producer } from './kafka.js';
import { ScriptedGateway } from './scripted-gateway.spec-support.js';

interface User {
  accessToken(): Promise<string>;
}

// begin: over HTTP
async function lookUp(orderId: string, user: User, url = 'https://countersign.example.com') {
  const client = new Client({ url, token: () => user.accessToken() });
  const { actionId } = await client.requestAction({
    workflow: 'support-desk',
    session: 's-1',
    tool: 'get_order',
    arguments: { orderId },
  });
  return client.waitForAction(actionId, { timeoutMs: 10_000 });
}
// end

// begin: over Kafka
async function ask(producer: Producer, text: string, user: User, id: string) {
  const publisher = new Publisher(producer, { source: '/services/shop', tenant: 'acme' });
  const intent = { workflow: 'support-desk', session: 's-1', text };
  const { intentId } = await publisher.sendIntent(intent, { token: () => user.accessToken(), id });
  return intentId;
}
// end

describe('the page about the client', () => {
  const source = readFileSync(import.meta.filename, 'utf8');
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/client.md'), 'utf8');
  const user = { accessToken: async () => 'of-the-user' };
  let gateway: ScriptedGateway;
  beforeEach(async () => {
    gateway = await ScriptedGateway.open();
  });
  afterEach(() => gateway.close());

  it.each(['over HTTP', 'over Kafka'])('shows what is asked %s as it stands here', (part) => {
    const from = source.indexOf(`// begin: ${part}`);
    const shown = source.slice(source.indexOf('\n', from), source.indexOf('// end', from));
    expect(page).toContain(`\`\`\`ts\n${shown.trim()}\n\`\`\``);
  });

  it("shows the AI SDK's tools as the example has them", () => {
    const example = readFileSync(path.resolve(import.meta.dirname, '../../../examples/ai-tools.mjs'), 'utf8');
    const shown = example.slice(example.indexOf('const get_order'), example.indexOf('for (const { toolResults }'));
    expect(page).toContain(`\`\`\`js\n${shown.trim()}\n\`\`\``);
  });

  it('shows what works', async () => {
    const action = { actionId: 'act_1', intentId: 'int_1', state: 'ended', outcome: 'read' };
    gateway.answers({ status: 202, body: { ...action, session: 's-1' } }, { status: 200, body: action });
    expect(await lookUp('ord_1001', user, gateway.url)).toMatchObject({ outcome: 'read' });
    const sent: unknown[] = [];
    expect(await ask({ send: async (record) => sent.push(record) }, 'Where is it?', user, 'order-7')).toMatch(/^int_/);
    expect(sent).toHaveLength(1);
  });
});
