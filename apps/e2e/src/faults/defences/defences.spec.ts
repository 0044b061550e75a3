import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { ROOT } from '../hooks/rewriting.js';
import { DEFENCES, defenceNamed } from './defences.js';
import { judge } from './prove.js';
import { rewritten, without } from './removal.js';
import type { Suite } from './suite.js';

const source = (file: string) =>
  readFileSync(path.join(ROOT, file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')), 'utf8');
const { compilerOptions } = ts.readConfigFile(path.join(ROOT, 'tsconfig.base.json'), ts.sys.readFile).config as {
  compilerOptions: object;
};
const asBuilt = ts.convertCompilerOptionsFromJson(compilerOptions, ROOT).options;
const options = { ...asBuilt, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
const kept = new Map<string, string>();
function built(file: string): string {
  const before = kept.get(file);
  if (before !== undefined) return before;
  const fileName = file.replace(/\.js$/, '.ts');
  const { outputText } = ts.transpileModule(source(file), { compilerOptions: options, fileName });
  kept.set(file, outputText);
  return outputText;
}

describe('the defences that are taken out', () => {
  it('have names of their own', () => {
    expect(new Set(DEFENCES.map(({ name }) => name)).size).toBe(DEFENCES.length);
  });

  it.each(DEFENCES.map((defence) => [defence.name, defence] as const))(
    '%s: its text stands once in what is built',
    (_, { removals }) => {
      for (const removal of removals) expect(without(built(removal.file), removal)).not.toBe(built(removal.file));
    },
  );

  it.each(DEFENCES.map((defence) => [defence.name, defence] as const))(
    '%s: what must fail without it is there',
    (_, { caughtBy }) => {
      expect(caughtBy).not.toEqual([]);
      for (const suite of caughtBy)
        if (suite.suite !== 'simulation' && suite.file) expect(namesIn(suite.file)).toContain(suite.fails);
    },
  );

  it('are known by their names', () => {
    expect(defenceNamed('jti').name).toBe('jti');
    expect(() => defenceNamed('none')).toThrow('there is no defence "none"');
  });
});

/** The text of a spec, and of the contracts it runs. */
function namesIn(file: string): string {
  const text = source(file);
  const contracts = [...text.matchAll(/from '(\.[^']*\.contract)\.js'/g)].map(([, name]) =>
    path.join(path.dirname(file), `${name}.js`),
  );
  return [text, ...contracts.map(source)].join('\n').replaceAll("\\'", "'");
}

describe('a removal', () => {
  const removal = { file: 'a/dist/b.js', find: 'if (late)', replace: 'if (false)' };

  it('changes its own file alone', () => {
    expect(rewritten([removal], 'a/dist/b.js', () => 'if (late) return;')).toBe('if (false) return;');
    expect(rewritten([removal], 'a/dist/c.js', () => 'if (late) return;')).toBeUndefined();
  });

  it.each([
    ['not at all', 'if (early) return;', '0'],
    ['twice', 'if (late) a(); if (late) b();', '2'],
  ])('refuses a file where its text stands %s', (_, text, times) => {
    expect(() => without(text, removal)).toThrow(`a/dist/b.js has ${times} times instead of once`);
  });
});

describe('a defence is caught', () => {
  const suite: Suite = { suite: 'specs', file: 'a/dist/b.spec.js', fails: '2: a zombie' };

  it('by the test that is named for it, while others hold', () => {
    expect(judge(suite, { failed: ['messaging 2: a zombie changes nothing'], held: 3 })).toEqual({
      by: 'messaging 2: a zombie changes nothing',
    });
  });

  it.each([
    ['nothing that fails', { failed: [], held: 4 }, 'nothing fails'],
    ['another that fails', { failed: ['1: applies'], held: 3 }, 'only others fail: 1: applies'],
    ['all that fail', { failed: ['2: a zombie'], held: 0 }, 'nothing holds beside "2: a zombie"'],
    ['what cannot be run', { failed: [], held: 0, broken: 'no such file' }, 'it could not be run: no such file'],
  ])('not by %s', (_, said, flaw) => {
    expect(judge(suite, said)).toEqual({ flaw });
  });
});
