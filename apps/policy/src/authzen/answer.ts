/*
 * What policy would decide now, as AuthZEN has it. What it guarantees:
 * 1. It is the path's own decision: the same gates, roles, limits, rules and permission map, on the same rows; there is no second engine.
 * 2. Only what would be done at once is a yes. What a person decides, what is only drafted, and what hangs on an effect nobody computed is no.
 * 3. It decides nothing: the decision is thrown away, nothing is counted, and no warrant comes of it.
 */
import { deriveId, refusal, type Code, type EventDraft, type RuleResult } from '@countersign/contracts';
import type { ControlView } from '@countersign/control';
import type { States } from '@countersign/messaging/stream';
import { keysOfCall } from '../counted.js';
import type { Case } from '../drafts.js';
import { judgeNew } from '../judge.js';
import type { AcceptedIntent } from '../state.js';
import type { Call } from './call.js';

export interface Answer {
  decision: boolean;
  context: {
    code?: Code;
    reason?: string;
    nextStep?: string;
    workflow?: string;
    tool?: string;
    policyVersion?: string;
    rules?: RuleResult[];
  };
}

/** What a decision goes by beside the call itself. */
export interface Now {
  states: States;
  control: ControlView;
  freshAfterMs: number;
  now: Date;
}

export const no = (code: Code, reason: string, nextStep?: string): Answer => {
  const { nextStep: told } = refusal(code, reason, nextStep);
  return { decision: false, context: { code, reason, nextStep: told } };
};

/** No request's: they hold no control characters. What is counted per session counts nothing of it. */
const NO_SESSION = '\u0000';
const ID = deriveId('int', 'authzen');

const intentOf = ({ person, loaded }: Call, now: Date): AcceptedIntent => ({
  ...{ tag: 'accepted', kind: 'action', intentId: ID, tenant: person.tenant, session: NO_SESSION, actor: person },
  ...{ workflow: loaded.workflow.name, authorityUntil: now.toISOString(), day: now.toISOString().slice(0, 10) },
  ...{ proposals: 0, reads: [] },
});

/** The rows its decision looks at. */
export const keysFor = (call: Call, now: Date): string[] =>
  keysOfCall(intentOf(call, now), call.loaded, call.contract, call);

export function answerTo(call: Call, { now, ...facts }: Now): Answer {
  const of: Case = { ...facts, intent: intentOf(call, now), loaded: call.loaded, causationid: ID, now };
  const ask = { actionId: ID, tool: call.contract.name, arguments: call.arguments, dryRun: call.dryRun };
  const { decision, context } = told(judgeNew(of, ask).event, call);
  const { workflow, policyVersion } = call.loaded;
  return {
    decision,
    context: { ...context, workflow: workflow.name, tool: call.contract.name, policyVersion },
  };
}

function told(event: EventDraft, { dryRun }: Call): Answer {
  switch (event.type) {
    case 'countersign.action.denied.v1': {
      const { code, detail, nextStep, rules } = event.data;
      return { decision: false, context: { code, reason: detail, nextStep, rules } };
    }
    case 'countersign.action.escalated.v1':
      return withRules(no('NEEDS_APPROVAL', 'a person decides it', ASK_FOR_IT), event.data.rules);
    case 'countersign.action.approved.v1': {
      const { grant, rules } = event.data;
      if (grant === 'commit' || grant === 'read' || (grant === 'preview' && dryRun))
        return { decision: true, context: { rules } };
      if (grant === 'draft') return withRules(no('STAGE_FORBIDS', 'at this stage it is only drafted'), rules);
      return withRules(undecided(rules), rules);
    }
    default:
      throw new Error(`a new action was answered with ${event.type}`);
  }
}

const withRules = ({ decision, context }: Answer, rules: RuleResult[]): Answer => ({
  decision,
  context: { ...context, rules },
});

const ASK_FOR_IT = 'Request the action: then a person is asked.';
const LOOK_FIRST = 'Request the action: then its effect is computed, and decided on.';

/** Its effect would be computed first. */
const undecided = (rules: RuleResult[]): Answer =>
  rules.some(({ outcome }) => outcome === 'escalate')
    ? no('NEEDS_APPROVAL', 'a person decides it', ASK_FOR_IT)
    : no('PERMISSION_DENIED', 'a rule decides by the computed effect, and a question computes none', LOOK_FIRST);
