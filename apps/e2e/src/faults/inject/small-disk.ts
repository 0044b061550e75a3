import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const ROOMY = '6g';
const PAGE = 4096;

export interface SmallDisk {
  dir: string;
  fill(): void;
  free(): void;
  unmount(): void;
}

/**
 * A file system in memory whose size can be changed under what is written to it: full is the size of what it holds, so that nothing has
 * to be written to fill it. Only in a mount namespace of one's own (`intoOwnMounts`), so that none outlives this process.
 */
export function mountSmallDisk(dir: string): SmallDisk {
  const mount = (...args: string[]) => execFileSync('mount', [...args, dir], { stdio: 'pipe' });
  const resize = (size: number | string) => mount('-o', `remount,size=${size}`);
  fs.mkdirSync(dir, { recursive: true, mode: 0o711 });
  mount('-t', 'tmpfs', '-o', `size=${ROOMY},mode=0711`, 'tmpfs');
  return {
    dir,
    fill: () => fill(dir, resize),
    free: () => void resize(ROOMY),
    unmount: () => void execFileSync('umount', ['--lazy', dir]),
  };
}

/** What is written meanwhile makes the size that was just read too small, and that is refused: then it is read again. */
function fill(dir: string, resize: (size: number) => unknown): void {
  for (let tries = 1; ; tries++) {
    const { blocks, bfree, bsize } = fs.statfsSync(dir);
    try {
      return void resize(Math.max((blocks - bfree) * bsize, PAGE));
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
  }
}
const MOST_TRIES = 100;

const OWN = 'COUNTERSIGN_FAULTS_OWN_MOUNTS';
const UNSHARE = ['unshare', '--mount', '--propagation', 'private'];

/** Whether this process may mount what nobody else sees. */
export const hasOwnMounts = (): boolean => process.env[OWN] === '1';

/** Becomes this program anew in a mount namespace of its own. Returns only where the machine does not allow that, or when it is there. */
export function intoOwnMounts(): void {
  if (hasOwnMounts() || spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status !== 0) return;
  const file = (process.env['PATH'] ?? '').split(path.delimiter).map((dir) => path.join(dir, UNSHARE[0]!));
  const again = [...UNSHARE, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve!(
    file.find((candidate) => fs.existsSync(candidate))!,
    again,
    { ...process.env, [OWN]: '1' },
  );
}
