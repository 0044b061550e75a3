import { z } from 'zod';
import {
  cut,
  digest,
  EVENTS,
  payloadFlaw,
  refusal,
  wellFormed,
  type Json,
  type JsonObject,
  type RecordChanged,
  type RecordRead,
} from '@countersign/contracts';
import {
  NoAnswer,
  NothingDone,
  parseInput,
  sealFields,
  ToolRefusal,
  type CommitContext,
  type CommitOutcome,
  type Seal,
  type Tool,
  type ToolContext,
  type ToolContract,
} from '@countersign/tool-sdk';
import type { Answer, Found } from './automaton.js';
import type { Opening } from './gate.js';
import type { Sealer } from './sealer.js';
import type { Committed, Ending, Warrant } from './state.js';
import type { Errand, Target } from './target-client.js';

const DEFAULT_TIMEOUT_MS = 5_000;
/** In bytes of UTF-8, as the wire counts. A preview comes back in a warrant, beside arguments of up to 256 Ki characters. */
const MAX_RESULT_BYTES = 700 * 1024;
const MAX_PREVIEW_BYTES = 128 * 1024;

/** A look at the target that changes nothing: how it ended, or why to look again. */
export type Looked = { tag: 'end'; ending: Ending } | { tag: 'no-answer'; error: NoAnswer };

/** Runs one tool once for one warrant, and says in the executor's words what came of it. What leaves here is sealed. */
export class Attempts {
  constructor(
    private readonly targetOf: (name: string) => Pick<Target, 'clientFor'>,
    private readonly sealer: Sealer,
  ) {}

