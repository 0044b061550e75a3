import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { Signer } from '@countersign/signing';
import { originOf } from './checkpoint.js';
import { headerLine, placeLine, readExport, recordOf, type ExportLine } from './export.js';
import { leafOf } from './leaf.js';
import { exportOf, randomOf, rowAt, tampered, verifyText, type ExportParts } from './tampering.fixture.js';
import { KnownCheckpoints } from './verify.js';

const ROWS = Array.from({ length: 120 }, (_, n) => rowAt(n));
const EVERY = 25;

describe('an export (the numbers are those of verify.ts)', () => {
  const audit = generateKeyPairSync('ed25519');
  const keys = [audit.publicKey];
  const parts: ExportParts = {
    tenant: 'acme',
    origin: originOf('countersign/audit', 'acme'),
    signer: new Signer(audit.privateKey),
    every: EVERY,
  };
  const file = exportOf(ROWS, parts);
  const notesIn = (text: string) =>
    text
      .split('\n')
      .flatMap((line) =>
        line.startsWith('{"checkpoint"') ? [(JSON.parse(line) as { checkpoint: string }).checkpoint] : [],
      );
  const known = (...files: string[]) => {
    const all = new KnownCheckpoints(keys);
    for (const each of files) for (const note of notesIn(each)) all.add(note);
    return all;
  };
  const kindsOf = async (...[text, options]: Parameters<typeof verifyText>) => [
    ...new Set((await verifyText(text, options)).findings.map(({ kind }) => kind)),
  ];

  it('of what was stored is whole (1)', async () => {
    expect(await verifyText(file, { keys, known: known(file) })).toMatchObject({
      ok: true,
      rows: 120,
      checkpoints: 5,
      findings: [],
      sections: [{ tenant: 'acme', from: 0, to: 120, signed: 120 }],
    });
  });

  it('reads back as the rows it was made of', async () => {
    const lines: ExportLine[] = [];
    // In pieces that break lines anywhere.
    const bytes = Buffer.from(file);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, n) =>
      bytes.subarray(n * 777, (n + 1) * 777),
    );
    for await (const some of readExport(Readable.from(pieces))) lines.push(...some);
    expect(lines.flatMap((line) => (line.kind === 'row' ? [recordOf(line)] : []))).toEqual(ROWS);
    expect(lines.filter(({ kind }) => kind === 'malformed')).toEqual([]);
  });

  describe('changed in any of 1,200 seeded ways (2)', () => {
    let wrong: { seed: number; what: string; named: string[]; found: string[] }[];
    let tries: Record<string, number>;
    beforeAll(async () => {
      [wrong, tries] = [[], {}];
      const small = exportOf(ROWS.slice(0, 40), { ...parts, every: 10 });
      const outside = known(small);
      for (let seed = 1; seed <= 1200; seed++) {
        const { what, file: changed, named } = tampered(small, randomOf(seed));
        const found = await kindsOf(changed, { keys, known: outside });
        const kind = what.replace(/\d+ /, '');
        tries[kind] = (tries[kind] ?? 0) + 1;
        if (!found.some((each) => named.includes(each))) wrong.push({ seed, what, named, found });
      }
    });
    it('is found to be, and it is named how', () => expect(wrong).toEqual([]));
    it('of every kind', () => expect(Object.values(tries).filter((count) => count > 50)).toHaveLength(11));
  });

  it('names what is wrong, and where (2)', async () => {
    const lines = file.split('\n');
    const changed = file.replace('"ord_42"', '"ord_43"');
    const verdict = await verifyText(changed, { keys });
    expect(verdict.findings).toEqual([
      {
        kind: 'changed',
        tenant: 'acme',
        index: 42,
        line: 45,
        says: 'the record at index 42 is not the one its leaf was made of',
      },
    ]);
    const gone = lines.filter((line) => !/^\{"index":(7|8|9),/.test(line)).join('\n');
    expect((await verifyText(gone, { keys })).findings).toEqual([
      { kind: 'deleted', tenant: 'acme', index: 7, line: null, says: 'indexes 7 to 9 are not there' },
    ]);
  });

  it('whose record and leaf were changed alike is not what was signed (1)', async () => {
    const rows = ROWS.map((row, n) => (n === 30 ? { ...row, outcome: 'failed' } : row));
    const rewritten = exportOf(rows, parts).split('\n');
    // Under the checkpoints of the true one.
    const forged = file.split('\n').map((line, at) => (line.startsWith('{"index"') ? rewritten[at]! : line));
    const { findings } = await verifyText(forged.join('\n'), { keys });
    expect(findings).toMatchObject([{ kind: 'rewritten', index: 25 }]);
  });

  it('that was rewritten and signed anew by another key is not signed', async () => {
    const other = new Signer(generateKeyPairSync('ed25519').privateKey);
    const rows = ROWS.filter((_, n) => n !== 30);
    expect(await kindsOf(exportOf(rows, { ...parts, signer: other }), { keys })).toEqual(['unsigned']);
  });

  it('that was rewritten and signed anew by audit’s own key is forked from what was kept elsewhere (3)', async () => {
    const forged = exportOf(
      ROWS.filter((_, n) => n !== 30),
      parts,
    );
    expect(await kindsOf(forged, { keys })).toEqual([]);
    expect(await kindsOf(forged, { keys, known: known(file) })).toContain('forked');
    expect(await kindsOf(file, { keys, known: known(file, forged) })).toContain('forked');
    const otherEvery = exportOf(
      ROWS.filter((_, n) => n !== 30),
      { ...parts, every: 119 },
    );
    expect(await kindsOf(otherEvery, { keys, known: known(file) })).toContain('rewritten');
  });

  it('that was cut short is whole by its own word, and not by a checkpoint kept elsewhere (3)', async () => {
    const short = exportOf(ROWS.slice(0, 75), parts);
    expect(await kindsOf(short, { keys })).toEqual([]);
    expect((await verifyText(short, { keys, known: known(file) })).findings).toMatchObject([
      { kind: 'truncated', index: 75 },
    ]);
  });

  it('need not hold what was signed after it was written', async () => {
    const short = exportOf(ROWS.slice(0, 75), parts);
    const later = new KnownCheckpoints(keys);
    for (const note of notesIn(file)) later.add(note, new Date('2026-03-01T12:00:01.000Z'));
    expect(await kindsOf(short, { keys, known: later })).toEqual([]);
    // Of whom else's word for it that it is so old, nothing is taken.
    const cut = exportOf(ROWS.slice(0, 75), { ...parts, at: '2026-03-01T12:30:00.000Z' });
    const dated = cut.replace('T12:30', 'T12:00');
    expect(await kindsOf(dated, { keys })).toEqual(['unsigned']);
    expect(await kindsOf(dated, { keys, known: later })).toEqual(['unsigned', 'truncated']);
    const undated = dated.replace(/,"signed":"[^"]*"/, '');
    expect(await kindsOf(undated, { keys })).toEqual([]);
    expect(await kindsOf(undated, { keys, known: later })).toEqual(['truncated']);
    const before = new KnownCheckpoints(keys);
    for (const note of notesIn(file)) before.add(note, new Date('2026-03-01T11:00:00.000Z'));
    expect(await kindsOf(short, { keys, known: before })).toEqual(['truncated']);
  });

  it('of a part is whole if a part was asked for, alone', async () => {
    const part = exportOf(ROWS, { ...parts, from: 61 });
    expect(await kindsOf(part, { keys, known: known(file) })).toEqual(['truncated']);
    const verdict = await verifyText(part, { keys, known: known(file), partial: true });
    expect(verdict).toMatchObject({ ok: true, rows: 59, sections: [{ from: 61, to: 120, signed: 120 }] });
    const other = part.replace(/"frontier":\["./, (found) => found.slice(0, -1) + (found.endsWith('A') ? 'B' : 'A'));
    expect(await kindsOf(other, { keys, partial: true })).toEqual(['rewritten']);
  });

  it('in several sections is whole if each goes on from the one before', async () => {
    const [first, second] = [exportOf(ROWS.slice(0, 61), parts), exportOf(ROWS, { ...parts, from: 61 })];
    const globex = exportOf(
      ROWS.map((row, n) => ({ ...rowAt(n, 'globex'), key: row.key })),
      {
        ...parts,
        tenant: 'globex',
        origin: originOf('countersign/audit', 'globex'),
      },
    );
    expect(await verifyText(first + globex + second, { keys, known: known(file) })).toMatchObject({ ok: true });
    const forged = exportOf([...ROWS.slice(0, 60), rowAt(999), ...ROWS.slice(61)], { ...parts, from: 61 });
    expect(await kindsOf(first + forged, { keys })).toContain('rewritten');
    expect(await kindsOf(first + exportOf(ROWS, { ...parts, from: 70 }), { keys })).toEqual(['truncated']);
  });

  it('may leave out records that are kept elsewhere if a part was asked for, and not their places', async () => {
    const lines = file.split('\n');
    const at = lines.findIndex((line) => line.startsWith('{"index":50,'));
    lines[at] = placeLine(50, leafOf(ROWS[50]!)).trimEnd();
    expect(await kindsOf(lines.join('\n'), { keys, partial: true })).toEqual([]);
    expect(await kindsOf(lines.join('\n'), { keys })).toEqual(['deleted']);
    lines[at] = placeLine(50, leafOf(ROWS[51]!)).trimEnd();
    expect(await kindsOf(lines.join('\n'), { keys, partial: true })).toEqual(['rewritten']);
  });

  it('of rows that no checkpoint vouches for says so', async () => {
    const lines = file.split('\n').filter((line) => !line.startsWith('{"checkpoint"'));
    expect(await kindsOf(lines.join('\n'), { keys })).toEqual(['unsigned']);
    const last = file.split('\n').slice(0, -2).join('\n') + '\n';
    expect((await verifyText(last, { keys })).findings).toMatchObject([{ kind: 'unsigned', index: 100 }]);
  });

  it('of nothing, of noise, or of another tenant’s tree is none', async () => {
    expect(await kindsOf('', { keys })).toEqual(['malformed']);
    expect(await kindsOf('noise', { keys })).toEqual(['malformed']);
    expect(await kindsOf(file.split('\n').slice(1).join('\n'), { keys })).toEqual(['malformed']);
    const globex = file.replace('"tenant":"acme"', '"tenant":"globex"');
    expect(await kindsOf(globex, { keys })).toContain('malformed');
    const empty = headerLine({
      countersign: 'export/1',
      tenant: 'acme',
      origin: parts.origin,
      at: '2026-03-01T12:00:00.000Z',
      from: 0,
      to: 0,
      frontier: [],
    });
    expect(await kindsOf(empty, { keys })).toEqual([]);
    expect(await kindsOf(empty, { keys, known: known(file) })).toEqual(['truncated']);
  });
});
