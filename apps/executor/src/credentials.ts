import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ToolRefusal } from '@countersign/tool-sdk';

const RECHECK_MS = 1_000;

interface Kept {
  token: string;
  mtimeMs: number;
  checkedAt: number;
}

/**
 * Credentials per target and tenant: `<dir>/<target>/<tenant>.token`, read when first needed and again when the file
 * changes. They exist in this process alone, and only in the header of a request.
 */
export class Credentials {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly dir: string) {}

  async tokenFor(target: string, tenant: string): Promise<string> {
    const name = `${target}/${tenant}`;
    const known = this.kept.get(name);
    if (known && performance.now() - known.checkedAt < RECHECK_MS) return known.token;
    // Those who ask while it is looked at take the one known.
    if (known) known.checkedAt = performance.now();
    if (![target, tenant].every((part) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(part))) throw none(name);
    return this.read(name, known);
  }

  private async read(name: string, known: Kept | undefined): Promise<string> {
    const file = path.join(this.dir, `${name}.token`);
    try {
      const { mtimeMs } = await stat(file);
      const token = known?.mtimeMs === mtimeMs ? known.token : (await readFile(file, 'utf8')).trim();
      if (!/^[\x21-\x7e]+$/.test(token)) throw none(name);
      this.kept.set(name, { token, mtimeMs, checkedAt: performance.now() });
      return token;
    } catch (error) {
      this.kept.delete(name);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw none(name);
      throw error;
    }
  }
}

const none = (name: string) =>
  new ToolRefusal(
    'UPSTREAM_FAILED',
    `there is no credential for ${name}`,
    `Nothing was sent. Put a token at ${name}.token in the credentials folder.`,
  );
