import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fingerprintOf } from './fingerprint.js';
import { loadDirectories, loadTools, loadWorkflows } from './load.js';

const standIn = { model: 'stand-in', baseUrl: 'http://127.0.0.1:1' };

const CONTRACT = `
  import { z } from 'zod';
  import { classified } from '@countersign/contracts';
  import { defineToolContract } from '@countersign/tool-sdk';
  const id = classified('internal', z.string());
  export const contract = defineToolContract({
    name: 'close_order', version: '1.0.0', description: 'Closes an order.', effect: 'write', class: 'D', reversible: false,
    target: 'shop', input: z.strictObject({ id }), output: z.object({ id }), permissions: { roles: ['clerk'] },
  });`;
const INDEX = `
  import { contract } from './contract.js';
  export default {
    name: 'a-desk', version: '1.0.0', title: 'A desk', prompt: 'Help.', roles: ['clerk'], tools: [contract],
    rules: [{ name: 'all', title: 'All', decide: () => ({ outcome: 'pass', reason: '' }) }],
    limits: { amountPerAction: {}, recordsPerAction: 1 }, approval: { expiresInMs: 1000 },
    model: { temperature: 0, maxTurns: 4, tokenBudget: 1000, timeoutMs: 1000 },
  };`;
const TOOLS = `
  import { contract } from './contract.js';
  export default [{ contract, preview: async () => ({}), commit: async () => ({}) }];`;

describe('a workflow package', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'workflow-'));
    put(
      'package.json',
      JSON.stringify({
        type: 'module',
        exports: { '.': './dist/index.js', './tools': { default: './dist/tools.js' } },
      }),
    );
    symlinkSync(path.resolve(import.meta.dirname, '../../../node_modules'), path.join(root, 'node_modules'));
    put('dist/contract.js', CONTRACT);
    put('dist/index.js', INDEX);
    put('dist/tools.js', TOOLS);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function put(name: string, text: string): void {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  it('is loaded from its folder, under the name it gives itself', async () => {
    const loaded = await loadWorkflows([root], standIn);
    expect([...loaded]).toMatchObject([['a-desk', { from: root, fingerprint: fingerprintOf(root, standIn) }]]);
    expect([...(await loadTools([root])).keys()]).toEqual(['a-desk/close_order']);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'is not there',
      () => rmSync(path.join(root, 'package.json')),
      /cannot load .*Install the package, or name its folder/,
    ],
    ['exports nothing', () => put('package.json', '{}'), /it exports no "\."/],
    ['has no default export', () => put('dist/index.js', 'export const a = 1;'), /no default export in index.js/],
  ])('that %s is refused with the way out', async (_, spoil, message) => {
    spoil();
    await expect(loadWorkflows([root], standIn)).rejects.toThrow(message);
  });

  it.each([
    ['workflow', 'dist/index.js', INDEX.replace("roles: ['clerk']", 'roles: []'), 'no role may start it'],
    [
      'contract',
      'dist/contract.js',
      CONTRACT.replace('defineToolContract({', '({').replace("class: 'D',", ''),
      'close_order',
    ],
  ])('whose %s nothing has checked is checked', async (_, file, text, flaw) => {
    put(file, text);
    await expect(loadWorkflows([root], standIn)).rejects.toThrow(flaw);
  });

  it('states what no tool checks: refused', async () => {
    put('dist/index.js', INDEX.replace("name: 'a-desk',", "name: 'a-desk', done: { close_order: 'It is closed.' },"));
    await expect(loadTools([root])).rejects.toThrow(/the tool has no done to check it/);
  });

  it('is refused when it comes twice', async () => {
    await expect(loadWorkflows([root, root], standIn)).rejects.toThrow(/two packages define the workflow a-desk/);
  });

  it.each([
    ['lacks a tool', 'export default [];', /has no implementation of close_order/],
    [
      'implements another contract',
      "export default [{ contract: { name: 'close_order' } }];",
      /implements another contract of close_order/,
    ],
    [
      'holds a tool that is not fit',
      TOOLS.replace('preview: async () => ({}), ', ''),
      /close_order: what changes state needs preview and commit/,
    ],
    [
      'checks what the workflow does not state',
      TOOLS.replace('contract, ', 'contract, done: async () => ({}), '),
      /close_order checks whether it is done, and the workflow's done does not say when/,
    ],
  ])('whose ./tools %s is refused', async (_, text, message) => {
    put('dist/tools.js', text);
    await expect(loadTools([root])).rejects.toThrow(message);
  });

  it.each([
    ['names none', '', []],
    ['names one', 'export const directory = async () => undefined;', [['a-desk', expect.any(Function)]]],
  ])('whose ./tools %s has as many directories', async (_, text, directories) => {
    put('dist/tools.js', `export default []; ${text}`);
    expect([...(await loadDirectories([root]))]).toEqual(directories);
  });

  it('whose directory is no function is refused', async () => {
    put('dist/tools.js', 'export default []; export const directory = {};');
    await expect(loadDirectories([root])).rejects.toThrow(/a directory that is no function/);
  });
});
