import { describe, expect, it } from '@jest/globals';
import type { DemoRow } from '@countersign/demo';
import { nextText, placesText, readyLine } from './dev-text.js';

const urls = {
  gateway: 'http://127.0.0.1:8080',
  helpdesk: 'http://127.0.0.1:1',
  model: 'http://127.0.0.1:2',
  identity: 'http://127.0.0.1:3',
  kafka: '127.0.0.1:4',
  postgres: 'postgres://owner:hidden@127.0.0.1:5/countersign',
};
const row: DemoRow = {
  intent: 'a refund of 18 €',
  proposed: 'issue_refund',
  policy: 'approved',
  person: '-',
  executor: 'committed',
  trace: 'int_1',
  intentId: 'int_1',
  actionIds: ['act_1', 'act_2'],
  ok: true,
  wrong: [],
};

it('the line of --json holds exactly what tests from outside rely on', () => {
  expect(readyLine(urls, { policy: [7] }, [row])).toStrictEqual({
    urls,
    pids: { policy: [7] },
    rows: [
      {
        intent: 'a refund of 18 €',
        proposed: 'issue_refund',
        policy: 'approved',
        person: '-',
        executor: 'committed',
        intentId: 'int_1',
        actionIds: ['act_1', 'act_2'],
        ok: true,
      },
    ],
  });
});

describe('the places', () => {
  it('label the stand-in as what it is', () => {
    expect(placesText({ urls, dataDir: '/data' }, false)).toContain('deterministic stand-in');
    expect(placesText({ urls, dataDir: '/data' }, true)).not.toContain('stand-in');
  });

  it('show no password', () => {
    expect(placesText({ urls, dataDir: '/data' }, false)).toContain('postgres://owner@127.0.0.1:5/countersign');
  });
});

it('what to try next names an action of the demo, if it was played', () => {
  expect(nextText([row, { actionIds: [] }])).toContain('explain act_2 --as audra');
  expect(nextText([])).toContain('explain <action> --as audra');
});
