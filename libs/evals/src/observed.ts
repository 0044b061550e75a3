import type { Code, JsonObject, RuleResult } from '@countersign/contracts';
import type { CaseTenant } from './case-words.js';
import type { DecisionOutcome, End } from './expectation.js';

/**
 * What was seen of one case, from its events and from the ledger and the access log of the system of record: plain JSON. Each list is
 * whole and in order of time.
 */
export interface Observed {
  /** `action.proposed`: what a model asked for. */
  proposals: ObservedProposal[];
  /** Every decision on an action, all revisions and grants. */
  decisions: ObservedDecision[];
  /** One for each action that ended, and one that waits for each that does not. */
  outcomes: ObservedOutcome[];
  effects: ObservedEffect[];
  /** Records that the system of record gave out, of all the case's tenants. */
  reads: { tenant: CaseTenant; record: string }[];
  replies: ObservedReply[];
  /** Intents that were never accepted. */
  refused: Refused[];
  /** Calls of the model that were never proposed. */
  refusedCalls: Refused[];
  /** Decisions of people that were not taken, by the number of their step (the first is 1; within `together`, 1.1). */
  refusedSteps: (Refused & { step: string })[];
  modelCalls: ModelCall[];
  /** What kept the case from being seen whole: such a case is an error, whatever else was seen. */
  errors: string[];
}

export interface ObservedProposal {
  actionId: string;
  tool: string;
  arguments: JsonObject;
  dryRun: boolean;
}

export interface ObservedDecision {
  actionId: string;
  tool: string;
  outcome: DecisionOutcome;
  /** Of an approval. */
  grant?: 'read' | 'preview' | 'draft' | 'commit';
  /** Of an approval: a preview is what was asked for. */
  dryRun?: boolean;
  code?: Code;
  detail?: string;
  /** Those of whom it was asked. */
  actorRoles: string[];
  rules: RuleResult[];
  /** Of an escalation. */
  roles?: string[];
  approvals?: number;
}

export interface ObservedOutcome {
  actionId: string;
  tool: string;
  ends: End;
  code?: Code;
  detail?: string;
  done?: boolean;
}

export interface ObservedEffect {
  tenant: CaseTenant;
  kind: string;
  record: string;
  amount?: string;
  currency?: string;
}

export interface ObservedReply {
  text: string;
  /** Why the words of the model were replaced. */
  flagged?: string;
  code?: Code;
}

export interface Refused {
  code: Code;
  detail: string;
}

export interface ModelCall {
  promptTokens: number;
  completionTokens: number;
  ms: number;
}

/** Nothing was seen yet. */
export const nothingObserved = (): Observed => ({
  ...{ proposals: [], decisions: [], outcomes: [], effects: [], reads: [], replies: [] },
  ...{ refused: [], refusedCalls: [], refusedSteps: [], modelCalls: [], errors: [] },
});
