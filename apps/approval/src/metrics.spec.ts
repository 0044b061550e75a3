import { expect, it } from '@jest/globals';
import type { EventDraft, Incoming } from '@countersign/contracts';
import { count, registry } from './metrics.js';
import { approvalKey, doubtKey } from './state.js';

const item = {
  openedAt: '2026-03-01T10:00:00Z',
  escalated: { tool: 'refund', actionId: 'act_1' },
  progress: { tag: 'decided' },
};
const does = (events: object[], puts: [string, object][], incoming: object[] = []) =>
  count({ emitted: events as EventDraft[], puts: new Map(puts), incoming: incoming as Incoming[] });
const decision = (said: string) => ({
  type: `countersign.approval.${said}.v1`,
  time: '2026-03-01T10:02:00Z',
  data: { approvalId: 'apr_1' },
});

it('counts what becomes of items, how long they waited, and an expiry once policy has denied for it', async () => {
  does([{ type: 'countersign.approval.opened.v1', data: { tool: 'refund' } }], []);
  does([decision('granted')], [[approvalKey('apr_1'), item]]);
  does(
    [{ type: 'countersign.approval.settled.v1', data: { actionId: 'act_1' } }],
    [[doubtKey('act_1'), { tool: 'close' }]],
  );
  const announced = { ...item, progress: { tag: 'expired' } };
  does([{ type: 'countersign.approval.expired.v1', data: {} }], [[approvalKey('apr_2'), announced]]);
  const ended: [string, object] = [
    approvalKey('apr_2'),
    { ...announced, progress: { tag: 'expired', confirmed: true } },
  ];
  const denied = { type: 'countersign.action.denied.v1', data: { actionId: 'act_1', code: 'APPROVAL_EXPIRED' } };
  does([], [ended], [{ event: denied }]);
  // Somebody looks at it later; the denial comes once more.
  does([], [ended]);
  does([], [], [{ event: denied }]);
  const text = await registry.metrics();
  expect(text.split('\n').filter((line) => line.startsWith('countersign_approvals_total'))).toEqual([
    'countersign_approvals_total{tool="refund",event="opened"} 1',
    'countersign_approvals_total{tool="refund",event="granted"} 1',
    'countersign_approvals_total{tool="close",event="settled"} 1',
    'countersign_approvals_total{tool="refund",event="expired"} 1',
  ]);
  expect(text).toContain('countersign_approval_wait_seconds_sum{tool="refund",decision="granted"} 120');
});
