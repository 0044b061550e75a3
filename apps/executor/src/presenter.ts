import { z } from 'zod';
import {
  digest,
  EVENTS,
  payloadFlaw,
  withoutBoxes,
  type Json,
  type JsonObject,
  type Preview,
  type RecordChanged,
  type RecordRead,
} from '@countersign/contracts';
import type { Part } from '@countersign/sealing';
import type { CommitOutcome, PreviewOutcome, ReadOutcome, Tool, ToolContract } from '@countersign/tool-sdk';
import { failed, unusable } from './said.js';
import type { Mask } from './sealed-arguments.js';
import type { Committed, Ending, Warrant } from './state.js';

/** A tool as it is called for one warrant. */
export interface Call {
  warrant: Warrant;
  tool: Tool;
  args: Record<string, unknown>;
  mask: Mask;
}

/** Values with every field of class `personal` and up sealed. Throws `SealingUnavailable`. */
export type SealParts = (tenant: string, parts: readonly Part[]) => Promise<Json[]>;

/** In bytes of UTF-8, as the wire counts. A preview comes back in a warrant, beside arguments of up to 256 Ki characters. */
const MAX_RESULT_BYTES = 700 * 1024;
const MAX_PREVIEW_BYTES = 128 * 1024;

/**
 * What a tool gave, as events may carry it: of the declared form, without opened values, sealed by class, small enough and
 * readable again. What cannot be sealed now throws, and never goes out as it is.
 */
export class Presenter {
  constructor(private readonly seal: SealParts) {}

  async read(call: Call, { result, recordsRead: read }: ReadOutcome): Promise<Ending> {
    const recordsRead = call.mask.json(read);
    const [shown] = await this.sealed(call, [declared(call, result, recordsRead[0])]);
    return fitting({ tag: 'read', result: shown!, recordsRead });
  }

  /** The digest covers what is shown, tokens and not ciphertext: the same effect has the same digest for ever. */
  async preview(call: Call, { effect, basis, recordsRead: read }: PreviewOutcome): Promise<Ending> {
    const { contract } = call.tool;
    const recordsRead = call.mask.json(read);
    const part = {
      schema: contract.preview ?? byName(contract),
      value: effect,
      subject: subjectOf(call, effect, read[0]),
    };
    const [shown] = await this.sealed(call, [part]);
    const preview = { effect: shown!, basis: call.mask.json(basis), digest: digest(withoutBoxes(shown!)) };
    return fitting({ tag: call.warrant.grant === 'draft' ? 'drafted' : 'previewed', preview, recordsRead });
  }

  async committed(call: Call, { result, recordsRead, recordsChanged }: CommitOutcome): Promise<Committed> {
    const parts = [declared(call, result, recordsChanged[0]), ...recordsChanged.flatMap((one) => sides(call, one))];
    const [shown, ...of] = await this.sealed(call, parts);
    const changes = recordsChanged.map((one, at) => ({ ...one, before: of[2 * at]!, after: of[2 * at + 1]! }));
    const whole = {
      result: shown as JsonObject,
      recordsRead: call.mask.json(recordsRead),
      recordsChanged: changes.map(({ before, after, ...named }) => ({ ...call.mask.json(named), before, after })),
    };
    if (!unpublishable(whole)) return whole;
    // It was done, whatever can be said of it.
    const named = { ...whole, result: {}, recordsChanged: whole.recordsChanged.map(withoutSides) };
    return unpublishable(named) ? { result: {}, recordsRead: [], recordsChanged: [] } : named;
  }

  /** Sealed first: a value its class hides keeps its own token, and the mask finds it where no class speaks of it. */
  private async sealed({ warrant, mask }: Call, parts: Part[]): Promise<Json[]> {
    return (await this.seal(warrant.tenant, parts)).map((value) => mask.json(value));
  }
}

/** Of records that events can name, or none. */
export const nameable = (records: RecordRead[]): RecordRead[] => (reads.safeParse(records).success ? records : []);

/** A result as its contract says it looks. Throws when it does not. */
function declared(call: Call, result: JsonObject, of: { id: string } | undefined): Part {
  const { output } = call.tool.contract;
  const value = output.parse(result) as JsonObject;
  return { schema: output, value, subject: subjectOf(call, value, of) };
}

/** Whose values they are, as far as can be told: of whom the contract says, else of the record they stand in. */
function subjectOf({ tool, warrant }: Call, value: Json, record: { id: string } | undefined): string {
  const { subject } = tool.contract;
  const named = subject && typeof value === 'object' && value !== null && !Array.isArray(value) && value[subject];
  return typeof named === 'string' ? named : (record?.id ?? warrant.actionId);
}

/** A field no schema names is secret; where a contract shows no schema of its own, its inputs and outputs say it by name. */
function sides(call: Call, change: RecordChanged): Part[] {
  const schema = call.tool.contract.records?.[change.type] ?? byName(call.tool.contract);
  return [change.before, change.after].map((value) => ({ schema, value, subject: subjectOf(call, value, change) }));
}

const byNames = new WeakMap<ToolContract, z.ZodObject>();

function byName(contract: ToolContract): z.ZodObject {
  let schema = byNames.get(contract);
  if (!schema) byNames.set(contract, (schema = z.object({ ...contract.output.shape, ...contract.input.shape })));
  return schema;
}

const { recordsRead: reads, recordsChanged: changed } = EVENTS['countersign.action.committed.v1'].data.shape;

/** Why no event could carry it and be read again. */
function unpublishable(given: {
  result?: Json;
  preview?: Preview;
  recordsRead: RecordRead[];
  recordsChanged?: RecordChanged[];
}): string | undefined {
  const { result = null, preview, recordsRead, recordsChanged = [] } = given;
  if (bytesOf(given) > MAX_RESULT_BYTES || (preview && bytesOf(preview) > MAX_PREVIEW_BYTES)) return 'it is too large';
  if (!reads.safeParse(recordsRead).success || !changed.safeParse(recordsChanged).success)
    return 'a record it names has no proper type, id, version or time';
  const parts = [result, preview?.effect, preview?.basis, ...recordsChanged.flatMap((one) => [one.before, one.after])];
  return parts.map((part) => payloadFlaw(part)).find((flaw) => flaw !== undefined);
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const withoutSides = (change: RecordChanged): RecordChanged => ({ ...change, before: null, after: null });

function fitting(ending: Extract<Ending, { tag: 'read' | 'previewed' | 'drafted' }>): Ending {
  const flaw = unpublishable(ending);
  return flaw === undefined ? ending : failed(unusable(`the answer cannot be published: ${flaw}`));
}
