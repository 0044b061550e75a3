import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fingerprintOf } from './fingerprint.js';

const standIn = { model: 'stand-in', baseUrl: 'http://127.0.0.1:1' };

describe('the fingerprint of a workflow', () => {
  let base: string;
  let root: string;
  let before: string;

  const put = (name: string, text: string | object, from = root): void => {
    const file = path.join(from, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
  };
  const manifest = (version: string, ...dependencies: string[]) => ({
    version,
    dependencies: Object.fromEntries(dependencies.map((name) => [name, '*'])),
  });
  const now = (settings = standIn) => fingerprintOf(root, settings);

  beforeEach(() => {
    base = realpathSync(mkdtempSync(path.join(tmpdir(), 'fingerprint-')));
    root = path.join(base, 'desk');
    put('package.json', manifest('1.0.0', 'outer', 'linked'));
    put('dist/prompt.js', "export const prompt = 'Help the customer.'");
    put('dist/rules/limit.js', 'export const limit = 50');
    put('dist/tools/refund.contract.js', 'export const input = z.strictObject({ amount: z.string() })');
    put('node_modules/outer/package.json', manifest('2.0.0', 'inner'), base);
    put('node_modules/inner/package.json', manifest('3.0.0'), base);
    put('linked/package.json', manifest('0.1.0', 'outer'), base);
    put('linked/dist/index.js', 'export const kit = 1', base);
    symlinkSync(path.join(base, 'linked'), path.join(base, 'node_modules/linked'));
    before = now();
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it.each<[string, () => void]>([
    ['one word of a prompt', () => put('dist/prompt.js', "export const prompt = 'Help the client.'")],
    ['a rule', () => put('dist/rules/limit.js', 'export const limit = 51')],
    ["a tool's schema", () => put('dist/tools/refund.contract.js', 'export const input = z.strictObject({})')],
    ['a prompt in a file of its own', () => put('dist/prompt.md', 'Help the client.')],
    ['a new file', () => put('dist/rules/another.js', '')],
    ['the version of a dependency', () => put('node_modules/outer/package.json', manifest('2.0.1', 'inner'), base)],
    ['that of a dependency of a dependency', () => put('node_modules/inner/package.json', manifest('3.0.1'), base)],
    ['a dependency more', () => put('package.json', manifest('1.0.0', 'outer', 'linked', 'absent'))],
    ['a file of a linked package', () => put('linked/dist/index.js', 'export const kit = 2', base)],
  ])('is another after a change of %s', (_, change) => {
    change();
    expect(now()).not.toBe(before);
  });

  it('is of the whole folder where something is loaded from elsewhere than dist', () => {
    put('index.js', 'export const limit = 50');
    expect(now()).toBe(before);
    put('package.json', { ...manifest('1.0.0', 'outer', 'linked'), exports: { '.': { default: './index.js' } } });
    const entered = now();
    put('index.js', 'export const limit = 51');
    expect(now()).not.toBe(entered);
  });

  it('is another with another model, or the same asked elsewhere', () => {
    const real = { model: 'gpt-x', baseUrl: 'https://api.example.com/v1' };
    const all = [standIn, real, { ...real, model: 'gpt-y' }, { ...real, baseUrl: 'https://eu.example.com/v1' }];
    expect(new Set(all.map(now)).size).toBe(4);
    expect(now({ ...standIn, baseUrl: 'http://127.0.0.1:2' })).toBe(before);
  });

  it.each([
    'README.md',
    'evals/edge.evals.yaml',
    'evals/samples.yaml',
    'dist/limit.cases.yaml',
    'dist/prompt.d.ts',
    'dist/prompt.js.map',
    'dist/index.spec.js',
    'dist/desk.fixture.js',
  ])('is the same after a change of %s, which decides nothing', (file) => {
    put(file, 'other words');
    expect(now()).toBe(before);
  });
});
