import type { EventDraft } from '@countersign/contracts';
import type { Applied } from '@countersign/messaging';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { Counter, Registry } from 'prom-client';

export const registry = new Registry();

export const untrusted = new Counter({
  name: 'countersign_untrusted_records_total',
  help: 'Records on topics of signed events that were not what they say they are, by type',
  labelNames: ['type'],
  registers: [registry],
});
const intents = new Counter({
  name: 'countersign_intents_total',
  help: 'Intents judged, by workflow, outcome and why',
  labelNames: ['workflow', 'outcome', 'code'],
  registers: [registry],
});
const decisions = new Counter({
  name: 'countersign_decisions_total',
  help: 'Decisions on actions: approved (with what grant), escalated, denied (with which code)',
  labelNames: ['workflow', 'tool', 'decision', 'grant', 'code'],
  registers: [registry],
});
const ruleDenials = new Counter({
  name: 'countersign_rule_denials_total',
  help: 'Denials that a rule asked for, by rule; one that several asked for counts under each',
  labelNames: ['workflow', 'rule'],
  registers: [registry],
});

/** Stands for what no loaded package has: a model or a stranger made it up. */
const OTHER = 'other';

/** Counts what a transaction decided, in words of the loaded packages alone. */
export function countedBy(loaded: ReadonlyMap<string, LoadedWorkflow>): (applied: Applied) => void {
  const workflowOf = (name = '') => (loaded.has(name) ? name : OTHER);
  const toolOf = (workflow: string, name: string) =>
    loaded.get(workflow)?.workflow.tools.some((tool) => tool.name === name) ? name : OTHER;
  const count = ({ type, data }: EventDraft) => {
    switch (type) {
      case 'countersign.intent.accepted.v1':
        return intents.inc({ workflow: workflowOf(data.workflow), outcome: 'accepted', code: '' });
      case 'countersign.intent.refused.v1':
        return intents.inc({ workflow: workflowOf(data.workflow), outcome: 'refused', code: data.code });
      case 'countersign.action.approved.v1':
      case 'countersign.action.denied.v1':
      case 'countersign.action.escalated.v1': {
        const workflow = workflowOf(data.workflow);
        const [, , decision] = type.split('.');
        const why = { grant: 'grant' in data ? data.grant : '', code: 'code' in data ? data.code : '' };
        decisions.inc({ workflow, tool: toolOf(data.workflow, data.tool), decision: decision!, ...why });
        if (type !== 'countersign.action.denied.v1') return;
        for (const { rule, outcome } of data.rules) if (outcome === 'deny') ruleDenials.inc({ workflow, rule });
        return;
      }
      default:
        return;
    }
  };
  return ({ emitted }) => emitted.forEach(count);
}