  async read(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Looked> {
    return this.look(warrant, tool, async (args) => {
      const { result, recordsRead } = carried(await tool.read!(this.context(warrant, tool, signal), args));
      return fitting({ tag: 'read', result: this.shown(warrant, tool.contract.output, result), recordsRead });
    });
  }

  /** The preview as a target gives it now. */
  async preview(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Looked> {
    const tag = warrant.grant === 'draft' ? 'drafted' : 'previewed';
    return this.look(warrant, tool, async (args) => {
      const { effect, basis, recordsRead } = carried(await tool.preview!(this.context(warrant, tool, signal), args));
      const sealed = sealFields(previewSchema(tool.contract), effect, this.sealer.sealFor(warrant.tenant));
      return fitting({ tag, preview: { effect: sealed, basis, digest: digest(sealed) }, recordsRead });
    });
  }

  /** Sends the write. Whatever goes wrong on our side after it may have been sent is not knowing, never a no. */
  async send(warrant: Warrant, tool: Tool, basis: JsonObject, opening: Opening, signal: AbortSignal): Promise<Answer> {
    const args = parseInput(tool.contract, warrant.arguments);
    if (!args.ok) return { tag: 'refused', refusal: misfit(args.problems) };
    const notAfter = opening.notAfter(warrant);
    const context = this.commitContext(warrant, tool, basis, signal, {
      notAfter,
      isLate: () => opening.now() > notAfter,
    });
    try {
      return {
        tag: 'done',
        committed: this.committed(warrant, tool, carried(await tool.commit!(context, args.value))),
      };
    } catch (error) {
      if (error instanceof ToolRefusal) return { tag: 'refused', refusal: refusalOf(error) };
      if (error instanceof NothingDone) return { tag: 'nothing-done', detail: error.detail };
      return { tag: 'unknown', detail: detailOf(error) };
    }
  }

  async lookUp(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Found> {
    const basis = warrant.preview?.basis ?? {};
    try {
      const found = await tool.lookup!(this.commitContext(warrant, tool, basis, signal, {}), warrant.arguments);
      if (found.found === 'committed')
        return { tag: 'done', committed: this.committed(warrant, tool, carried(found.outcome)) };
      return found.found === 'nothing' ? { tag: 'nothing' } : { tag: 'unknown', detail: found.detail };
    } catch (error) {
      return { tag: 'unknown', detail: `it could not be looked up: ${detailOf(error)}` };
    }
  }

  private async look(
    { arguments: given }: Warrant,
    tool: Tool,
    run: (args: Record<string, unknown>) => Promise<Ending>,
  ): Promise<Looked> {
    const args = parseInput(tool.contract, given);
    if (!args.ok) return failed(misfit(args.problems));
    try {
      return { tag: 'end', ending: await run(args.value) };
    } catch (error) {
      if (error instanceof NoAnswer) return { tag: 'no-answer', error };
      if (error instanceof ToolRefusal) return failed(refusalOf(error));
      return failed(refusal('UPSTREAM_FAILED', `the answer could not be used: ${detailOf(error)}`));
    }
  }

  private context(warrant: Warrant, tool: Tool, signal: AbortSignal, more: Partial<Errand> = {}): ToolContext {
    const { tenant, actor } = warrant;
    const timeoutMs = tool.contract.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const target = this.targetOf(tool.contract.target).clientFor({
      tenant,
      actor: actor.sub,
      timeoutMs,
      signal,
      ...more,
    });
    const { restricted = [] } = tool.contract.permissions;
    const mayTouchRestricted = actor.roles.some((role) => restricted.includes(role));
    return { tenant, actor: actor.sub, target, signal, mayTouchRestricted, now: () => new Date() };
  }

  private commitContext(
    warrant: Warrant,
    tool: Tool,
    basis: JsonObject,
    signal: AbortSignal,
    more: Partial<Errand>,
  ): CommitContext {
    const { idempotencyKey } = warrant;
    return { ...this.context(warrant, tool, signal, { ...more, idempotencyKey }), idempotencyKey, basis };
  }

  private committed(warrant: Warrant, { contract }: Tool, outcome: CommitOutcome): Committed {
    const seal = this.sealer.sealFor(warrant.tenant);
    const result = this.shown(warrant, contract.output, outcome.result);
    const recordsChanged = outcome.recordsChanged.map((change) => sealedChange(contract, change, seal));
    const whole = { result, recordsRead: outcome.recordsRead, recordsChanged };
    if (!unpublishable(whole)) return whole;
    // It was done, whatever can be said of it.
    const named = { ...whole, result: {}, recordsChanged: recordsChanged.map(withoutSides) };
    return unpublishable(named) ? { result: {}, recordsRead: [], recordsChanged: [] } : named;
  }

  /** A result as its contract says it looks. Throws when it does not. */
  private shown(warrant: Warrant, output: z.ZodObject, result: JsonObject): JsonObject {
    return sealFields(output, output.parse(result) as JsonObject, this.sealer.sealFor(warrant.tenant)) as JsonObject;
  }
}

const failed = (why: Extract<Ending, { tag: 'failed' }>['refusal']): Looked => ({
  tag: 'end',
  ending: { tag: 'failed', refusal: why, recordsRead: [] },
});

const refusalOf = (error: ToolRefusal) =>
  refusal(error.code, cut(error.detail, 2_000), error.nextStep && cut(error.nextStep, 2_000));

const misfit = (problems: { path: string; message: string }[]) =>
  refusal('INVALID_ARGUMENTS', cut(problems.map(({ path, message }) => `${path}: ${message}`).join('; '), 2_000));

function detailOf(error: unknown): string {
  if (error instanceof NoAnswer || error instanceof NothingDone) return error.detail;
  if (error instanceof z.ZodError) return `its form is not the declared one (${error.issues[0]?.path.join('.')})`;
  return error instanceof Error ? cut(`${error.name}: ${error.message}`, 300) : 'unknown';
}

/** What a tool gave, without halves of characters: nothing could be digested with them. */
const carried = <T extends object>(outcome: T): T => wellFormed(outcome as unknown as JsonObject) as unknown as T;

const { recordsRead: reads, recordsChanged: changes } = EVENTS['countersign.action.committed.v1'].data.shape;

/** Why no event could carry it and be read again. */
function unpublishable(given: {
  result?: Json;
  preview?: { effect: Json; basis: JsonObject };
  recordsRead: RecordRead[];
  recordsChanged?: RecordChanged[];
}): string | undefined {
  const { result = null, preview, recordsRead, recordsChanged = [] } = given;
  if (bytesOf(given) > MAX_RESULT_BYTES || (preview && bytesOf(preview) > MAX_PREVIEW_BYTES)) return 'it is too large';
  if (!reads.safeParse(recordsRead).success || !changes.safeParse(recordsChanged).success)
    return 'a record it names has no proper type, id, version or time';
  const parts = [result, preview?.effect, preview?.basis, ...recordsChanged.flatMap((one) => [one.before, one.after])];
  return parts.map((part) => payloadFlaw(part)).find((flaw) => flaw !== undefined);
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const withoutSides = (change: RecordChanged): RecordChanged => ({ ...change, before: null, after: null });

function fitting(ending: Extract<Ending, { tag: 'read' | 'previewed' | 'drafted' }>): Ending {
  const flaw = unpublishable(ending);
  if (flaw === undefined) return ending;
  const why = refusal('UPSTREAM_FAILED', `the answer cannot be published: ${flaw}`);
  return { tag: 'failed', refusal: why, recordsRead: [] };
}

const byNames = new WeakMap<ToolContract, z.ZodObject>();

/** A field no schema names is secret; where a contract shows no schema of its own, its inputs and outputs say it by name. */
function byName(contract: ToolContract): z.ZodObject {
  let schema = byNames.get(contract);
  if (!schema) byNames.set(contract, (schema = z.object({ ...contract.output.shape, ...contract.input.shape })));
  return schema;
}

const previewSchema = (contract: ToolContract) => contract.preview ?? byName(contract);

function sealedChange(contract: ToolContract, change: RecordChanged, seal: Seal): RecordChanged {
  const schema = contract.records?.[change.type] ?? byName(contract);
  const side = (record: Json | null) => record && sealFields(schema, record, seal);
  return { ...change, before: side(change.before), after: side(change.after) };
}
