/*
 * Holds an export against signed checkpoints (docs/tamper-evidence.md).
 *
 *  1  A row counts if its record makes its leaf, and the leaves from the first on make the root of a checkpoint that audit signed.
 *  2  What is wrong is named, with where: changed, deleted, inserted, reordered, truncated, rewritten, forked, unsigned, malformed.
 *  3  What checkpoints that were kept elsewhere say is demanded of the file too: that is what shows a history that was cut short or signed
 *     anew.
 *  4  One pass in bounded memory, whatever the file holds.
 */
import { hash as digest, type KeyObject } from 'node:crypto';
import { openCheckpoint, originOf, type Checkpoint } from './checkpoint.js';
import { isWritten, type ExportHeader, type ExportLine } from './export.js';
import { Frontier } from './tree.js';

export type FindingKind =
  | 'malformed' /** a line that is none of ours */
  | 'changed' /** a record that is not the one its leaf was made of */
  | 'deleted' /** indexes that are not there */
  | 'inserted' /** a row that has no place of its own */
  | 'reordered' /** a row behind one that comes after it */
  | 'truncated' /** less than was signed */
  | 'rewritten' /** rows that agree with each other, and not with what was signed */
  | 'forked' /** two signed checkpoints of one size */
  | 'unsigned'; /** rows that no checkpoint vouches for, or a checkpoint that audit did not sign */

export interface Finding {
  kind: FindingKind;
  tenant: string | null;
  /** Of the first row it is about. */
  index: number | null;
  line: number | null;
  says: string;
}

export interface Section {
  tenant: string;
  origin: string;
  from: number;
  /** The index behind the last row. */
  to: number;
  /** Up to where a checkpoint vouches for it. */
  signed: number;
  root: string | null;
}

export interface Verdict {
  ok: boolean;
  rows: number;
  checkpoints: number;
  sections: Section[];
  findings: Finding[];
  /** Findings beyond those that are listed. */
  more: number;
}

const LISTED = 100;
const GAPS_LIMIT = 10_000;

interface Kept {
  root: Buffer;
  at: Date | undefined;
}

/** Clocks of those who write files and of those who keep checkpoints differ by less. */
const SKEW_MS = 5000;

/** Signed checkpoints that were kept elsewhere, by tree. */
export class KnownCheckpoints {
  private readonly trees = new Map<string, Map<number, Kept>>();
  readonly findings: Finding[] = [];

  constructor(private readonly keys: readonly KeyObject[]) {}

  /** `at`: when it came to stand where it was kept, if that is known. */
  add(note: string, at?: Date): void {
    const checkpoint = openCheckpoint(note, this.keys);
    if (!checkpoint) {
      this.findings.push(
        finding('unsigned', null, null, null, 'a checkpoint kept elsewhere is not signed by this key'),
      );
      return;
    }
    const { origin, size, root } = checkpoint;
    let tree = this.trees.get(origin);
    if (!tree) this.trees.set(origin, (tree = new Map()));
    const known = tree.get(size);
    if (!known) tree.set(size, { root, at });
    else if (!known.root.equals(root))
      this.findings.push(finding('forked', null, size, null, `${origin} was signed at size ${size} with two roots`));
  }

  /** Those of one tree by its size, the smallest first. */
  of(origin: string): Map<number, Kept> {
    return new Map([...(this.trees.get(origin) ?? [])].sort(([a], [b]) => a - b));
  }

