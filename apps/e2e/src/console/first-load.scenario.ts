import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';

const PAGE = path.resolve(import.meta.dirname, '../../../console/dist/page');
const LIMIT = 250_000;

interface Chunk {
  file: string;
  css?: string[];
  imports?: string[];
  isEntry?: boolean;
}

/** What a browser must have before it shows anything: the entry, what it imports, their styles and the page itself. */
function firstFiles(manifest: Record<string, Chunk>): string[] {
  const files = new Set(['index.html']);
  const take = (name: string): void => {
    const { file, css = [], imports = [] } = manifest[name]!;
    if (files.has(file)) return;
    for (const each of [file, ...css]) files.add(each);
    imports.forEach(take);
  };
  for (const [name, { isEntry }] of Object.entries(manifest)) if (isEntry) take(name);
  return [...files];
}

export function firstLoadScenario(): void {
  it('is at most 250 kB, compressed', () => {
    const manifest = JSON.parse(fs.readFileSync(path.join(PAGE, '.vite/manifest.json'), 'utf8')) as Record<
      string,
      Chunk
    >;
    const sizes = firstFiles(manifest).map((file) => gzipSync(fs.readFileSync(path.join(PAGE, file))).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`the first load of the console: ${sizes.length} files, ${(total / 1000).toFixed(1)} kB`);
    expect(total).toBeLessThanOrEqual(LIMIT);
  });
}
