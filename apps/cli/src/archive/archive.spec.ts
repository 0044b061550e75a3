import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { explain, explanationOf, traceOf } from '@countersign/evidence';
import { SHAPES } from '@countersign/evidence/shapes';
import { CliError, EXIT } from '../errors.js';
import { rowOf, TRACE, writeDay } from './archive.fixture.js';
import { ArchiveSource } from './archive-source.js';
import { archiveFiles } from './files.js';
import { searchArchive } from './search.js';

const SHAPE = 'approved by a person';

describe('reading an archive without a system', () => {
  let dir: string;
  const { actionId, trace } = SHAPES[SHAPE]!();
  const rows = trace.map(rowOf);
  const intentId = trace[1]!.event.correlationid;
  const half = Math.ceil(rows.length / 2);
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'archive-'));
    // The trace begins on one day and ends on the next; a day that was written twice holds some of it twice.
    writeDay(dir, '2026-01-01', rows.slice(0, half));
    writeDay(dir, '2026-01-02', rows.slice(half));
    writeDay(dir, '2026-01-02.2', rows.slice(half));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const source = () => new ArchiveSource(archiveFiles(dir));

  it.each(
    Object.keys(SHAPES).filter((name) => SHAPES[name]!().trace.every(({ topic }) => !topic.startsWith('control'))),
  )('explains an action as the trace store does: %s', async (name) => {
    const shape = SHAPES[name]!();
    const own = mkdtempSync(path.join(tmpdir(), 'archive-'));
    writeDay(own, '2026-01-01', shape.trace.map(rowOf));
    expect(await explanationOf(new ArchiveSource(archiveFiles(own)), shape.actionId)).toEqual(
      explain(shape.actionId, shape.trace),
    );
    rmSync(own, { recursive: true });
  });

  it('shows a trace whole though it lies in the files of two days, each record once', async () => {
    const view = await traceOf(source(), intentId);
    expect(view).toMatchObject({
      intentId,
      actor: 'alice',
      state: 'ended',
      outcome: 'answered',
      duplicates: [],
      forged: [],
    });
    expect(view!.records.map(({ offset }) => offset)).toEqual(rows.map(({ offset }) => offset));
    expect(await traceOf(source(), 'int_of_nobody')).toBeUndefined();
  });

  it.each([
    [{}, true],
    [{ tenant: 'acme', actor: 'alice', tool: 'issue_refund', rule: 'the-rule', outcome: 'committed' }, true],
    [{ record: 'ord_1002', text: 'REFUND 900', from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }, true],
    [{ subject: actionId, actor: 'alice' }, true],
    [{ traceId: TRACE.toUpperCase(), tool: 'issue_refund' }, true],
    [{ traceId: TRACE.replace('0', '1') }, false],
    [{ tenant: 'globex' }, false],
    [{ actor: 'erin' }, false],
    [{ tool: 'issue_refund', code: 'KILLED' }, false],
    [{ text: 'something else' }, false],
    [{ from: '2026-02-01T00:00:00Z' }, false],
  ] as const)('finds by %j: %s', async (query, isFound) => {
    const { data, more } = await searchArchive(archiveFiles(dir), query, 50);
    expect(more).toBe(0);
    expect(data.map(({ intentId: id, state, actions }) => [id, state, actions.length])).toEqual(
      isFound ? [[intentId, 'ended', 2]] : [],
    );
  });

  const refusal = async (work: () => Promise<unknown>): Promise<CliError> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof CliError) return error;
      throw error;
    }
    throw new Error('it was not refused');
  };

  it.each([
    [
      'a line that is none',
      (text: string) => text.replace('"rules":', '"rulez":'),
      /:2: its record is not the one of its leaf/,
    ],
    ['half a line', (text: string) => text.slice(0, -20), /:\d+: the last line breaks off/],
    ['a line of somebody else', (text: string) => `${text}{"a":1}\n`, /:\d+: it is no line of an export/],
  ])('says where it finds %s', async (_, spoil, says) => {
    const own = mkdtempSync(path.join(tmpdir(), 'archive-'));
    const file = writeDay(own, '2026-01-01', rows);
    writeFileSync(file, gzipSync(spoil(gunzipSync(readFileSync(file)).toString())));
    for (const work of [
      () => traceOf(new ArchiveSource(archiveFiles(file)), intentId),
      () => searchArchive(archiveFiles(file), {}, 10),
    ]) {
      const { message, exitCode } = await refusal(work);
      expect(message).toMatch(says);
      expect(message.startsWith(file)).toBe(true);
      expect(exitCode).toBe(EXIT.broken);
    }
    rmSync(own, { recursive: true });
  });

  it('takes no file for whole that is not, and no folder', async () => {
    const own = mkdtempSync(path.join(tmpdir(), 'archive-'));
    expect((await refusal(async () => archiveFiles(own))).exitCode).toBe(EXIT.usage);
    const file = writeDay(own, '2026-01-01', rows);
    truncateSync(file, 300);
    const cut = await refusal(() => traceOf(new ArchiveSource(archiveFiles(own)), intentId));
    expect([cut.message.startsWith(file), cut.exitCode]).toEqual([true, EXIT.broken]);
    rmSync(file);
    const gone = await refusal(async () => archiveFiles(own));
    expect([gone.message, gone.exitCode]).toEqual([`The archive is not whole: ${file} is gone.`, EXIT.broken]);
    rmSync(own, { recursive: true });
  });
});
