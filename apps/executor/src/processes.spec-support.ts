import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { freePort, until } from '@countersign/testing';

export interface Child {
  process: ChildProcess;
  url: string;
}

/** Services as processes of their own, built; whatever was started is killed in the end. */
export class Processes {
  private readonly children = new Set<Child>();

  constructor(private readonly root: string) {}

  async start(app: string, env: NodeJS.ProcessEnv, probe = '/readyz'): Promise<Child> {
    const port = await freePort();
    const main = path.join(this.root, 'apps', app, 'dist/main.js');
    const all = { ...handedOn(), LOG_LEVEL: 'fatal', ...env, PORT: String(port) };
    const started = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', main], {
      cwd: this.root,
      env: all,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const child = { process: started, url: `http://127.0.0.1:${port}` };
    this.children.add(child);
    await until(async () => (await fetch(`${child.url}${probe}`)).ok, { what: `${app} to answer ${probe}` });
    return child;
  }

  async close(): Promise<void> {
    await Promise.all([...this.children].map(killed));
  }
}

/** A run that takes a defence out has to take it out of them too. */
const handedOn = () => Object.fromEntries(['PATH', 'NODE_OPTIONS'].map((name) => [name, process.env[name]]));

/** As a power cut would. */
export async function killed({ process: child }: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
