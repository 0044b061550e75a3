import { expect } from '@jest/globals';
import { z } from 'zod';
import { classified, EVENTS, type EventDraft, type RecordRead } from '@countersign/contracts';
import { defineTool, defineToolContract, type Tool, type ToolContract } from '@countersign/tool-sdk';
import { decideEnding } from './decide.js';
import { aboutOf, givenRow, givenWarrant, NOW } from './given.spec-support.js';
import { NotedRound, Surroundings } from './round.spec-support.js';
import type { Ending, Warrant } from './state.js';

const field = classified('internal', z.string());
export const read: RecordRead = { system: 'desk', type: 'order', id: 'ord_1', version: '2', at: NOW.toISOString() };
const input = z.strictObject({ orderId: field, amount: field, currency: field, reason: field });

/** `issue_refund` of which single parts are changed. */
export function refund(change: Partial<Tool> = {}, contract: Partial<ToolContract> = {}): Tool {
  return defineTool({
    contract: defineToolContract({
      name: 'issue_refund',
      version: '1.0.0',
      description: 'Of a test.',
      effect: 'write',
      class: 'A',
      keyLifetimeMs: 24 * 3_600_000,
      reversible: true,
      target: 'desk',
      input,
      output: z.object({ refundId: field }),
      permissions: { roles: ['support-agent', 'lead'], restricted: ['lead'] },
      ...contract,
    }),
    preview: () => Promise.resolve({ effect: { amount: '18.00' }, basis: {}, recordsRead: [read] }),
    async commit({ target }, args) {
      const { body } = await target.request({ method: 'POST', path: '/refunds', body: args as Record<string, string> });
      return { result: body as { refundId: string }, recordsRead: [], recordsChanged: [] };
    },
    async lookup({ target }) {
      const { body } = await target.request({ method: 'GET', path: '/lookup' });
      const outcome = { result: body as { refundId: string }, recordsRead: [], recordsChanged: [] };
      return { found: 'committed', outcome };
    },
    ...change,
  });
}

/** One call of one tool, from its warrant to what is published of it. */
export class OneCall extends Surroundings {
  /** All that was stored of it. */
  written = '';

  async perform(tool: Tool, change: Partial<Warrant> = {}, row: Parameters<typeof givenRow>[1] = {}): Promise<Ending> {
    this.round = new NotedRound();
    const warrant = givenWarrant(change);
    await this.executor([tool]).perform([givenRow(warrant, row)], this.round);
    const { ending } = this.round;
    if (ending === undefined || typeof ending === 'string') throw new Error(`it has not ended: ${ending}`);
    this.written = JSON.stringify([...this.round.ended.values()]);
    expectPublishable(ending, warrant);
    return ending;
  }
}

function expectPublishable(ending: Ending, warrant: Warrant): void {
  const about = aboutOf(warrant);
  const [effect] = decideEnding(givenRow(warrant), { ending, about, attempts: 1 }, { get: () => undefined }, NOW);
  const { event } = effect as { event: EventDraft };
  expect(EVENTS[event.type].data.safeParse(event.data)).toMatchObject({ success: true });
}
