/*
 * The files of one day, in a folder of its own.
 *
 *  1  A folder is there whole or not at all: it is written under another name, brought to the disk, and given its name last.
 *  2  Nothing that stands is written over. A day that is written once more to the same bytes is the one that stands; another gets a name
 *     of its own.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { FileEntry } from './unit.js';

const MANIFEST = 'manifest.json';

export interface Manifest {
  countersign: 'archive/1';
  day: string;
  rows: number;
  files: FileEntry[];
}

/** Where a day is written before it has its name. What an interrupted run left there is removed. */
export function beginDay(dir: string, day: string): string {
  const partial = path.join(dir, `.${day}.partial`);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  return partial;
}

/** Gives the day its name; answers its folder's. */
export function endDay(dir: string, partial: string, manifest: Manifest): string {
  const text = `${JSON.stringify(manifest, null, 1)}\n`;
  writeFileSync(path.join(partial, MANIFEST), text, { mode: 0o600, flush: true });
  sync(partial);
  for (let n = 1; ; n++) {
    const name = n === 1 ? manifest.day : `${manifest.day}.${n}`;
    const folder = path.join(dir, name);
    if (!existsSync(folder)) {
      renameSync(partial, folder);
      sync(dir);
      return name;
    }
    if (!isSame(folder, text)) continue;
    rmSync(partial, { recursive: true });
    return name;
  }
}

function isSame(folder: string, text: string): boolean {
  const file = path.join(folder, MANIFEST);
  return existsSync(file) && readFileSync(file, 'utf8') === text;
}

function sync(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
