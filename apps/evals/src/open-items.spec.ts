import { describe, expect, it } from '@jest/globals';
import { approvalIdOf, type OutRecord } from '@countersign/contracts';
import { openItems } from './open-items.js';

const said = (what: string, actionId: string, actionHash = 'h1', revision = 1): OutRecord => ({
  ...{ topic: 'decisions', key: 'k' },
  value: JSON.stringify({ actionId, actionHash, revision, tool: 'pay', actor: { sub: 'alice' } }),
  headers: { ce_type: `countersign.action.${what}.v1` },
});
const item = (actionId: string, actionHash = 'h1', revision = 1) => ({
  ...{ approvalId: approvalIdOf(actionId, revision, actionHash), actionHash, tool: 'pay', askedBy: 'alice' },
});

describe('what waits for people', () => {
  it('is what was escalated and not decided since', () => {
    expect(openItems([said('escalated', 'a'), said('escalated', 'b'), said('approved', 'a')])).toEqual([item('b')]);
    expect(openItems([said('escalated', 'a'), said('denied', 'a')])).toEqual([]);
  });

  it('is asked about as it is now, if it was escalated anew', () => {
    const anew = [said('escalated', 'a'), said('approved', 'a'), said('escalated', 'a', 'h2', 2)];
    expect(openItems(anew)).toEqual([item('a', 'h2', 2)]);
  });
});
