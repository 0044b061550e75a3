import { hash } from 'node:crypto';
import { createReadStream, existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { readExport, recordOf, type ExportLine, type StoredRecord } from '@countersign/evidence';
import { CliError, EXIT } from '../errors.js';

/** One record of a file, read only if somebody wants it. */
export interface ArchivedRow {
  /** Its canonical JSON in UTF-8, from the second byte on: good until the next row is asked for. */
  text: Buffer;
  record(): StoredRecord;
}

const FILES = '**/*.ndjson{,.gz}';
const manifestShape = z.object({ files: z.array(z.object({ file: z.string() })) });

/** The files of an archive: the one that is named, or all below a folder. What a manifest there names has to be there. */
export function archiveFiles(where: string): string[] {
  if (!existsSync(where))
    throw new CliError(`${where} is not there.`, EXIT.usage, 'Name a file or folder with --archive.');
  if (!statSync(where).isDirectory()) return [where];
  const missing = globSync('**/manifest.json', { cwd: where }).flatMap((manifest) =>
    missingOf(path.join(where, manifest)),
  );
  if (missing.length > 0)
    throw new CliError(
      `The archive is not whole: ${missing.join(', ')} is gone.`,
      EXIT.broken,
      'Fetch it from a copy.',
    );
  // What a run left half written begins with a dot, and is not looked into.
  const found = globSync(FILES, { cwd: where }).filter((file) => !/(^|[\\/])\./.test(file));
  if (found.length === 0)
    throw new CliError(`${where} holds no archive.`, EXIT.usage, 'Name the folder given to --to.');
  return found.sort().map((file) => path.join(where, file));
}

function missingOf(manifest: string): string[] {
  const { files } = manifestShape.parse(JSON.parse(readFileSync(manifest, 'utf8')));
  return files.map(({ file }) => path.join(path.dirname(manifest), file)).filter((file) => !existsSync(file));
}

/** Every record that is in the files, in their order, whole files at a time. Ends with an error that has its place where a line does not fit. */
export async function* rowsOf(files: readonly string[]): AsyncGenerator<ArchivedRow> {
  for (const file of files) {
    for await (const lines of readExport(bytesOf(file)))
      for (const line of lines) {
        if (line.kind === 'malformed') throw unfit(file, line, line.because);
        if (line.kind === 'row' && line.text !== undefined) yield rowOf(file, line, line.text);
      }
  }
}

function rowOf(file: string, line: ExportLine & { kind: 'row' }, text: Buffer): ArchivedRow {
  text[0] = 0;
  if (!hash('sha256', text, 'buffer').equals(line.leaf))
    throw unfit(file, line, 'its record is not the one of its leaf');
  return {
    text,
    record() {
      try {
        return recordOf(line)!;
      } catch {
        throw unfit(file, line, 'its record is none of this version');
      }
    },
  };
}

const unfit = (file: string, { line }: { line: number }, because: string) =>
  new CliError(
    `${file}:${line}: ${because}.`,
    EXIT.broken,
    'Take the file from a copy; `countersign audit verify` says what else of it holds.',
  );

/** A file's bytes, unpacked if its name says that it is packed. */
export async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  const read = createReadStream(file, { highWaterMark: 1 << 20 });
  // What goes wrong with either comes out where the bytes are asked for.
  const source = file.endsWith('.gz') ? pipeline(read, createGunzip({ chunkSize: 1 << 20 }), () => {}) : read;
  try {
    yield* source as AsyncIterable<Buffer>;
  } catch (error) {
    throw new CliError(
      `${file}: it cannot be read to its end: ${error instanceof Error ? error.message : String(error)}.`,
      EXIT.broken,
      'Take the file from a copy.',
    );
  }
}
