import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);
/** What a copy of a running server must not hold: its process, and the log, which is copied last. */
const LEFT_OUT = ['postmaster.pid', 'postmaster.opts', 'pg_wal'];

/**
 * A base backup of a running PostgreSQL as its manual, "Making a Base Backup Using the Low Level API", says: what `pg_basebackup` does, which
 * does not come with the embedded server.
 *
 * @param url of a superuser
 * @param data the server's data folder
 * @param to a folder that is not there yet
 */
export async function baseBackup(url: string, data: string, to: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`select pg_backup_start('countersign', true)`);
    fs.mkdirSync(to, { recursive: true });
    for (const name of fs.readdirSync(data).filter((name) => !LEFT_OUT.includes(name))) await copy(data, to, name);
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(true)');
    await copy(data, to, 'pg_wal');
    fs.writeFileSync(path.join(to, 'backup_label'), rows[0]!.labelfile);
  } finally {
    await client.end();
  }
}

/** In place of what is there; the server is down. */
export async function putBack(backup: string, data: string): Promise<void> {
  const { uid, gid } = fs.statSync(data);
  fs.rmSync(data, { recursive: true });
  await run('cp', ['-a', backup, data]);
  for (const name of ['.', 'backup_label']) fs.chownSync(path.join(data, name), uid, gid);
  fs.chmodSync(data, 0o700);
}

/** With owners and times. What goes away while it is copied is no loss: the log knows of it. */
async function copy(from: string, to: string, name: string): Promise<void> {
  await run('cp', ['-a', path.join(from, name), to]).catch((error: { stderr?: string }) => {
    const lines = (error.stderr ?? '').split('\n').filter(Boolean);
    if (!lines.length || !lines.every((line) => line.includes('No such file'))) throw error;
  });
}
