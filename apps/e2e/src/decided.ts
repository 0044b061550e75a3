import { expect } from '@jest/globals';
import type { Person } from '@countersign/demo';
import { until } from '@countersign/testing';

/** An item of the queue as somebody sees it. It comes into the queue a moment after its requester heard that a person decides. */
export interface ShownItem {
  actionHash: string;
  preview: { effect: object };
}

export const itemShown = (person: Person, approvalId: string): Promise<ShownItem> =>
  until(
    async () => {
      const { status, body } = await person.call('GET', `/v1/approvals/${approvalId}`);
      return status === 200 && (body as ShownItem);
    },
    { what: `the item ${approvalId}` },
  );

/** Somebody looks at an item and decides on what they saw. */
export async function decideOn(person: Person, approvalId: string, decision: 'approve' | 'reject'): Promise<ShownItem> {
  const item = await itemShown(person, approvalId);
  const answer = { decision, actionHash: item.actionHash, reason: 'as asked' };
  const { status, body } = await person.call('POST', `/v1/approvals/${approvalId}/decisions`, answer);
  expect({ status, body: status === 200 ? {} : body }).toEqual({ status: 200, body: {} });
  return item;
}
