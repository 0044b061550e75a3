import { describe, expect, it } from '@jest/globals';
import { refusal } from '@countersign/contracts';
import { givenRow, givenWarrant } from './given.spec-support.js';
import type { Outcome } from './state.js';
import { toolBegins, toolEnded } from './tool-span.js';

const warrant = givenWarrant();
const row = givenRow(warrant);
const read: Outcome = { ending: { tag: 'read', result: { name: 'tok_1' }, recordsRead: [] }, attempts: 1 };

describe('the span of a tool', () => {
  it('has the names of the GenAI conventions, and neither arguments nor results', () => {
    expect(toolBegins(row, warrant, false)).toEqual({
      name: `execute_tool ${warrant.tool}`,
      kind: 'internal',
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': warrant.tool,
        'gen_ai.tool.type': 'extension',
        'countersign.tenant': 'acme',
        'countersign.intent_id': warrant.intentId,
        'countersign.action_id': warrant.actionId,
        'countersign.tool': warrant.tool,
        'countersign.grant': warrant.grant,
      },
    });
    expect(toolEnded(read, false)).toEqual({ 'countersign.outcome': 'read', 'countersign.code': undefined });
  });

  it('says with which code it went wrong, never in words', () => {
    const why = refusal('NOT_FOUND', 'no order of Zora');
    expect(toolEnded({ ending: { tag: 'failed', refusal: why, recordsRead: [] }, attempts: 1 }, false)).toEqual({
      'countersign.outcome': 'failed',
      'countersign.code': 'NOT_FOUND',
      'error.type': 'NOT_FOUND',
    });
  });

  it('holds arguments and result as they travel, if that is asked for', () => {
    expect(toolBegins(row, warrant, true).attributes['gen_ai.tool.call.arguments']).toBe(
      JSON.stringify(warrant.arguments),
    );
    expect(toolEnded(read, true)['gen_ai.tool.call.result']).toBe('{"name":"tok_1"}');
  });
});
