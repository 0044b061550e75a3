import http from 'node:http';
import pg from 'pg';
import { answersReady, freePort, ownsPort, type Supervisor, type System } from '@countersign/embedded';
import { keyOfPeer } from '../ledger.js';
import type { Pids } from '../cost.js';
import { LARGE, refund } from './refund.js';
import type { Drained, Pushed, WithApprovals } from './under-test.js';

const CONCURRENCIES = [16, 32, 64, 128, 256];
/** Starts and approvals of what waits for a person: hardly anything is to be done for each. */
const APPROVING = 100;

interface Request {
  id: string;
  tenant: string;
  requester: string;
  orderId: string;
  amount: string;
  currency: string;
  reason: string;
}

export interface PeerParts {
  name: 'Restate' | 'DBOS';
  /** The program that takes the bench's loads. */
  port: number;
  run: string;
  /** What works for it alone, by its supervisor. Who only asks is not counted. */
  supervisor: Supervisor;
  asks: string | undefined;
  system: System;
}

/** An engine of durable workflows that runs the same four steps, and commits to the same helpdesk. */
export class Peer implements WithApprovals {
  readonly name: string;
  /** Of its loads; measured by `tune`. */
  concurrency = 64;
  readonly keys: string[] = [];
  private sequence = 0;

  constructor(private readonly parts: PeerParts) {
    this.name = parts.name;
  }

  readonly pids: Pids = () => {
    const own = Object.entries(this.parts.supervisor.pids()).filter(([name]) => name !== this.parts.asks);
    const { helpdesk = [], postgres = [] } = this.parts.system.pids();
    return { ...Object.fromEntries(own), helpdesk, postgres };
  };

  /** Short loads at several concurrencies: from now on it is loaded with the one it did best with. */
  async tune(each: number): Promise<string> {
    await this.approved(each);
    const rates: { concurrency: number; rate: number }[] = [];
    for (const concurrency of CONCURRENCIES) {
      this.concurrency = concurrency;
      rates.push({ concurrency, rate: (await this.approved(each)).rate });
    }
    this.concurrency = rates.reduce((best, one) => (one.rate > best.rate ? one : best)).concurrency;
    return `${this.concurrency} (${rates.map(({ concurrency, rate }) => `${concurrency}: ${rate.toFixed(0)}/s`).join(', ')})`;
  }

  /** With as many more as it takes to fill it and to run it dry: those are not timed. */
  async approved(n: number): Promise<Pushed> {
    const { concurrency } = this;
    const requests = this.make(n + 2 * concurrency);
    const { rate } = await this.ask<{ rate: number }>('/burst', { requests, concurrency });
    return { rate, actions: requests.length };
  }

  async steady(perSecond: number, seconds: number): Promise<number[]> {
    const requests = this.make(perSecond * seconds);
    const { ms } = await this.ask<{ ms: number[] }>('/steady', { requests, perSecond });
    return ms.sort((a, b) => a - b);
  }

  async escalated(n: number): Promise<Drained> {
    const from = this.keys.length;
    const requests = this.make(n, LARGE);
    await this.ask('/open', { requests, concurrency: APPROVING });
    const ids = requests.map(({ id }) => id);
    const { at } = await this.ask<{ at: number }>('/approve', { ids, concurrency: APPROVING });
    return { firstApprovalAt: at, keys: this.keys.slice(from) };
  }

  private make(n: number, amount?: string): Request[] {
    return Array.from({ length: n }, () => {
      const number = this.sequence++;
      const id = `${this.parts.run}-${number}`;
      const args = refund(number, amount);
      this.keys.push(keyOfPeer('acme', id, args));
      return { id, tenant: 'acme', requester: 'alice', ...args };
    });
  }

  /** Without a limit of time: a load takes as long as it takes. */
  private ask<T>(path: string, body: object): Promise<T> {
    const { name, port } = this.parts;
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, path, method: 'POST' }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(JSON.parse(text) as T);
          else reject(new Error(`${name}: ${path} answered ${response.statusCode}: ${text.slice(0, 500)}`));
        });
      });
      request.once('error', (error) => reject(new Error(`${name} did not answer ${path}: ${error.message}`)));
      request.end(JSON.stringify(body));
    });
  }
}

/** A database of a peer's own on the server of the system. */
export async function peerDatabase(system: System, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: system.urls.postgres });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(system.urls.postgres);
  url.pathname = `/${name}`;
  return url.href;
}

/** The settings of our own services' Node. */
const NODE_FLAGS = ['--disable-warning=TimeoutNegativeWarning', '--max-semi-space-size=16'];

export interface Program {
  name: string;
  folder: string;
  script: string;
  env: Record<string, string>;
}

/** Starts one of the programs in benchmarks/peers and gives the port it listens on. */
export async function startProgram(supervisor: Supervisor, { name, folder, script, env }: Program): Promise<number> {
  const port = await freePort();
  await supervisor.start({
    name,
    argv: [process.execPath, ...NODE_FLAGS, `${folder}/${script}`],
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', PORT: String(port), ...env },
    cwd: folder,
    isReady: async (pid) => ownsPort(pid, port) && (await answersReady(port)),
  });
  return port;
}
