import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { fingerprintOf } from '@countersign/workflow-kit';
import { Stage, type Name } from '../service.fixture.js';
import type { Subjects } from './subjects.js';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const RECORDS = path.join(ROOT, 'apps/policy/fixtures/record-desk');
const TODO = path.join(ROOT, 'libs/workflows/todo');

/** The interop scenario's data, which is not ours to carry: `COUNTERSIGN_AUTHZEN_VECTORS`, or beside the repository. */
const VECTORS = process.env['COUNTERSIGN_AUTHZEN_VECTORS'] ?? path.resolve(ROOT, '../shared/authzen');
const VECTORS_FILE = path.join(VECTORS, 'decisions-authorization-api-1_0-02.json');
export const hasVectors = existsSync(VECTORS_FILE);

export interface Vectors {
  evaluation: { request: object; expected: boolean }[];
  evaluations: { request: object; expected: { decision: boolean }[] }[];
}
const jsonOf = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
export const vectors = (): Vectors =>
  hasVectors ? (jsonOf(VECTORS_FILE) as Vectors) : { evaluation: [], evaluations: [] };
const usersOfVectors = () => (hasVectors ? (jsonOf(path.join(VECTORS, 'users.json')) as Subjects[string]) : {});

const PEOPLE: Subjects[string] = {
  vera: { email: 'vera@todo.example', roles: ['viewer'] },
  edda: { email: 'edda@todo.example', roles: ['editor'] },
  adina: { email: 'adina@todo.example', roles: ['admin'] },
  eve: { email: 'eve@todo.example', roles: ['evil_genius'] },
  /** Nobody knows the e-mail. */
  mute: { roles: ['editor'] },
  nobody: { email: 'nobody@todo.example', roles: [] },
  /** Certification's two. */
  alice: { roles: ['writer'] },
  bob: { roles: ['reader'] },
  agent: { roles: ['support-agent'] },
};

export interface Told {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { context?: Record<string, unknown>; evaluations?: { decision: boolean }[] };
}

/** Policy as a process of its own with three workflows, released and at the stage `scoped`, and a directory of subjects. */
export class AccessStage {
  private constructor(
    readonly stage: Stage,
    private readonly dir: string,
  ) {}

  static async open(): Promise<AccessStage> {
    const dir = mkdtempSync(path.join(tmpdir(), 'authzen-'));
    const file = path.join(dir, 'subjects.json');
    const globex: Subjects[string] = { gudrun: { roles: ['writer', 'viewer'] } };
    writeFileSync(file, JSON.stringify({ acme: { ...usersOfVectors(), ...PEOPLE }, globex }));
    const stage = await Stage.open({
      COUNTERSIGN_WORKFLOWS: `@countersign/support-desk,@countersign/todo,${RECORDS}`,
      COUNTERSIGN_AUTHZEN_SUBJECTS: file,
    });
    const opened = new AccessStage(stage, dir);
    await opened.release('todo', TODO);
    await opened.release('record-desk', RECORDS);
    return opened;
  }

  private async release(workflow: string, folder: string): Promise<void> {
    const fingerprint = fingerprintOf(folder, { model: 'stand-in', baseUrl: '' });
    const [stage, release] = [`stage/workflow/${workflow}`, `release/workflow/${workflow}`];
    await this.stage.control(stage, { stage: 'scoped' }, await this.stage.token('ruth'));
    await this.stage.control(release, this.stage.released(Date.now() - 60_000, fingerprint, workflow));
    await Promise.all([this.stage.acked(stage, 1), this.stage.acked(release, 1)]);
  }

  async ask(route: string, body: unknown, by: Name | { token?: string } = 'sam', headers: Record<string, string> = {}) {
    const token = typeof by === 'string' ? await this.stage.token(by) : by.token;
    return this.send(route, typeof body === 'string' ? body : JSON.stringify(body), {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    });
  }

  async send(route: string, body: string, headers: Record<string, string>): Promise<Told> {
    const response = await fetch(`${this.stage.url}/access/v1/${route}`, {
      method: 'POST',
      headers,
      body: new TextEncoder().encode(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Told['body'] };
  }

  async close(): Promise<void> {
    await this.stage.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
