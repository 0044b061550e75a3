/*
 * What the guardian guarantees:
 * 1. When this process ends, however it ends (SIGKILL too), every process that was started through `spawn` is stopped: its stop
 *    signal first, SIGKILL for its group after five seconds.
 * 2. There is no gap: a child runs its program only after the guardian has been told of it.
 * 3. The pid of a child is the pid of its program, so that a signal to it reaches the program itself.
 * 4. A guardian that dies is replaced and told everything again.
 *
 * It is one `sh` for all children. It holds the other end of a pipe to this process; end of file is the sign.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import type { Writable } from 'node:stream';

const SCRIPT = `
trap '' INT TERM HUP
list=''
while read -r op pid sig; do
  case $op in
    add) list="$list $pid:$sig" ;;
    drop) kept=''; for e in $list; do [ "\${e%%:*}" = "$pid" ] || kept="$kept $e"; done; list=$kept ;;
  esac
done
[ -n "$list" ] || exit 0
for e in $list; do kill -s "\${e#*:}" "\${e%%:*}" 2>/dev/null; done
i=0
while [ $i -lt 50 ]; do
  alive=''
  for e in $list; do kill -s 0 -- "-\${e%%:*}" 2>/dev/null && alive=1; done
  [ -n "$alive" ] || exit 0
  sleep 0.1
  i=$((i + 1))
done
for e in $list; do kill -s KILL -- "-\${e%%:*}" 2>/dev/null; done
`;

// Waits for one line on descriptor 3, then becomes the program.
const GATE = 'read -r go <&3 || exit 1; exec 3<&-; exec "$@"';

export interface GuardedSpawn {
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  stopSignal: 'TERM' | 'INT' | 'QUIT' | 'KILL';
  /** Open file descriptor for stdout and stderr. */
  output: number;
  uid?: number;
  gid?: number;
}

export class Guardian {
  private readonly charges = new Map<number, string>();
  private closing = false;
  private process: ChildProcess;

  constructor() {
    this.process = this.launch();
  }

  spawn(what: GuardedSpawn): ChildProcess {
    const stdio: StdioOptions = ['ignore', what.output, what.output, 'pipe'];
    const { env, cwd, uid, gid } = what;
    const child = spawn('sh', ['-c', GATE, 'sh', ...what.argv], { env, cwd, uid, gid, stdio, detached: true });
    if (child.pid === undefined) return child;
    this.charges.set(child.pid, what.stopSignal);
    this.tell(`add ${child.pid} ${what.stopSignal}`);
    const gate = child.stdio[3] as Writable;
    gate.on('error', ignoreClosedPipe);
    gate.end('go\n');
    child.once('exit', () => this.drop(child.pid!));
    return child;
  }

  /** Ends the guardian; whatever it still guards is stopped. */
  close(): void {
    this.closing = true;
    this.process.stdin!.end();
  }

  private drop(pid: number): void {
    this.charges.delete(pid);
    this.tell(`drop ${pid}`);
  }

  private tell(line: string): void {
    if (!this.closing) this.process.stdin!.write(`${line}\n`);
  }

  private launch(): ChildProcess {
    const guardian = spawn('sh', ['-c', SCRIPT, 'countersign-guardian'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    guardian.stdin!.on('error', ignoreClosedPipe);
    guardian.unref();
    guardian.once('exit', () => {
      if (this.closing) return;
      this.process = this.launch();
      for (const [pid, signal] of this.charges) this.tell(`add ${pid} ${signal}`);
    });
    return guardian;
  }
}

/** The reader is gone: its exit event says so, and is where that is handled. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
