import fs from 'node:fs';
import net from 'node:net';
import { randomInt } from 'node:crypto';
import { PortInUse } from './errors.js';

// Below the range from which the kernel takes local ports for outgoing connections: a port from that range can be taken, even by
// a client that connects to itself, in the moment between the death of a listener and its restart.
const LOWEST = 20_000;
const HIGHEST = 32_000;

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

const given = new Set<number>();

/** A port on 127.0.0.1 that nobody listens on and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new PortInUse(`No free port found between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
}

/** Refuses a port named by the user that somebody already listens on. */
export async function requireFree(port: number, what: string): Promise<number> {
  if (await isFree(port)) return port;
  throw new PortInUse(`Port ${port} for ${what} is in use on 127.0.0.1: stop what listens there or name another port`);
}

function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((f) =>
    fs.existsSync(f) ? fs.readFileSync(f, 'utf8').split('\n') : [],
  );
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return new Set(columns.filter((c) => c[1]?.endsWith(`:${hex}`) && c[3] === '0A').map((c) => `socket:[${c[9]}]`));
}

/**
 * Whether process `pid` is the one that listens on `port`. An open port proves nothing: another program may hold it.
 * Outside Linux there is no cheap way to ask, and a living process is taken as the answer.
 */
export function ownsPort(pid: number, port: number): boolean {
  if (process.platform !== 'linux') return isAlive(pid);
  const sockets = listeningInodes(port);
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false; // the process is gone
  }
}

function linkOf(file: string): string {
  try {
    return fs.readlinkSync(file);
  } catch {
    return ''; // closed between the listing and now
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the service on a port of this machine says that it makes progress. */
export async function answersReady(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false; // not listening yet: asked again
  }
}
