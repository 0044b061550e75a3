import { expect, it } from '@jest/globals';
import type { EventDraft } from '@countersign/contracts';
import type { SqlTx } from '@countersign/messaging';
import type { Heartbeats } from './heartbeats.js';
import { count, registry, watch, watchDoubts } from './metrics.js';

let tools: object[] | undefined = [{ tool: 'refund', open: 2 }];
watch({ ageMs: () => undefined } as Heartbeats);
watchDoubts(
  () => ({ query: () => (tools ? Promise.resolve(tools) : Promise.reject(new Error('away'))) }) as unknown as SqlTx,
);
const result = (ending: string, data: object = {}) =>
  ({ type: `countersign.action.${ending}.v1`, data: { tool: 'refund', jti: 'j', attempts: 1, ...data } }) as EventDraft;
const linesOf = async (name: string) =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

it('counts how warrants end by tool and code, and what is acknowledged of switches not', async () => {
  const emitted = [
    result('committed'),
    result('failed', { code: 'NOT_FOUND' }),
    result('returned', { code: 'PREVIEW_CHANGED' }),
    result('resolved', { outcome: 'committed' }),
    { type: 'countersign.control.applied.v1', data: {} } as EventDraft,
  ];
  count({ emitted, puts: new Map(), incoming: [] });
  expect(await linesOf('countersign_warrants_ended_total')).toEqual([
    'countersign_warrants_ended_total{tool="refund",ending="committed",code=""} 1',
    'countersign_warrants_ended_total{tool="refund",ending="failed",code="NOT_FOUND"} 1',
    'countersign_warrants_ended_total{tool="refund",ending="returned",code="PREVIEW_CHANGED"} 1',
    'countersign_warrants_ended_total{tool="refund",ending="resolved",code="committed"} 1',
  ]);
});

it('says how many commits are in doubt now, and that it does not know while the database is away', async () => {
  expect(await linesOf('countersign_in_doubt')).toEqual(['countersign_in_doubt{tool="refund"} 2']);
  tools = undefined;
  expect(await linesOf('countersign_in_doubt')).toContain('countersign_in_doubt{tool=""} Nan');
  tools = [];
  expect(await linesOf('countersign_in_doubt')).toEqual([]);
});
