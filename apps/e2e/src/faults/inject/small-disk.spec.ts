import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MODULE = path.join(import.meta.dirname, 'small-disk.ts');

describe('a small disk', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'small-disk-'));
  const program = `
    import fs from 'node:fs';
    import { hasOwnMounts, intoOwnMounts, mountSmallDisk } from ${JSON.stringify(MODULE)};
    intoOwnMounts();
    if (!hasOwnMounts()) { console.log('not allowed'); process.exit(); }
    const disk = mountSmallDisk(process.argv[2]);
    const write = (name) => { try { fs.writeFileSync(disk.dir + '/' + name, Buffer.alloc(100_000)); return 'written'; } catch (error) { return error.code; } };
    const said = [write('before')];
    disk.fill();
    said.push(write('full'));
    fs.rmSync(disk.dir + '/full', { force: true });
    disk.free();
    console.log([...said, write('after')].join());`;
  fs.writeFileSync(path.join(dir, 'program.mjs'), program);
  const disk = path.join(dir, 'disk');
  const said = spawnSync(process.execPath, [path.join(dir, 'program.mjs'), disk])
    .stdout.toString()
    .trim();
  const left = fs.existsSync(disk) ? fs.readdirSync(disk) : [];
  fs.rmSync(dir, { recursive: true });

  it('takes nothing more while it is full, and then again, where the machine allows it at all', () => {
    expect(['written,ENOSPC,written', 'not allowed']).toContain(said);
  });

  it('is seen by nobody else, and gone with its process', () => expect(left).toEqual([]));
});
