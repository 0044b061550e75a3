import { EVENTS, refusal, wellFormed, type JsonObject, type RecordRead } from '@countersign/contracts';
import { SealingUnavailable, tokensIn, withOpened, type Opener } from '@countersign/sealing';
import {
  NoAnswer,
  NothingDone,
  parseInput,
  ToolRefusal,
  type CommitContext,
  type CommitOutcome,
  type Directory,
  type Tool,
  type ToolContext,
} from '@countersign/tool-sdk';
import type { Answer, Found } from './automaton.js';
import { doneCheck } from './done-check.js';
import type { Opening } from './opening.js';
import { nameable, Presenter, type Call, type SealParts } from './presenter.js';
import { union } from './records.js';
import { detailOf, failed, misfit, plainly, refusalOf, unusable } from './said.js';
import { openedArguments } from './sealed-arguments.js';
import type { Committed, Ending, Refused, Warrant } from './state.js';
import type { Errand, Target } from './target-client.js';

const DEFAULT_TIMEOUT_MS = 5_000;

/** A look at the target that changes nothing: how it ended, or why to look again. */
export type Looked = { tag: 'end'; ending: Ending } | { tag: 'no-answer'; error: NoAnswer };

type Previewed = Extract<Ending, { tag: 'previewed' | 'drafted' }>;

export interface AttemptParts {
  targetOf: (name: string) => Pick<Target, 'clientFor'>;
  seal: SealParts;
  opener: Opener;
  directoryOf: (workflow: string) => Directory | undefined;
  /** What "done" means for a tool, in its workflow's words. */
  statementOf: (warrant: Warrant) => string | undefined;
  doneTimeoutMs: number;
}

/** Runs one tool once for one warrant, and says in the executor's words what came of it. What leaves here is sealed. */
export class Attempts {
  private readonly present: Presenter;

  constructor(private readonly parts: AttemptParts) {
    this.present = new Presenter(parts.seal);
  }

