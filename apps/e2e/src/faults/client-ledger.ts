import { appendFileSync } from 'node:fs';
import type { Asked, ClientEntry } from './checker/history.js';

/** What the client remembers, in memory and line by line in a file, so that a run that is cut off can still be judged. */
export class ClientLedger {
  readonly entries: ClientEntry[] = [];
  readonly asked = new Map<string, Asked>();

  constructor(private readonly file: string) {}

  write(entry: ClientEntry): void {
    this.entries.push(entry);
    if (entry.what === 'asked') this.asked.set(entry.intentId, entry);
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }
}
