import { describe, expect, it } from '@jest/globals';
import { lineOf, text } from './tail.js';

const record = (type: string, data: unknown, headers = {}) => ({
  key: Buffer.from('acme/s-1'),
  value: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
  offset: '7',
  timestamp: String(Date.UTC(2026, 2, 1, 10)),
  headers: { ce_id: 'i-1', ce_source: '/shop', ce_type: type, 'content-type': 'application/json', ...headers },
});
const requested = { workflow: 'support-desk', session: 's-1', text: 'Refund 18 €.' };
const granted = {
  ...{ approvalId: 'apr_1', intentId: 'int_1', actionId: 'act_1', revision: 0, actionHash: 'hash', tenant: 'acme' },
  ...{ approver: { sub: 'bob', roles: ['support-lead'] }, reason: 'checked', decidedAt: '2026-03-01T10:00:00.000Z' },
  tokenDigest: 'sha',
};

describe('a line of tail', () => {
  it('says where a record stands and what tells it from the next', () => {
    const line = lineOf('intents', 2, record('countersign.intent.requested.v1', requested));
    expect(line).toStrictEqual({
      ...{ at: '2026-03-01T10:00:00.000Z', topic: 'intents', partition: 2, offset: '7', key: 'acme/s-1' },
      ...{ type: 'countersign.intent.requested.v1', id: 'i-1', intentId: null, data: requested },
    });
    expect(text(line)).toBe('10:00:00.000  intents/2@7           intent.requested    -  Refund 18 €.');
  });

  it('holds no token: neither the one of an intent nor the sealed one of an approver', () => {
    const headers = { authorization: 'Bearer eyJ.secret.token' };
    const intent = lineOf('intents', 0, record('countersign.intent.requested.v1', requested, headers));
    const approval = lineOf('approvals', 0, record('countersign.approval.granted.v1', granted, headers));
    expect(JSON.stringify([intent, approval])).not.toContain('eyJ');
    expect(approval).toMatchObject({ intentId: 'int_1', data: granted });
  });

  it('tells why a record can not be read, and keeps its bytes off the terminal', () => {
    const line = lineOf('intents', 0, record('countersign.\u001b[2Jnothing.v1', '{}'));
    expect(line.unreadable).toMatch(/^NOT_AN_EVENT: .*control characters$/);
    expect(text(line)).not.toContain('\u001b');
  });
});
