import { describe, expect, it } from '@jest/globals';
import { answerBody, batchBody, delegateBody, verdictBody } from './bodies.js';

const reason = 'dana@example.com called about DE89 3704 0044 0532 0130 00';

describe('why people say what they say', () => {
  it.each([
    ['of a decision', answerBody, { decision: 'reject', actionHash: 'h' }],
    ['of an edit', answerBody, { decision: 'edit', actionHash: 'h', arguments: {} }],
    ['of several decisions', batchBody, { decision: 'approve', items: [{ approvalId: 'a', actionHash: 'h' }] }],
    ['of handing on', delegateBody, { to: 'carol' }],
    ['of a verdict', verdictBody, { outcome: 'failed' }],
  ])('%s is kept without what looks like personal data', (_, schema, body) => {
    expect(schema.parse({ ...body, reason })).toMatchObject({ reason: '[personal] called about [financial]' });
  });
});