  read(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Looked> {
    return this.look(warrant, tool, async (call) => {
      const context = this.context(warrant, tool, signal);
      const outcome = carried(await tool.read!(context, call.args));
      return barred(context, outcome) ?? this.present.read(call, outcome);
    });
  }

  /** Reads a record again for its version alone: nothing else of it leaves here. */
  readAgain(warrant: Warrant, tool: Tool, args: JsonObject, signal: AbortSignal): Promise<Looked> {
    const { opens: _, ...bare } = warrant;
    return this.look({ ...bare, arguments: args }, tool, async (call) => {
      const context = this.context(warrant, tool, signal);
      const outcome = carried(await tool.read!(context, call.args));
      return barred(context, outcome) ?? { tag: 'read', result: null, recordsRead: nameable(outcome.recordsRead) };
    });
  }

  /** The preview as a target gives it now, and the people a warrant asks about. */
  preview(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Looked> {
    return this.look(warrant, tool, async (call) => {
      const context = this.context(warrant, tool, signal);
      const outcome = carried(await tool.preview!(context, call.args));
      const ending = barred(context, outcome) ?? (await this.present.preview(call, outcome));
      if (ending.tag !== 'previewed' && ending.tag !== 'drafted') return ending;
      return this.withPeople(warrant, context, tool, ending);
    });
  }

  /** Whether its arguments can be given to the tool at all: then it ends as a read of nothing. */
  fits(warrant: Warrant, tool: Tool): Promise<Looked> {
    return this.look(warrant, tool, () => Promise.resolve({ tag: 'read', result: null, recordsRead: [] }));
  }

  /**
   * Sends the write, unless its moment has passed or `signal` aborted. Whatever goes wrong on our side after it may have been
   * sent is not knowing, never a no.
   */
  async send(warrant: Warrant, tool: Tool, basis: JsonObject, opening: Opening, signal: AbortSignal): Promise<Answer> {
    const call = await this.called(warrant, tool).catch((error: unknown) => ({ unsent: detailOf(error) }));
    if ('unsent' in call) return { tag: 'nothing-done', detail: call.unsent, unbegun: true };
    if ('refusal' in call) return { tag: 'refused', refusal: call.refusal };
    const notAfter = opening.notAfter(warrant);
    const asked = { begun: false, missed: false };
    const isLate = () => {
      const late = signal.aborted || opening.now() > notAfter;
      asked[late ? 'missed' : 'begun'] = true;
      return late;
    };
    const context = this.commitContext(warrant, tool, basis, signal, { notAfter, isLate });
    let outcome: CommitOutcome;
    try {
      outcome = carried(await tool.commit!(context, call.args));
    } catch (error) {
      const answer = answerOf(error, call.mask.text);
      if (answer.tag !== 'nothing-done' || asked.begun) return answer;
      return { ...answer, unbegun: true, ...(asked.missed && { unsent: true as const }) };
    }
    // From here on it was done: no error may pass for a refusal any more.
    try {
      return { tag: 'done', committed: await this.committed(call, outcome, signal) };
    } catch (error) {
      return { tag: 'unknown', detail: detailOf(error, call.mask.text) };
    }
  }

  async lookUp(warrant: Warrant, tool: Tool, signal: AbortSignal): Promise<Found> {
    const basis = warrant.preview?.basis ?? {};
    let tell = plainly;
    try {
      const call = await this.called(warrant, tool);
      if ('refusal' in call) return { tag: 'unknown', detail: `it cannot be looked up: ${call.refusal.detail}` };
      tell = call.mask.text;
      const found = await tool.lookup!(this.commitContext(warrant, tool, basis, signal, {}), call.args);
      if (found.found === 'committed')
        return { tag: 'done', committed: await this.committed(call, carried(found.outcome), signal) };
      return found.found === 'nothing' ? { tag: 'nothing' } : { tag: 'unknown', detail: tell(found.detail) };
    } catch (error) {
      return { tag: 'unknown', detail: `it could not be looked up: ${detailOf(error, tell)}` };
    }
  }

  /** Throws `NoAnswer` where a sealed argument cannot be opened now. */
  private async called(warrant: Warrant, tool: Tool): Promise<Call | { refusal: Refused }> {
    const opened = await openedArguments(warrant, this.parts.opener);
    if (!opened.ok) return opened;
    const args = parseInput(tool.contract, opened.args);
    if (!args.ok) return { refusal: misfit(args.problems, opened.mask.text) };
    return { warrant, tool, args: args.value, mask: opened.mask };
  }

  private async look(warrant: Warrant, tool: Tool, run: (call: Call) => Promise<Ending>): Promise<Looked> {
    let tell = plainly;
    try {
      const call = await this.called(warrant, tool);
      if ('refusal' in call) return { tag: 'end', ending: failed(call.refusal) };
      tell = call.mask.text;
      return { tag: 'end', ending: await run(call) };
    } catch (error) {
      if (error instanceof NoAnswer) return { tag: 'no-answer', error: new NoAnswer(tell(error.detail), error.status) };
      // A look changes nothing in any case: what was not asked, or was too early, is asked again.
      if (error instanceof NothingDone) return { tag: 'no-answer', error: new NoAnswer(tell(error.detail)) };
      if (error instanceof SealingUnavailable) return { tag: 'no-answer', error: new NoAnswer(error.message) };
      if (error instanceof ToolRefusal) return { tag: 'end', ending: failed(refusalOf(error, tell)) };
      const detail = `the answer could not be used: ${detailOf(error, tell)}`;
      return { tag: 'end', ending: failed(unusable(detail)) };
    }
  }

  private async committed(call: Call, outcome: CommitOutcome, signal: AbortSignal): Promise<Committed> {
    const committed = await this.present.committed(call, outcome);
    const { warrant, tool } = call;
    const statement = this.parts.statementOf(warrant);
    if (!tool.done || statement === undefined) return committed;
    const timeoutMs = this.parts.doneTimeoutMs;
    const limits = { statement, timeoutMs, signal };
    const errand = { timeoutMs, finishes: true };
    const done = await doneCheck(call, outcome, limits, (until) => this.context(warrant, tool, until, errand));
    return { ...committed, done };
  }

  /** With the people a warrant asks about, as the workflow's directory has them now; without, where it has none. */
  private async withPeople(
    warrant: Warrant,
    context: ToolContext,
    { contract }: Tool,
    ending: Previewed,
  ): Promise<Ending> {
    const directory = this.parts.directoryOf(warrant.workflow);
    if (!warrant.people || !directory || warrant.grant === 'commit') return ending;
    const found = warrant.people.map(async (sub) => ({ sub, member: await directory(context, sub) }));
    const seen = carried(await Promise.all(found));
    const people = seen.map(({ sub, member }) => {
      const { roles, active, system } = member ?? { roles: [], active: false, system: contract.target };
      return { sub, roles, active, system, at: context.now().toISOString() };
    });
    const reads = nameable(seen.flatMap(({ member }) => member?.read ?? []));
    return { ...ending, recordsRead: union(ending.recordsRead, reads), people: seenPeople.parse(people) };
  }

  private context(warrant: Warrant, tool: Tool, signal: AbortSignal, more: Partial<Errand> = {}): ToolContext {
    const { tenant, actor } = warrant;
    const timeoutMs = tool.contract.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const target = this.parts.targetOf(tool.contract.target).clientFor({
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
}

const seenPeople = EVENTS['countersign.action.previewed.v1'].data.shape.people;

const WITHHELD = '(a token that nobody gave here)';

/**
 * What a tool gave, without halves of characters: nothing could be digested with them. And without tokens: whoever writes one
 * into a record would have its value opened for a session that never read it.
 */
function carried<T extends object>(outcome: T): T {
  const whole = wellFormed(outcome as unknown as JsonObject);
  const planted = tokensIn(whole);
  if (planted.length === 0) return whole as unknown as T;
  return withOpened(whole, new Map(planted.map((token) => [token, WITHHELD]))) as unknown as T;
}

/** Why nothing of an outcome may leave here: it holds a restricted record. That it was touched is told. */
function barred(
  { mayTouchRestricted }: ToolContext,
  { restricted, recordsRead }: { restricted?: boolean; recordsRead: RecordRead[] },
): Ending | undefined {
  if (!restricted || mayTouchRestricted) return undefined;
  return failed(refusal('RECORD_RESTRICTED', 'a record it touches is restricted'), nameable(recordsRead));
}

function answerOf(error: unknown, tell: (text: string) => string): Answer {
  if (error instanceof ToolRefusal) return { tag: 'refused', refusal: refusalOf(error, tell) };
  const detail = detailOf(error, tell);
  return error instanceof NothingDone ? { tag: 'nothing-done', detail } : { tag: 'unknown', detail };
}
