import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const IMPORT = /(?:from|import\()\s*'([^']+)'/g;

/** Every package that a file loads at run time, and those its own files do. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  const found = new Set<string>();
  if (seen.has(file)) return found;
  seen.add(file);
  const text = readFileSync(file, 'utf8').replaceAll(/(import|export) type [^;]*;/g, '');
  for (const [, name] of text.matchAll(IMPORT)) {
    const own = name!.startsWith('.') ? path.join(path.dirname(file), name!.replace(/\.js$/, '.ts')) : undefined;
    if (own) for (const each of packagesOf(own, seen)) found.add(each);
    else if (!name!.startsWith('node:')) found.add(name!);
  }
  return found;
}

const here = import.meta.dirname;
const contracts = path.resolve(here, '../../contracts/src/index.ts');
const named = (file: string) => [...packagesOf(path.join(here, file))].sort();

describe('who installs the client', () => {
  it('gets the contracts and zod with it, and nothing else', () => {
    expect(named('index.ts')).toEqual(['@countersign/contracts', 'zod']);
    expect([...packagesOf(contracts)].sort()).toEqual(['canonicalize', 'zod']);
  });

  it('brings a Kafka client only for the entry that speaks with it', () => {
    expect(named('kafka.ts')).toEqual(['@countersign/contracts', 'kafkajs']);
  });

  it('brings the AI SDK only for the entry that wraps its tools', () => {
    expect(named('ai.ts')).toEqual(['@countersign/contracts', 'ai', 'zod']);
  });

  it.each([
    ['client', path.resolve(here, '../package.json'), ['@countersign/contracts', 'zod']],
    ['contracts', path.resolve(here, '../../contracts/package.json'), ['canonicalize', 'zod']],
  ])('finds what the %s load declared there', (_, file, names) => {
    const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies).sort()).toEqual(names);
  });
});
