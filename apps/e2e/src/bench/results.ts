import fs from 'node:fs';
import path from 'node:path';

/** A run's folder: everything measured as JSON, and its plots. Nothing is written where none was named. */
export class Results {
  constructor(private readonly folder: string | undefined) {}

  json(name: string, value: unknown): void {
    this.write(`${name}.json`, `${JSON.stringify(value, null, 2)}\n`);
  }

  svg(name: string, text: string): void {
    this.write(`${name}.svg`, text);
  }

  private write(name: string, text: string): void {
    if (!this.folder) return;
    fs.mkdirSync(this.folder, { recursive: true });
    fs.writeFileSync(path.join(this.folder, name), text);
  }
}
