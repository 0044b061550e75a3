import { describe, expect, it } from '@jest/globals';
import type { RecordView, TraceView } from '@countersign/evidence';
import type { Json } from '@countersign/contracts';
import { traceText } from './trace-text.js';

let offset = 0;
const record = (type: string, says: string, data: Json): RecordView => ({
  ...{ at: '2026-01-01T09:00:00.000Z', topic: 'decisions', partition: 0, offset: String(offset++), key: 'acme/s-1' },
  ...{
    id: 'evt_1',
    type: `countersign.${type}.v1`,
    source: '/services/any',
    subject: null,
    actor: 'alice',
    session: 's-1',
  },
  ...{ causationId: null, traceId: null, actionId: null, signature: 'valid', says, data },
});
const trace = (...records: RecordView[]): TraceView => ({
  ...{ intentId: 'int_1', at: '2026-01-01T09:00:00.000Z', tenant: 'acme', actor: 'alice', through: [], session: 's-1' },
  ...{
    kind: 'intent',
    workflow: 'desk',
    text: 'Refund it.',
    state: 'ended',
    outcome: 'answered',
    code: null,
    actions: [],
  },
  ...{
    source: '/shop',
    requestId: 'r-1',
    traceId: null,
    records,
    forged: [],
    duplicates: [],
    control: [],
    unreadable: [],
  },
});

const SYSTEM = { role: 'system', content: 'You help.' };
const USER = { role: 'user', content: 'Refund it.' };
const tools = [{ name: 'get_order', description: 'Reads.', parameters: {} }];
const called = (messages: Json[], response: Json, more: object = {}) =>
  record('model.called', 'm-1 was asked', { turn: 0, request: { messages, tools }, response, ...more } as Json);

describe('a trace for a person', () => {
  it('shows prompt, tools, answer, call and its result, and the reply, in their order', () => {
    const text = traceText(
      trace(
        called([SYSTEM, USER], {
          content: 'I look.',
          toolCalls: [{ name: 'get_order', arguments: '{"orderId":"o1"}' }],
        }),
        record('action.read', 'the executor ran get_order', { result: { total: '9.00' } }),
        record('reply.sent', 'the user was told', { text: 'It cost 9.00.' }),
      ),
    );
    const order = [
      'prompt, system: You help.',
      'prompt, user: Refund it.',
      'tools offered: get_order',
      'answer: I look.',
      'answer: call get_order {"orderId":"o1"}',
      'result: {"total":"9.00"}',
      'reply: It cost 9.00.',
    ].map((part) => text.indexOf(part));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  it('shows of a later prompt what is new, and the tries and refused calls of an answer', () => {
    const refused = [{ callId: 'c1', code: 'UNKNOWN_TOOL', detail: 'there is no tool burn' }];
    const tries = [
      { status: 429, durationMs: 3 },
      { error: 'TypeError: fetch failed', durationMs: 4 },
    ];
    const text = traceText(
      trace(
        called([SYSTEM, USER], { content: null, toolCalls: [] }, { refused, tries }),
        called([SYSTEM, USER, { role: 'tool', tool_call_id: 'c1', content: 'no such tool' }], { content: 'Sorry.' }),
      ),
    );
    expect(text).toContain('try: 429 after 3 ms');
    expect(text).toContain('try: TypeError: fetch failed after 4 ms');
    expect(text).toContain('refused c1: UNKNOWN_TOOL there is no tool burn');
    expect(text).toContain('prompt: the first 2 messages as before, then\n    prompt, tool: no such tool');
    expect(text.match(/prompt, system/g)).toHaveLength(1);
    expect(text.match(/tools offered/g)).toHaveLength(1);
  });

  it('shows every rule of a decision, the stage and the switches, and the error and next step of what was not done', () => {
    const rules = [
      { rule: 'small', outcome: 'pass', reason: 'over 50' },
      { rule: 'limit', outcome: 'deny', reason: 'over 1000' },
    ];
    const text = traceText(
      trace(
        record('action.denied', 'policy denied it', {
          ...{
            arguments: { amount: '5000.00' },
            rules,
            policyVersion: 'pv1',
            facts: { stage: 'scoped', switches: [] },
          },
        }),
        record('action.failed', 'the target refused', { code: 'NOT_FOUND', detail: 'no order o9', nextStep: 'Ask.' }),
      ),
    );
    expect(text).toContain('arguments: {"amount":"5000.00"}');
    expect(text).toContain('policy pv1, stage scoped, switches on: none');
    expect(text).toContain('rule small: pass, over 50\n    rule limit: deny, over 1000');
    expect(text).toContain('error: NOT_FOUND no order o9\n    next step: Ask.');
  });

  it('lets nothing in it steer the terminal', () => {
    const text = traceText(trace(record('reply.sent', 'told', { text: 'a\u001b[2Jb\nc' })));
    expect(text).toContain('reply: a\\u001b[2Jb\n    c');
  });
});
