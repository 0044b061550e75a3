import { expect, it } from '@jest/globals';
import type { EventDraft, EventType } from '@countersign/contracts';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { countedBy, registry } from './metrics.js';

const desk = { workflow: { tools: [{ name: 'refund' }] } } as unknown as LoadedWorkflow;
const count = countedBy(new Map([['desk', desk]]));
const says = (...events: [EventType, object][]) =>
  count({ emitted: events.map(([type, data]) => ({ type, data })) as EventDraft[], puts: new Map(), incoming: [] });
const about = { workflow: 'desk', tool: 'refund', rules: [] };

it('counts decisions by grant, code and the rules that denied, and names no tool or workflow that is not loaded', async () => {
  const rules = [
    { rule: 'too-much', outcome: 'deny' },
    { rule: 'own-order', outcome: 'allow' },
  ];
  says(
    ['countersign.intent.accepted.v1', { workflow: 'desk' }],
    ['countersign.intent.refused.v1', { workflow: 'x'.repeat(90), code: 'UNKNOWN_WORKFLOW' }],
    ['countersign.action.approved.v1', { ...about, grant: 'preview' }],
    ['countersign.action.escalated.v1', about],
    ['countersign.action.denied.v1', { ...about, rules, code: 'LIMIT_EXCEEDED' }],
    ['countersign.action.denied.v1', { ...about, tool: 'made up', code: 'UNKNOWN_TOOL' }],
    ['countersign.action.settled.v1', {}],
  );
  const text = await registry.metrics();
  expect(text.split('\n').filter((line) => line.startsWith('countersign_'))).toEqual([
    'countersign_intents_total{workflow="desk",outcome="accepted",code=""} 1',
    'countersign_intents_total{workflow="other",outcome="refused",code="UNKNOWN_WORKFLOW"} 1',
    'countersign_decisions_total{workflow="desk",tool="refund",decision="approved",grant="preview",code=""} 1',
    'countersign_decisions_total{workflow="desk",tool="refund",decision="escalated",grant="",code=""} 1',
    'countersign_decisions_total{workflow="desk",tool="refund",decision="denied",grant="",code="LIMIT_EXCEEDED"} 1',
    'countersign_decisions_total{workflow="desk",tool="other",decision="denied",grant="",code="UNKNOWN_TOOL"} 1',
    'countersign_rule_denials_total{workflow="desk",rule="too-much"} 1',
  ]);
});
