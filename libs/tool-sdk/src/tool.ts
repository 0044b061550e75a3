import type { Code, Json, JsonObject, RecordChanged, RecordRead } from '@countersign/contracts';
import { contractFlaws } from './contract-flaws.js';
import type { ToolContract } from './contract.js';

/** An answer of the target. Only 2xx and definite refusals (4xx other than 408, 409, 412, 425, 429) are answers. */
export interface TargetAnswer {
  status: number;
  body: Json;
}

export interface TargetRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: Json;
  /** A conditional write names the version it rests on in its own body or header. */
  headers?: Record<string, string>;
}

/**
 * The tenant's own handle on a target: credentials, actor, idempotency key, deadline and `Countersign-Not-After` are added
 * by the executor. Throws `NoAnswer` when the target did not answer or answered 5xx, 408, 409, 425 or 429 (then nobody
 * knows whether it acted) and `NothingDone` on 412 (a precondition did not hold).
 */
export interface TargetClient {
  request(request: TargetRequest): Promise<TargetAnswer>;
}

export class NoAnswer extends Error {
  constructor(
    readonly detail: string,
    readonly status?: number,
  ) {
    super(detail);
    this.name = 'NoAnswer';
  }
}

/** The target proves that it did nothing: too late, or the version it was to rest on has moved (412). It may be asked again. */
export class NothingDone extends Error {
  constructor(readonly detail: string) {
    super(detail);
    this.name = 'NothingDone';
  }
}

/** A definite no: nothing was changed. `code` and `detail` go to the model. */
export class ToolRefusal extends Error {
  constructor(
    readonly code: Code,
    readonly detail: string,
    readonly nextStep?: string,
    /** What audit alone is told, such as TENANT_MISMATCH of what everybody else sees as NOT_FOUND. */
    readonly auditCode?: Code,
  ) {
    super(`${code}: ${detail}`);
    this.name = 'ToolRefusal';
  }
}

export interface ToolContext {
  readonly tenant: string;
  readonly actor: string;
  readonly target: TargetClient;
  readonly signal: AbortSignal;
  /** Whether the actor's roles may touch restricted records with this tool; the target is to refuse them otherwise. */
  readonly mayTouchRestricted: boolean;
  /** The instant of reading, for provenance. */
  readonly now: () => Date;
}

export interface CommitContext extends ToolContext {
  readonly idempotencyKey: string;
  /** The versions the decided preview rests on; a conditional write sends them. Empty where no preview was needed. */
  readonly basis: JsonObject;
}

export interface ReadOutcome {
  result: JsonObject;
  recordsRead: RecordRead[];
  /** One of them is marked restricted: nothing of it leaves the executor for an actor who may not touch such records. */
  restricted?: boolean;
}
export interface PreviewOutcome {
  /** What would change; the digest a person approves covers it. */
  effect: JsonObject;
  /** The versions it rests on. */
  basis: JsonObject;
  recordsRead: RecordRead[];
  restricted?: boolean;
}
export interface CommitOutcome {
  result: JsonObject;
  recordsRead: RecordRead[];
  recordsChanged: RecordChanged[];
}
/** What a look-up by key or reference found. `unknown` is an honest answer. */
export type LookupOutcome =
  { found: 'committed'; outcome: CommitOutcome } | { found: 'nothing' } | { found: 'unknown'; detail: string };

/** Whether the system of record shows what "done" means for this action. */
export interface DoneOutcome {
  holds: boolean;
  detail: string;
  recordsRead: RecordRead[];
}

/**
 * Who people are now, by the system that gives roles: a workflow package's named export `directory` of its `./tools`.
 * Its context speaks to the target of the tool that is previewed. `read` names the record that says so. Undefined: there is no
 * such person.
 */
export type Directory = (
  context: ToolContext,
  sub: string,
) => Promise<{ roles: string[]; active: boolean; system: string; read?: RecordRead } | undefined>;

type Args = Record<string, unknown>;

/** A contract and how it acts. Only the executor loads this. */
export interface Tool {
  readonly contract: ToolContract;
  read?(context: ToolContext, args: Args): Promise<ReadOutcome>;
  preview?(context: ToolContext, args: Args): Promise<PreviewOutcome>;
  commit?(context: CommitContext, args: Args): Promise<CommitOutcome>;
  lookup?(context: CommitContext, args: Args): Promise<LookupOutcome>;
  /** Looks at the system of record after a commit, never at the answer to it. Its statement stands in the workflow's `done`. */
  done?(context: ToolContext, args: Args, outcome: CommitOutcome): Promise<DoneOutcome>;
}

/**
 * Binds a contract to how it acts. Throws with everything that is missing: a read has `read`; what changes state has
 * `preview` (which is its dry run) and `commit`, and the proof of its class.
 */
export function defineTool(tool: Tool): Tool {
  const flaws = toolFlaws(tool);
  if (flaws.length > 0) throw new Error(`tool ${tool.contract.name} is not fit: ${flaws.join('; ')}`);
  return Object.freeze(tool);
}

/** All that makes a tool unfit, its contract included. */
export function toolFlaws(tool: Tool): string[] {
  const { contract } = tool;
  const flaws = contractFlaws(contract);
  if (contract.effect === 'read') {
    if (!tool.read) flaws.push('a read tool needs read');
    for (const act of ['preview', 'commit', 'lookup', 'done'] as const)
      if (tool[act]) flaws.push(`a read tool has no ${act}`);
    return flaws;
  }
  if (!tool.preview || !tool.commit) flaws.push('what changes state needs preview and commit');
  return [...flaws, ...proofFlaws(tool)];
}

/** A warrant and what is left of it when it is sent last fit into it many times. */
const SHORTEST_KEY_LIFETIME_MS = 120_000;
const NO_KEY_LIFETIME = `class A needs keyLifetimeMs: for how long the target remembers a key, at least ${SHORTEST_KEY_LIFETIME_MS}`;

/** What a start-up check can see of a class. That the target keeps its part is shown by `toolContractSuite` alone. */
function proofFlaws({ contract, lookup }: Tool): string[] {
  const { keyLifetimeMs } = contract;
  switch (contract.class) {
    case 'A':
      return [
        ...(lookup ? [] : ['class A needs lookup']),
        ...(keyLifetimeMs !== undefined && keyLifetimeMs >= SHORTEST_KEY_LIFETIME_MS ? [] : [NO_KEY_LIFETIME]),
      ];
    case 'C':
      return lookup ? [] : ['class C needs lookup'];
    case 'B':
      if (lookup || contract.conditionalOn?.length) return [];
      return ['class B needs conditionalOn (versions its write rests on) or lookup (by its unique reference)'];
    case 'D':
    case undefined:
      return [];
    default:
      return contract.class satisfies never;
  }
}
