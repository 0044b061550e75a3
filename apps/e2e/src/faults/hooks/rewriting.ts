import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of this workspace; the same from `src` and from `dist`. */
export const ROOT = path.resolve(import.meta.dirname, '../../../../..');

/** Rewrites files of this workspace as they are loaded. `rewrite` answers undefined for those that it leaves as they are. */
export function rewriteAsLoaded(rewrite: (file: string, source: () => string) => string | undefined): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith('file:') || loaded.format !== 'module') return loaded;
      const file = path.relative(ROOT, fileURLToPath(url));
      const source = rewrite(file, () => Buffer.from(loaded.source as Uint8Array).toString());
      return source === undefined ? loaded : { ...loaded, source };
    },
  });
}
