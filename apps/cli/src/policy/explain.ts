import { refusal, type JsonObject } from '@countersign/contracts';
import type { CaseResult } from '@countersign/rule-cases';
import type { Verdict } from '@countersign/policy-kit';
import { fields } from '../output.js';
import { decisionText } from './decision-text.js';
import type { Decision } from './decisions.js';
import type { Replay } from './replay-decision.js';
import { becauseText, saidText } from './replay-report.js';

/** Every decision on one action in order, and what the loaded rules would say now. */
export interface ExplainedAction {
  actionId: string;
  intentId: string;
  decisions: Decision[];
  now?: { package: string; policyVersion: string; replay: Replay };
}

export function actionText({ actionId, intentId, decisions, now }: ExplainedAction): string {
  const head = fields({ action: actionId, intent: intentId, tool: decisions[0]?.data.tool });
  const all = decisions.map((decision) => decisionText(shown(decision)));
  return [head, ...all, nowText(now)].join('\n\n\n');
}

function shown(decision: Decision) {
  const { at, data, preview } = decision;
  const { stage, switches, ...looked } = data.facts ?? {};
  const head = {
    ...{ at, decision: wordOf(decision), ...whyOf(decision) },
    ...{
      arguments: data.arguments,
      revision: data.revision || undefined,
      'edited by': data.edits?.map(({ by }) => by),
    },
    ...{ 'policy version': data.policyVersion, stage, 'switches on': (switches as string[] | undefined)?.join(', ') },
  };
  return {
    head,
    rules: data.rules,
    facts: { ...looked, ...(preview ? { preview: preview.effect } : {}) } as JsonObject,
  };
}

const wordOf = (decision: Decision) =>
  decision.verdict === 'approved' ? `approved: ${decision.data.grant}` : decision.verdict;

/** Who decides or has decided, or why not. */
function whyOf(decision: Decision): Record<string, unknown> {
  switch (decision.verdict) {
    case 'approved': {
      const { approvers } = decision.data;
      return { 'approved by': approvers.map(({ sub, reason }) => `${sub}: ${reason}`).join('; ') || 'the rules' };
    }
    case 'escalated': {
      const { approvalsNeeded, approverRoles, expiresAt, because } = decision.data;
      const people = `${approvalsNeeded} of ${approverRoles.join(' or ')}, until ${expiresAt}`;
      return { 'asked are': people, 'asked again': because };
    }
    case 'denied': {
      const { code, detail, nextStep, retryAt } = decision.data;
      return { code, detail, 'next step': nextStep, 'retry at': retryAt };
    }
    default:
      return decision satisfies never;
  }
}

function nowText(now: ExplainedAction['now']): string {
  if (!now) return 'Now: no loaded package is of this workflow; name one with --package.';
  const { replay, policyVersion } = now;
  const by = `Now, by ${now.package} (${policyVersion}):`;
  switch (replay.tag) {
    case 'replayed':
      if (!replay.differs) return `${by} the rules would say the same, ${saidText(replay.would)}.`;
      return `${by} ${saidText(replay.was)} would be ${saidText(replay.would)}. ${becauseText(replay)}`;
    case 'not-replayable':
      return `${by} not known; ${replay.because}.`;
    case 'not-by-rules':
      return `${by} the rules were not what decided it.`;
    default:
      return replay satisfies never;
  }
}

/** A case as if it had been decided. */
export function caseText({ file, rule, title, problems, verdict, facts }: CaseResult): string {
  const { tool, arguments: args, actor, dryRun, preview, provenance, history, stage, switches, now } = facts;
  const asked = { tool, arguments: args, 'asked by': `${actor.sub} (${actor.roles.join(', ')})` };
  return decisionText({
    head: {
      ...{ case: title, of: `${rule} (${file})`, ...asked, ...outcomeOf(verdict) },
      ...{ 'dry run': dryRun || undefined, stage, 'switches on': switches?.join(', ') || undefined },
      'as expected': problems.length === 0 ? 'yes' : `no: ${problems.join('; ')}`,
    },
    rules: verdict.rules,
    facts: {
      provenance,
      history,
      now: now.toISOString(),
      ...(preview ? { preview: preview.effect } : {}),
    } as unknown as JsonObject,
  });
}

function outcomeOf(verdict: Verdict): Record<string, unknown> {
  switch (verdict.tag) {
    case 'approve':
    case 'needs-preview':
      return { decision: verdict.tag };
    case 'escalate':
      return { decision: verdict.tag, 'asked are': `${verdict.approvals} of ${verdict.roles.join(' or ')}` };
    case 'deny': {
      const { code, detail, nextStep } = refusal(verdict.code, verdict.detail, verdict.nextStep);
      return { decision: verdict.tag, code, detail, 'next step': nextStep };
    }
    default:
      return verdict satisfies never;
  }
}
