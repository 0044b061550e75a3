import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { defineToolContract, type ToolContract } from './contract.js';
import { defineTool, type Tool } from './tool.js';

const field = z.object({ id: classified('internal', z.string()) });
const contract = (change: Partial<ToolContract>): ToolContract =>
  defineToolContract({
    name: 'a_tool',
    version: '1.0.0',
    description: 'Of a test.',
    effect: 'write',
    class: 'B',
    reversible: true,
    target: 'helpdesk',
    input: field,
    output: field,
    permissions: { roles: ['support-agent'] },
    ...change,
  } as ToolContract);
const read: Tool['read'] = () => Promise.resolve({ result: {}, recordsRead: [] });
const preview: Tool['preview'] = () => Promise.resolve({ effect: {}, basis: {}, recordsRead: [] });
const commit: Tool['commit'] = () => Promise.resolve({ result: {}, recordsRead: [], recordsChanged: [] });
const lookup: Tool['lookup'] = () => Promise.resolve({ found: 'nothing' });

describe('a tool', () => {
  it.each<[string, Tool]>([
    ['a read that reads', { contract: contract({ effect: 'read' }), read }],
    ['a write of class B without a look-up', { contract: contract({}), preview, commit }],
    ['a write of class A with one', { contract: contract({ class: 'A' }), preview, commit, lookup }],
  ])('is fit: %s', (_, tool) => {
    expect(defineTool(tool)).toBe(tool);
    expect(Object.isFrozen(tool)).toBe(true);
  });

  it.each<[string, Tool, string]>([
    ['a read that does not read', { contract: contract({ effect: 'read' }) }, 'a read tool needs read'],
    ['a read that commits', { contract: contract({ effect: 'read' }), read, commit }, 'a read tool has no commit'],
    ['a write without a preview', { contract: contract({}), commit }, 'what changes state needs preview and commit'],
    [
      'an egress without a commit',
      { contract: contract({ effect: 'egress' }), preview },
      'what changes state needs preview and commit',
    ],
    ['class A without a look-up', { contract: contract({ class: 'A' }), preview, commit }, 'class A needs lookup'],
    ['class C without a look-up', { contract: contract({ class: 'C' }), preview, commit }, 'class C needs lookup'],
  ])('is not fit: %s', (_, tool, flaw) => {
    expect(() => defineTool(tool)).toThrow(`tool a_tool is not fit: ${flaw}`);
  });
});
