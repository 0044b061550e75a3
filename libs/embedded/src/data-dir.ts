import fs from 'node:fs';
import path from 'node:path';
import { DataDirInUse } from './errors.js';

interface ProcessMark {
  pid: number;
  /** The kernel's start time of the process: a pid used again by another program has another one. */
  startedAt: string;
}

const markOf = (pid: number): ProcessMark => ({ pid, startedAt: startTimeOf(pid) ?? 'unknown' });

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function isRunning(mark: ProcessMark): boolean {
  if (process.platform === 'linux') return startTimeOf(mark.pid) === mark.startedAt;
  try {
    return process.kill(mark.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A data folder held by one supervisor, with a note of the processes that work in it. */
export class DataDir {
  private readonly children = new Map<number, ProcessMark>();

  private constructor(
    readonly path: string,
    private readonly lockFile: string,
  ) {}

  /**
   * Takes the folder, making it if need be. Processes that a killed supervisor left behind are ended first.
   *
   * @throws DataDirInUse when a living process holds it
   */
  static async take(dir: string): Promise<DataDir> {
    fs.mkdirSync(dir, { recursive: true, mode: 0o711 });
    const lockFile = path.join(dir, 'lock');
    const mine = `${lockFile}.${process.pid}`;
    fs.writeFileSync(mine, JSON.stringify(markOf(process.pid)));
    try {
      if (!tryLink(mine, lockFile)) takeOver(mine, lockFile, dir);
    } finally {
      fs.rmSync(mine, { force: true });
    }
    const data = new DataDir(dir, lockFile);
    await data.endLeftovers();
    return data;
  }

  child(name: string): string {
    const dir = path.join(this.path, name);
    fs.mkdirSync(dir, { recursive: true });
    return dir;
  }

  note(pid: number): void {
    this.children.set(pid, markOf(pid));
    this.writeNotes();
  }

  forget(pid: number): void {
    this.children.delete(pid);
    this.writeNotes();
  }

  release(): void {
    fs.rmSync(this.notesFile, { force: true });
    fs.rmSync(this.lockFile, { force: true });
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  private get notesFile(): string {
    return path.join(this.path, 'processes.json');
  }

  private writeNotes(): void {
    if (fs.existsSync(this.path)) fs.writeFileSync(this.notesFile, JSON.stringify([...this.children.values()]));
  }

  private async endLeftovers(): Promise<void> {
    if (!fs.existsSync(this.notesFile)) return;
    const left = (JSON.parse(fs.readFileSync(this.notesFile, 'utf8')) as ProcessMark[]).filter(isRunning);
    // Outside Linux a pid can't be told from a later process of the same number: nothing is signalled there.
    if (process.platform !== 'linux') return;
    for (const mark of left) process.kill(-mark.pid, 'SIGKILL');
    for (const deadline = Date.now() + 5000; left.some(isRunning) && Date.now() < deadline;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function takeOver(mine: string, lockFile: string, dir: string): void {
  const text = fs.readFileSync(lockFile, 'utf8');
  const holder = JSON.parse(text) as ProcessMark;
  const inUse = (pid: number) =>
    new DataDirInUse(`The data folder ${dir} is in use by process ${pid}: stop it or name another with --data`);
  if (isRunning(holder)) throw inUse(holder.pid);
  const stale = `${mine}.stale`;
  fs.renameSync(lockFile, stale);
  const moved = fs.readFileSync(stale, 'utf8');
  // Another supervisor took over between the read and the rename: what was moved away is its lock, so put it back.
  if (moved !== text) tryLink(stale, lockFile);
  fs.rmSync(stale);
  if (moved !== text || !tryLink(mine, lockFile)) throw inUse((JSON.parse(moved) as ProcessMark).pid);
}
