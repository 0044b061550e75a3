import { expect } from '@jest/globals';
import type { Json, JsonObject } from '@countersign/contracts';
import { parseInput } from '../contract.js';
import {
  ToolRefusal,
  type CommitContext,
  type CommitOutcome,
  type TargetClient,
  type TargetRequest,
  type Tool,
} from '../tool.js';

export type Args = Record<string, unknown>;

/** A tool's target as the suite needs it: the real one. */
export interface ToolTrial {
  tenant: string;
  actor: string;
  /** Whether the actor's roles may touch restricted records; no if absent. */
  mayTouchRestricted?: boolean;
  /** A handle as the executor makes it; every write goes under this key, or under none. */
  target(key: string | undefined): TargetClient;
  /** Valid arguments, asked once a test: of a write, on records no other test has used. */
  arguments(): Args | Promise<Args>;
  /** Other valid arguments for the same key; a write of class A needs them. */
  others?(args: Args): Args | Promise<Args>;
  /** All a write could touch, records and ledger. Compared whole. */
  state(): Promise<Json>;
}

/** Calls a tool as the executor does: its input checked first, every request to the target counted. */
export class Bench {
  readonly asked: TargetRequest[] = [];

  constructor(
    readonly tool: Tool,
    readonly trial: ToolTrial,
  ) {}

  context(key?: string, basis: JsonObject = {}): CommitContext {
    const { tenant, actor, mayTouchRestricted = false } = this.trial;
    const target = this.trial.target(key);
    const request = (sent: TargetRequest) => {
      this.asked.push(sent);
      return target.request(sent);
    };
    const signal = AbortSignal.timeout(30_000);
    const now = () => new Date();
    return { tenant, actor, target: { request }, signal, mayTouchRestricted, now, idempotencyKey: key ?? '', basis };
  }

  checked(args: unknown): Args {
    const parsed = parseInput(this.tool.contract, args);
    if (parsed.ok) return parsed.value;
    const [first] = parsed.problems;
    throw new ToolRefusal('INVALID_ARGUMENTS', `${first?.path}: ${first?.message}`);
  }

  read = async (args: unknown) => this.tool.read!(this.context(), this.checked(args));
  preview = async (args: unknown) => this.tool.preview!(this.context(), this.checked(args));
  lookup = async (args: unknown, key: string) => this.tool.lookup!(this.context(key), this.checked(args));

  /** On these versions, or on those a preview gives now. */
  async commit(args: unknown, key: string | undefined, basis?: JsonObject): Promise<CommitOutcome> {
    const given = this.checked(args);
    const restsOn = basis ?? (await this.preview(args)).basis;
    return this.tool.commit!(this.context(key, restsOn), given);
  }

  /** Does it, and finds the target as it was before. */
  async unchangedBy<T>(act: () => Promise<T>): Promise<T> {
    const before = await this.trial.state();
    const answer = await act();
    expect(await this.trial.state()).toEqual(before);
    return answer;
  }
}