  get count(): number {
    return [...this.trees.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

export interface VerifyOptions {
  /** Audit's public keys: that of now, and those before it. */
  keys: readonly KeyObject[];
  known?: KnownCheckpoints;
  /** The file may hold a part of the tree, and leave out records that are kept elsewhere. */
  partial?: boolean;
}

const finding = (
  kind: FindingKind,
  tenant: string | null,
  index: number | null,
  line: number | null,
  says: string,
): Finding => ({ kind, tenant, index, line, says });

/** Takes the lines of an export one by one. */
export class Verification {
  private readonly findings: Finding[] = [];
  private readonly sections: Section[] = [];
  private readonly ends = new Map<string, SectionCheck>();
  private more = 0;
  private rows = 0;
  private checkpoints = 0;
  private at: SectionCheck | undefined;

  constructor(private readonly options: VerifyOptions) {}

  take(line: ExportLine): void {
    switch (line.kind) {
      case 'header':
        return this.begin(line.header, line.line);
      case 'row':
        this.rows++;
        return this.at ? this.at.row(line) : this.outside(line.line);
      case 'checkpoint':
        this.checkpoints++;
        return this.at ? this.at.checkpoint(line) : this.outside(line.line);
      case 'malformed':
        return this.found(
          finding('malformed', this.at?.tenant ?? null, null, line.line, `line ${line.line}: ${line.because}`),
        );
      default:
        throw new TypeError(`no such line: ${(line satisfies never as ExportLine).kind}`);
    }
  }

  end(): Verdict {
    this.endSection();
    for (const section of this.ends.values()) section.endTree();
    for (const each of this.options.known?.findings ?? []) this.found(each);
    if (this.sections.length === 0)
      this.found(finding('malformed', null, null, null, 'it holds no section of an export'));
    const { rows, checkpoints, sections, findings, more } = this;
    return { ok: findings.length === 0, rows, checkpoints, sections, findings, more };
  }

  private begin(header: ExportHeader, line: number): void {
    this.endSection();
    const { keys, known, partial = false } = this.options;
    this.at = new SectionCheck(header, line, {
      keys,
      known: known?.of(header.origin) ?? new Map<number, Kept>(),
      partial,
      before: this.ends.get(header.origin),
      found: (each) => this.found(each),
    });
  }

  private endSection(): void {
    if (!this.at) return;
    this.sections.push(this.at.end());
    this.ends.set(this.at.header.origin, this.at);
    this.at = undefined;
  }

  private outside(line: number): void {
    this.found(finding('malformed', null, null, line, `line ${line}: it stands before any header`));
  }

  private found(each: Finding): void {
    if (this.findings.length < LISTED) this.findings.push(each);
    else this.more++;
  }
}

interface SectionParts {
  keys: readonly KeyObject[];
  /** What is known from elsewhere, by size, the smallest first. */
  known: Map<number, Kept>;
  partial: boolean;
  /** Where an earlier section of the same tree ended. */
  before: SectionCheck | undefined;
  found(finding: Finding): void;
}

/** The rows of one header. */
class SectionCheck {
  readonly tenant: string;
  readonly frontier: Frontier;
  private next: number;
  /** Indexes that were passed over, `to` not included. */
  private readonly gaps: { from: number; to: number }[] = [];
  /** From the first flaw on, no root can be right: it is named once. */
  private whole = true;
  private signed: number;
  private root: Buffer | undefined;
  /** Sizes of which a root is known, that are still ahead. */
  private readonly ahead: number[];
  /** The size of the newest that was signed before the file was written. */
  private readonly newest: number;

  constructor(
    readonly header: ExportHeader,
    private readonly line: number,
    private readonly parts: SectionParts,
  ) {
    const { tenant, origin, from, frontier } = header;
    this.tenant = tenant;
    this.next = from;
    this.signed = from;
    this.frontier = this.frontierOf(from, frontier);
    const known = [...parts.known.keys()];
    this.ahead = known.filter((size) => size > from).reverse();
    const dated = isWritten(header, parts.keys);
    if (header.signed !== undefined && !dated)
      this.found(
        'unsigned',
        from,
        line,
        `that it was written at ${header.at}, from index ${from} to ${header.to}, is not signed by this key`,
      );
    // Of a file that says so itself alone, all is demanded that was ever signed.
    const before = dated ? Date.parse(header.at) - SKEW_MS : Infinity;
    this.newest = known.findLast((size) => (parts.known.get(size)!.at?.getTime() ?? -Infinity) < before) ?? 0;
    if (!origin.endsWith(originOf('', tenant)))
      this.found('malformed', null, line, `the tree ${origin} is not that of ${tenant}`);
    this.checkBegin();
  }

  row({ index, leaf, text, line }: ExportLine & { kind: 'row' }): void {
    if (index !== this.next && !this.elsewhere(index, line)) return;
    if (index >= this.header.to)
      this.found('inserted', index, line, `index ${index} is beyond the end that the header names`);
    if (!text && !this.parts.partial)
      this.found(
        'deleted',
        index,
        line,
        `no record stands beside the leaf of index ${index}: it is kept elsewhere, or it is gone`,
      );
    if (text && !leafOfText(text).equals(leaf))
      this.found('changed', index, line, `the record at index ${index} is not the one its leaf was made of`);
    this.next = index + 1;
    if (!this.whole) return;
    this.frontier.append(leaf);
    if (this.ahead.at(-1) === this.next) {
      const size = this.ahead.pop()!;
      this.holdAgainst({ size, root: this.parts.known.get(size)!.root }, null, 'a checkpoint kept elsewhere');
    }
  }

  checkpoint({ note, line }: ExportLine & { kind: 'checkpoint' }): void {
    const checkpoint = openCheckpoint(note, this.parts.keys);
    if (!checkpoint)
      return this.found('unsigned', this.next, line, `the checkpoint in line ${line} is not signed by this key`);
    if (checkpoint.origin !== this.header.origin)
      return this.found(
        'unsigned',
        this.next,
        line,
        `the checkpoint in line ${line} is of another tree, ${checkpoint.origin}`,
      );
    this.checkFork(checkpoint, line);
    const { size } = checkpoint;
    if (size < this.next)
      return this.found('reordered', size, line, `the checkpoint of size ${size} stands behind index ${this.next - 1}`);
    if (size > this.next) this.missing(this.next, size);
    this.holdAgainst(checkpoint, line, 'the checkpoint');
  }

  end(): Section {
    const { tenant, header, next, signed, root } = this;
    for (const { from, to } of this.gaps) this.found('deleted', from, null, `${indexes(from, to)} not there`);
    if (next < header.to)
      this.found('truncated', next, null, `it ends at index ${next}, and its header says ${header.to}`);
    if (this.whole && signed < next)
      this.found('unsigned', signed, null, `no checkpoint vouches for ${indexes(signed, next)}`);
    const { origin, from } = header;
    return { tenant, origin, from, to: next, signed, root: root?.toString('base64') ?? null };
  }

  /** No section of the same tree comes after it. */
  endTree(): void {
    const { next, newest } = this;
    if (!this.parts.partial && newest > next)
      this.found('truncated', next, null, `it ends at index ${next}, and a checkpoint of size ${newest} was signed`);
  }

  /** The rows so far against a root that was signed for as many. */
  private holdAgainst({ size, root }: { size: number; root: Buffer }, line: number | null, what: string): void {
    if (!this.whole) return;
    if (this.frontier.root.equals(root)) {
      this.signed = size;
      this.root = root;
      return;
    }
    this.whole = false;
    this.found(
      'rewritten',
      this.signed,
      line,
      `${indexes(this.signed, size)} not what ${what} of size ${size} was signed over`,
    );
  }

  /** Guarantee 3, of a checkpoint of the file's own. */
  private checkFork({ size, root }: Checkpoint, line: number): void {
    const known = this.parts.known.get(size);
    if (known && !known.root.equals(root))
      this.found(
        'forked',
        size,
        line,
        `at size ${size} it is signed with another root than the checkpoint kept elsewhere`,
      );
  }

  /** Whether a row whose index is not the next one may count as one of the tree. */
  private elsewhere(index: number, line: number): boolean {
    this.whole = false;
    if (index > this.next) {
      this.missing(this.next, index);
      return true;
    }
    const gap = this.gaps.find(({ from, to }) => from <= index && index < to);
    if (!gap) this.found('inserted', index, line, `a second row says that it is index ${index}`);
    else {
      this.found('reordered', index, line, `index ${index} stands behind index ${this.next - 1}`);
      this.gaps.splice(this.gaps.indexOf(gap), 1, ...without(gap, index));
    }
    return false;
  }

  private missing(from: number, to: number): void {
    this.whole = false;
    if (this.gaps.length < GAPS_LIMIT) this.gaps.push({ from, to });
    else this.gaps.at(-1)!.to = to;
    this.next = to;
  }

  private frontierOf(from: number, hashes: string[]): Frontier {
    try {
      return new Frontier(
        from,
        hashes.map((hash) => Buffer.from(hash, 'base64')),
      );
    } catch {
      this.whole = false;
      this.found('malformed', from, this.line, `what the header says stands before index ${from} is no tree`);
      return new Frontier();
    }
  }

  private checkBegin(): void {
    const { from, to } = this.header;
    const { before, partial } = this.parts;
    if (to < from) this.found('malformed', from, this.line, 'the header names an end before its begin');
    if (partial || !this.whole) return;
    const expected = before?.next ?? 0;
    if (from !== expected)
      this.found('truncated', expected, this.line, `it begins at index ${from}, not at ${expected}`);
    else if (before && before.whole && !before.frontier.root.equals(this.frontier.root))
      this.found('rewritten', from, this.line, `it does not go on from where the section before it ended`);
  }

  private found(kind: FindingKind, index: number | null, line: number | null, says: string): void {
    this.parts.found(finding(kind, this.tenant, index, line, says));
  }
}

const indexes = (from: number, to: number) =>
  to - from === 1 ? `index ${from} is` : `indexes ${from} to ${to - 1} are`;

const without = ({ from, to }: { from: number; to: number }, index: number) =>
  [
    { from, to: index },
    { from: index + 1, to },
  ].filter((part) => part.from < part.to);

/** As `leafHash` of the text. The byte before it is written on for a moment, so that nothing is copied. */
function leafOfText(text: Buffer): Buffer {
  const byte = text[0]!;
  text[0] = 0;
  const leaf = digest('sha256', text, 'buffer');
  text[0] = byte;
  return leaf;
}

/** A whole file. `progress` is told the rows so far, now and then. */
export async function verifyExport(
  lines: AsyncIterable<ExportLine[]>,
  options: VerifyOptions,
  progress: (rows: number) => void = () => {},
): Promise<Verdict> {
  const verification = new Verification(options);
  let rows = 0;
  for await (const some of lines) {
    for (const line of some) verification.take(line);
    progress((rows += some.length));
  }
  return verification.end();
}
