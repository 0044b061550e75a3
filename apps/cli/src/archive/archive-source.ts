import type { RecordSource, StoredRecord } from '@countersign/evidence';
import { rowsOf } from './files.js';

const BEGINS = ['countersign.intent.accepted.v1', 'countersign.intent.refused.v1'];
/** The latest words on one switch that are kept in memory: as many as the trace store gives. */
const CONTROL_LIMIT = 2000;

export const isBegin = ({ type, signature }: StoredRecord) => signature === 'valid' && BEGINS.includes(type ?? '');
export const isSound = ({ signature }: StoredRecord) => signature === 'valid' || signature === 'not-required';
/** As a string of JSON has it. Quotes within strings are escaped, so what has them bare is a name or a whole value. */
export const quoted = (text: string) => Buffer.from(JSON.stringify(text));

export const placeOf = ({ topic, partition, offset, appendedAt }: StoredRecord) =>
  `${topic}/${partition}@${offset} ${appendedAt.getTime()}`;

export function inOrder(a: StoredRecord, b: StoredRecord): number {
  return (
    a.appendedAt.getTime() - b.appendedAt.getTime() ||
    (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) ||
    a.partition - b.partition ||
    Number(BigInt(a.offset) - BigInt(b.offset))
  );
}

/** The records of an archive's files. Each question is one pass over them; what it does not ask for is not kept. */
export class ArchiveSource implements RecordSource {
  private readonly traces = new Map<string, Promise<StoredRecord[]>>();
  private controls: Promise<Map<string, StoredRecord[]>> | undefined;

  constructor(private readonly files: readonly string[]) {}

  async begin(intentId: string): Promise<StoredRecord | null> {
    return (await this.trace(intentId)).find(isBegin) ?? null;
  }

  async tenantWithoutBegin(intentId: string): Promise<string | undefined> {
    return (await this.trace(intentId)).find(({ signature }) => signature === 'valid')?.tenant;
  }

  trace(intentId: string): Promise<StoredRecord[]> {
    const known = this.traces.get(intentId);
    if (known) return known;
    const trace = this.scan(quoted(intentId), ({ intent }) => intent === intentId);
    this.traces.set(intentId, trace);
    return trace;
  }

  async control(scopes: string[]): Promise<StoredRecord[]> {
    if (scopes.length === 0) return [];
    const said = await (this.controls ??= this.allControl());
    return scopes
      .flatMap((scope) => said.get(scope) ?? [])
      .sort(inOrder)
      .slice(-CONTROL_LIMIT);
  }

  raw(source: string, id: string): Promise<StoredRecord[]> {
    return this.scan(quoted(id), (row) => row.topic === 'intents' && row.id === id && row.source === source);
  }

  async intentsOf(actionId: string): Promise<string[]> {
    const rows = await this.scan(quoted(actionId), (row) => row.action === actionId && isSound(row));
    return [...new Set(rows.flatMap(({ intent }) => intent ?? []))];
  }

  /** The records whose JSON holds `mark` and of which `fits` is true, each once though it lies in two files. */
  private async scan(mark: Buffer, fits: (row: StoredRecord) => boolean): Promise<StoredRecord[]> {
    const found = new Map<string, StoredRecord>();
    for await (const { text, record } of rowsOf(this.files)) {
      if (!text.includes(mark)) continue;
      const row = record();
      if (fits(row)) found.set(placeOf(row), row);
    }
    return [...found.values()].sort(inOrder);
  }

  private async allControl(): Promise<Map<string, StoredRecord[]>> {
    // So begins the JSON of those of `control` and `control-acks`.
    const rows = await this.scan(Buffer.from('{"topic":"control'), (row) => isSound(row) && row.poisonReason === null);
    return Map.groupBy(rows, ({ key }) => key);
  }
}
