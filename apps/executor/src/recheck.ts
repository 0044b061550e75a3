import { cut, refusal, type Code, type JsonObject, type Preview, type RecordRead } from '@countersign/contracts';
import type { Source } from '@countersign/context';
import { tokensIn } from '@countersign/sealing';
import type { Tool } from '@countersign/tool-sdk';
import type { Attempts, Looked } from './attempt.js';
import { alsoRead, isSame, union } from './records.js';
import type { Ending, Warrant } from './state.js';

/**
 * What is looked at again before an action is previewed or first sent. It guarantees:
 * 1. Nothing is previewed or sent on a record that has moved since it was read, that is gone, or that cannot be read again.
 * 2. A commit that rests on a preview has that very effect still.
 * 3. A commit that rests on versions is sent on those just read, as a conditional write where the target can.
 * 4. A record its preview has just read is not read a second time.
 */
export type Rechecked = { tag: 'same'; basis: JsonObject; recordsRead: RecordRead[] } | Looked;

export interface RecheckParts {
  attempts: Pick<Attempts, 'preview' | 'readAgain' | 'fits'>;
  /** How a workflow reads records of a type again. */
  sourceOf: (workflow: string, recordType: string) => { source: Source; tool: Tool } | undefined;
}

/** Whether what a commit rests on may have moved by now: then it is not sent unseen. */
export const restsOnVersions = (warrant: Warrant, { contract }: Tool): boolean =>
  warrant.preview !== undefined || hasContext(warrant) || (contract.conditionalOn?.length ?? 0) > 0;

/** Whether anything has to be looked at before a first send. */
export const needsRecheck = (warrant: Warrant, tool: Tool): boolean =>
  restsOnVersions(warrant, tool) || tokensIn(warrant.arguments).length > 0;

const hasContext = ({ context }: Warrant): boolean => context !== undefined && context.length > 0;

export class Recheck {
  constructor(private readonly parts: RecheckParts) {}

  /** A preview or draft, of records that are as they were read. */
  async preview(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Looked> {
    const looked = await this.parts.attempts.preview(warrant, tool, signal);
    if (looked.tag === 'no-answer' || !warrant.context?.length) return looked;
    return this.unmoved(warrant, warrant.context, looked.ending, signal);
  }

  /** What a commit is sent on, or why it is not. */
  async commit(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Rechecked> {
    const { attempts } = this.parts;
    const looked = await (restsOnVersions(warrant, tool)
      ? this.preview(warrant, tool, signal)
      : attempts.fits(warrant, tool));
    if (looked.tag === 'no-answer') return looked;
    if (looked.ending.tag === 'read') return { tag: 'same', basis: {}, recordsRead: [] };
    if (looked.ending.tag !== 'previewed') return looked;
    const { preview, recordsRead } = looked.ending;
    if (warrant.preview && warrant.preview.digest !== preview.digest)
      return { tag: 'end', ending: returned('PREVIEW_CHANGED', OTHER_EFFECT, recordsRead, preview) };
    return { tag: 'same', basis: preview.basis, recordsRead };
  }

  /** Guarantees 1 and 4. `seen` stands if nothing has moved, even where it is a refusal. */
  private async unmoved(warrant: Warrant, context: RecordRead[], seen: Ending, signal: AbortSignal): Promise<Looked> {
    const known = 'recordsRead' in seen ? (seen.recordsRead ?? []) : [];
    const all = await Promise.all(context.map((record) => this.now(record, known, warrant, signal)));
    const touched: RecordRead[] = [];
    const moved: string[] = [];
    for (const one of all) {
      if (one.tag === 'no-answer') return one;
      touched.push(...one.touched);
      if (one.moved !== undefined) moved.push(one.moved);
    }
    if (moved.length === 0) return { tag: 'end', ending: alsoRead(seen, [...known, ...touched]) };
    const preview = 'preview' in seen ? seen.preview : undefined;
    return { tag: 'end', ending: returned('STALE_CONTEXT', moved.join('; '), union(known, touched), preview) };
  }

  private async now(record: RecordRead, known: RecordRead[], warrant: Warrant, signal: AbortSignal): Promise<Now> {
    const seen = known.find((one) => isSame(one, record));
    if (seen) return { tag: 'now', touched: [], moved: movedTo(record, seen) };
    const way = this.parts.sourceOf(warrant.workflow, record.type);
    if (!way) return { tag: 'now', touched: [], moved: unreadable(record, `no source reads a ${record.type}`) };
    const { source, tool } = way;
    const looked = await this.parts.attempts.readAgain(warrant, tool, { [source.argument]: record.id }, signal);
    if (looked.tag === 'no-answer') return looked;
    const { ending } = looked;
    const touched = 'recordsRead' in ending ? (ending.recordsRead ?? []) : [];
    if (ending.tag === 'failed' && ending.refusal.code !== 'NOT_FOUND')
      return { tag: 'now', touched, moved: unreadable(record, ending.refusal.code) };
    const now = touched.find((one) => isSame(one, record));
    return { tag: 'now', touched, moved: movedTo(record, now) };
  }
}

/** A record as it is now: what was touched to find out, and how it moved, if it did. */
type Now = { tag: 'now'; touched: RecordRead[]; moved: string | undefined } | (Looked & { tag: 'no-answer' });

function movedTo({ type, id, version }: RecordRead, now: RecordRead | undefined): string | undefined {
  if (!now) return `${type} ${id} is no longer there`;
  return now.version === version ? undefined : `${type} ${id} is at version ${now.version}, no longer at ${version}`;
}

const unreadable = ({ type, id }: RecordRead, why: string) => `${type} ${id} cannot be read again (${why})`;

const OTHER_EFFECT = 'the effect is no longer the one that was decided on';

const returned = (code: Code, detail: string, recordsRead: RecordRead[], preview?: Preview): Ending => ({
  tag: 'returned',
  refusal: refusal(code, cut(detail, 2_000)),
  recordsRead,
  ...(preview ? { preview } : {}),
});
