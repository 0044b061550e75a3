import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fingerprintOf, loadTools, loadWorkflows } from './load.js';

const standIn = { model: 'stand-in', baseUrl: 'http://127.0.0.1:1' };

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
    put('dist/contract.js', "export const contract = { name: 'get_order', version: '1.0.0', permissions: {} };");
    put(
      'dist/index.js',
      "import { contract } from './contract.js'; export default { name: 'a-desk', roles: [], limits: {}, rules: [], tools: [contract] };",
    );
    put('dist/tools.js', "import { contract } from './contract.js'; export default [{ contract }];");
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
    expect([...(await loadTools([root])).keys()]).toEqual(['a-desk/get_order']);
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

  it('is refused when it comes twice', async () => {
    await expect(loadWorkflows([root, root], standIn)).rejects.toThrow(/two packages define the workflow a-desk/);
  });

  it.each([
    ['lacks a tool', 'export default [];', /has no implementation of get_order/],
    [
      'implements another contract',
      "export default [{ contract: { name: 'get_order' } }];",
      /implements another contract of get_order/,
    ],
  ])('whose ./tools %s is refused', async (_, text, message) => {
    put('dist/tools.js', text);
    await expect(loadTools([root])).rejects.toThrow(message);
  });

  it('has another fingerprint for any other built file, dependency or model, and for nothing else', () => {
    const before = fingerprintOf(root, standIn);
    put('README.md', 'words');
    put('dist/index.spec.js', 'a spec');
    expect(fingerprintOf(root, { ...standIn, baseUrl: 'http://127.0.0.1:2' })).toBe(before);
    expect(fingerprintOf(root, { ...standIn, model: 'another' })).not.toBe(before);
    put('dist/rules.js', 'a rule');
    const withRule = fingerprintOf(root, standIn);
    expect(withRule).not.toBe(before);
    put('dist/rules.js', 'a rulf');
    expect(fingerprintOf(root, standIn)).not.toBe(withRule);
    put('dist/rules.js', 'a rule');
    put('package.json', JSON.stringify({ dependencies: { 'decimal.js': '10.6.0' } }));
    expect(fingerprintOf(root, standIn)).not.toBe(withRule);
  });
});
