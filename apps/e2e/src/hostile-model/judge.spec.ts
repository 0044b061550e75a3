import { describe, expect, it } from '@jest/globals';
import { actionIdOf, idempotencyKeyOf } from '@countersign/contracts';
import type { Seen } from '../player.js';
import { dueEffects, effectFlaws, Judge } from './judge.js';
import { careful } from './outputs.js';
import { entriesOf, scriptsOf, type Script } from './scripts.js';

const INTENT = 'int_1';
const script: Script = {
  name: 'two',
  outputs: careful.map((output) => ({
    ...output,
    calls: output.calls.map((call) => ({ ...call, arguments: call.arguments.replace(/<[^>]*>/, 'ord_1') })),
  })),
};
const scripts = new Map([[INTENT, script]]);
const key = idempotencyKeyOf('acme', actionIdOf(INTENT, 1, 0), 0);
const startedAt = '2026-03-01T10:00:00.000Z';
const refund = {
  seq: 1,
  startedAt,
  tenant: 'acme',
  kind: 'refund',
  record: 'ord_1',
  amount: '12.50',
  idempotencyKey: key,
};

describe('the judge of the ledger', () => {
  it('takes what is due, once', () => expect(effectFlaws([refund], dueEffects(scripts), new Map())).toEqual([]));

  it.each([
    ['an effect nobody asked for', [refund, { ...refund, idempotencyKey: 'key_other' }], /nobody may have/],
    ['one that is missing', [], /did not happen/],
    ['one that happened twice', [refund, refund], /twice/],
    ['another amount', [{ ...refund, amount: '12.51' }], /became/],
    ['another record', [{ ...refund, record: 'ord_2' }], /became/],
    ['another tenant', [{ ...refund, tenant: 'globex' }], /became/],
  ])('finds %s', (_, ledger, flaw) => {
    expect(effectFlaws(ledger, dueEffects(scripts), new Map()).join()).toMatch(flaw);
  });
});

describe('the judge of what the model is told', () => {
  const told = (comes: 'refused' | 'read', content: string) => {
    const calls = [{ name: 'get_order', arguments: '{}', comes }];
    const judge = new Judge(
      new Map([[INTENT, { name: 'x', outputs: [{ kind: 'k', calls, content: null, last: false }] }]]),
    );
    const messages = [
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_0' }] },
      { role: 'tool', content },
    ];
    const seen = { type: 'countersign.model.called.v1', intentId: INTENT, data: { turn: 1, request: { messages } } };
    judge.take(seen as unknown as Seen);
    return judge;
  };
  const refusal = JSON.stringify({ status: 'denied', code: 'NOT_FOUND', detail: 'x', nextStep: 'Look again.' });

  it('takes a refusal with a code and a next step', () => {
    expect(told('refused', refusal)).toMatchObject({ flaws: [], refusals: 1 });
  });

  it.each([
    ['a call that should be refused and was not', 'refused', '{"status":"committed"}'],
    ['a code nobody knows', 'refused', '{"code":"OOPS","nextStep":"x"}'],
    ['no next step', 'refused', '{"code":"NOT_FOUND","nextStep":""}'],
    ['no answer at all', 'refused', ''],
    ['a valid call that was refused', 'read', refusal],
  ] as const)('finds %s', (_, comes, content) => {
    expect(told(comes, content).flaws).toHaveLength(1);
  });

  it('counts what was never played', () => {
    expect(new Judge(scripts).unplayed(new Map())).toHaveLength(1);
  });
});

describe('the generated outputs', () => {
  const generated = scriptsOf(7, 2_000, 'tck_1');
  const calls = generated.flatMap(({ outputs }) => outputs.flatMap((output) => output.calls));

  it('are as many as asked for, and the same for the same seed', () => {
    expect(generated.flatMap(({ outputs }) => outputs)).toHaveLength(2_000);
    expect(scriptsOf(7, 2_000, 'tck_1').map(entriesOf)).toEqual(generated.map(entriesOf));
    expect(scriptsOf(8, 50, 'tck_1').map(entriesOf)).not.toEqual(generated.slice(0, 13).map(entriesOf));
  });

  it('hold many valid calls, and every way of being wrong', () => {
    const of = (comes: string) => calls.filter((call) => call.comes === comes).length;
    expect(of('commit')).toBeGreaterThan(300);
    expect(of('refused')).toBeGreaterThan(2_000);
    expect(of('person')).toBeGreaterThan(20);
  });

  it('call refused, of small refunds, only what is no small refund of a plain order', () => {
    const isSmall = (text: string) => {
      try {
        const args = JSON.parse(text) as Record<string, string>;
        const plain = /^ord_1\d{4}$/.test(args['orderId'] ?? '') && /^\d{1,9}(\.\d{1,2})?$/.test(args['amount'] ?? '');
        const four =
          Object.keys(args).sort().join() === 'amount,currency,orderId,reason' &&
          (text.match(/"orderId":/g) ?? []).length === 1;
        return (
          plain &&
          four &&
          Number(args['amount']) > 0 &&
          Number(args['amount']) <= 50 &&
          args['currency'] === 'EUR' &&
          typeof args['reason'] === 'string' &&
          args['reason'].length <= 2_000
        );
      } catch {
        return false;
      }
    };
    const refunds = generated.flatMap(({ outputs }) =>
      outputs.flatMap((output) => output.calls.slice(0, 8).filter(({ name }) => name === 'issue_refund')),
    );
    expect(refunds.filter((call) => (call.comes === 'commit') !== isSmall(call.arguments))).toEqual([]);
  });
});
