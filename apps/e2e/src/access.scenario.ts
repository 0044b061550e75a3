import { expect, it } from '@jest/globals';
import type { World } from './world.js';

const refund = (subject: string, amount: string) => ({
  subject: { type: 'user', id: subject },
  action: { name: 'issue_refund', properties: { reason: 'late delivery' } },
  resource: { type: 'order', id: 'ord_14977', properties: { amount, currency: 'EUR' } },
  context: { workflow: 'support-desk' },
});

/** A program that knows AuthZEN alone, and asks before it offers something. */
export function accessScenario(open: () => World): void {
  const endpoints = async () => {
    const found = await fetch(`${open().system.urls.gateway}/.well-known/authzen-configuration`);
    return (await found.json()) as Record<'access_evaluation_endpoint' | 'access_evaluations_endpoint', string>;
  };
  const ask = async (url: string, user: string, body: object) => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await open().token(user)}`,
      'x-request-id': 'e2e-1',
    };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, id: answer.headers.get('x-request-id'), body: await answer.json() };
  };

  it('is told by one who finds the way alone what would be done at once, and what a person decides', async () => {
    const { access_evaluation_endpoint: url } = await endpoints();
    expect(await ask(url, 'alice', refund('alice', '18.00'))).toMatchObject({
      ...{ status: 200, id: 'e2e-1' },
      body: { decision: true, context: { tool: 'issue_refund' } },
    });
    expect(await ask(url, 'alice', refund('alice', '900.00'))).toMatchObject({
      ...{ status: 200, id: 'e2e-1' },
      body: { decision: false, context: { code: 'NEEDS_APPROVAL' } },
    });
  });

  it('is told nothing of another tenant, and does nothing', async () => {
    const { access_evaluations_endpoint: url } = await endpoints();
    const { action, resource, context } = refund('alice', '18.00');
    const evaluations = ['erin', 'alice'].map((id) => ({ subject: { type: 'user', id } }));
    const { body } = await ask(url, 'erin', { action, resource, context, evaluations });
    const unknown = { decision: false, context: expect.objectContaining({ code: 'NOT_FOUND' }) };
    expect(body).toEqual({ evaluations: [expect.objectContaining({ decision: true }), unknown] });
    expect((await open().helpdesk.ledger()).filter(({ record }) => record === 'ord_14977')).toEqual([]);
  });
}
