import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const REPO = path.resolve(import.meta.dirname, '../../../..');
const DESK = path.join(REPO, 'libs/workflows/support-desk');

/** The workflow's package as somebody has it checked out who mends it: built, and without its cases. */
export class DeskCopy {
  readonly folder = path.join(mkdtempSync(path.join(tmpdir(), 'countersign-desk-')), 'support-desk');

  constructor(readonly name = 'support-desk') {
    mkdirSync(this.folder);
    for (const part of ['package.json', 'dist'])
      cpSync(path.join(DESK, part), path.join(this.folder, part), { recursive: true });
    symlinkSync(path.join(REPO, 'node_modules'), path.join(this.folder, 'node_modules'), 'junction');
    this.change('workflow.js', /name: 'support-desk'/, `name: '${name}'`);
  }

  change(file: string, pattern: RegExp, by: string): void {
    const built = path.join(this.folder, 'dist', file);
    const text = readFileSync(built, 'utf8');
    if (!pattern.test(text)) throw new Error(`${built} does not say ${pattern.source}`);
    writeFileSync(built, text.replace(pattern, by));
  }

  /** The case of an incident. */
  incident(id: string): string {
    return path.join(this.folder, 'evals/incidents', `${id}.evals.yaml`);
  }

  /** The same case, of this workflow. */
  addIncident(id: string, from: DeskCopy): void {
    mkdirSync(path.dirname(this.incident(id)), { recursive: true });
    writeFileSync(
      this.incident(id),
      readFileSync(from.incident(id), 'utf8').replace(/^workflow: .*$/m, `workflow: ${this.name}`),
    );
  }

  remove(): void {
    rmSync(path.dirname(this.folder), { recursive: true, force: true });
  }
}
