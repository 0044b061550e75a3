import { expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { decideOn } from './decided.js';
import type { World } from './world.js';

/** An agent with an unmodified MCP client. */
export function mcpScenario(open: () => World): void {
  const connect = async (user: string) => {
    const client = new Client({ name: 'e2e', version: '1.0.0' });
    const url = new URL(`${open().system.urls.gateway}/mcp?workflow=support-desk`);
    const headers = { authorization: `Bearer ${await open().token(user)}` };
    const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
    await client.connect(transport as Parameters<Client['connect']>[0]);
    return client;
  };
  const refund = (orderId: string, amount: string) => ({
    name: 'issue_refund',
    arguments: { orderId, amount, currency: 'EUR', reason: 'late delivery' },
  });

  it('lists the tools and calls one', async () => {
    const client = await connect('alice');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('issue_refund');
    expect(await client.callTool(refund('ord_14013', '4.00'))).toMatchObject({
      structuredContent: { state: 'ended', outcome: 'committed' },
    });
    await client.close();
  });

  it('is refused what its roles may not call', async () => {
    const client = await connect('ruth');
    expect(await client.callTool(refund('ord_14014', '4.00'))).toMatchObject({
      isError: true,
      structuredContent: { code: 'PERMISSION_DENIED', nextStep: expect.any(String) },
    });
    await client.close();
  });

  it.each<['approve' | 'reject', string, object]>([
    ['approve', 'ord_14015', { outcome: 'committed' }],
    ['reject', 'ord_14016', { outcome: 'denied', code: 'APPROVAL_REJECTED' }],
  ])('waits for a person, who says %s, and gets what came of it', async (decision, order, ended) => {
    const client = await connect('alice');
    const { structuredContent } = await client.callTool(refund(order, '60.00'));
    expect(structuredContent).toMatchObject({ state: 'waiting', code: 'NEEDS_APPROVAL' });
    const { actionId, approvalId } = structuredContent as { actionId: string; approvalId: string };
    await decideOn(await open().person('bob'), approvalId, decision);
    const told = await client.callTool({ name: 'countersign_await_action', arguments: { actionId } });
    expect(told).toMatchObject({ structuredContent: { state: 'ended', ...ended } });
    expect(told.isError ?? false).toBe(decision === 'reject');
    await client.close();
  });
}
