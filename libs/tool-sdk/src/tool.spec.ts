import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { defineToolContract, type ToolContract } from './contract.js';
import { defineTool, type Tool } from './tool.js';

const field = z.strictObject({ id: classified('internal', z.string()) });
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
const done: Tool['done'] = () => Promise.resolve({ holds: true, detail: '', recordsRead: [] });

describe('a tool', () => {
  it.each<[string, Tool]>([
    ['a read that reads', { contract: contract({ effect: 'read' }), read }],
    ['a write of class B on versions', { contract: contract({ conditionalOn: ['version'] }), preview, commit }],
    ['a write of class B found by its reference', { contract: contract({}), preview, commit, lookup }],
    ['a write of class D', { contract: contract({ class: 'D' }), preview, commit }],
    ['a write of class D that can be looked up', { contract: contract({ class: 'D' }), preview, commit, lookup }],
    [
      'a write of class A with one, whose target says how long it remembers keys',
      { contract: contract({ class: 'A', keyLifetimeMs: 120_000 }), preview, commit, lookup },
    ],
  ])('is fit: %s', (_, tool) => {
    expect(defineTool(tool)).toBe(tool);
    expect(Object.isFrozen(tool)).toBe(true);
  });

  it.each<[string, Tool, string]>([
    ['a read that does not read', { contract: contract({ effect: 'read' }) }, 'a read tool needs read'],
    ['a read that previews', { contract: contract({ effect: 'read' }), read, preview }, 'a read tool has no preview'],
    ['a read that commits', { contract: contract({ effect: 'read' }), read, commit }, 'a read tool has no commit'],
    ['a read that is looked up', { contract: contract({ effect: 'read' }), read, lookup }, 'a read tool has no lookup'],
    ['a read that is done', { contract: contract({ effect: 'read' }), read, done }, 'a read tool has no done'],
    [
      'a write without a preview',
      { contract: contract({}), commit, lookup },
      'what changes state needs preview and commit',
    ],
    [
      'an egress without a commit',
      { contract: contract({ effect: 'egress' }), preview, lookup },
      'what changes state needs preview and commit',
    ],
    [
      'class A without a look-up',
      { contract: contract({ class: 'A', keyLifetimeMs: 120_000 }), preview, commit },
      'class A needs lookup',
    ],
    [
      'class A that says nothing of its keys',
      { contract: contract({ class: 'A' }), preview, commit, lookup },
      'class A needs keyLifetimeMs',
    ],
    [
      'class A whose target forgets a key at once',
      { contract: contract({ class: 'A', keyLifetimeMs: 119_999 }), preview, commit, lookup },
      'class A needs keyLifetimeMs',
    ],
    ['class C without a look-up', { contract: contract({ class: 'C' }), preview, commit }, 'class C needs lookup'],
    ['class B without a proof', { contract: contract({}), preview, commit }, 'class B needs conditionalOn'],
    [
      'class B on no version',
      { contract: contract({ conditionalOn: [] }), preview, commit },
      'class B needs conditionalOn',
    ],
    [
      'a contract that was never checked',
      { contract: { ...contract({}), permissions: { roles: [] } }, preview, commit, lookup },
      'no role may call it',
    ],
  ])('is not fit: %s', (_, tool, flaw) => {
    expect(() => defineTool(tool)).toThrow(`tool a_tool is not fit: ${flaw}`);
  });
});
