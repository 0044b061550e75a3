/*
 * The rows about gates: edits, four eyes, budgets, stages, the kill switch. What they change they put back, so that the demo can be
 * played again on the same system.
 */
import { effectsOf, rowOf, type DemoRow } from './judge.js';
import type { Stage } from './stage.js';
import type { Answer, IntentState, LedgerEntry } from './watchers.js';

const WORKFLOW = 'support-desk';
const isDone = ({ status }: Answer) => status === 200;
const said = ({ status, body }: Answer) => `${status} ${JSON.stringify(body).slice(0, 200)}`;

/** A lower amount only takes away, so who put it in may approve it too. */
export async function editedRefund(stage: Stage): Promise<DemoRow> {
  const { carol } = stage.people;
  const record = stage.order(6);
  const [intentId = ''] = await stage.product.publish(stage.largeRefundOf(record, 'edited'));
  const proposed = await carol.approvalOf(intentId);
  const edited = proposed && (await carol.edit(proposed, { amount: '500.00' }, 'one of two came back'));
  const renewed = proposed && (await carol.approvalOf(intentId, 20_000, proposed));
  const done = renewed && (await carol.decide(renewed, 'approve', 'as edited'));
  const row = await stage.judge(
    'a refund of 900 €, edited to 500 €',
    intentId,
    'carol: edited, approved',
    { outcomes: ['committed'], effects: [{ kind: 'refund', record, amount: '500.00' }], replySays: /500/ },
    false,
  );
  row.policy = 'escalated, edited, approved';
  for (const [what, answer] of Object.entries({ 'the edit': edited, 'the approval': done }))
    if (!answer || !isDone(answer)) row.wrong.push(`${what} was answered ${answer ? said(answer) : 'never'}`);
  return stage.report(row);
}

/** Four eyes: not even with the hash of what everybody else is shown. */
export async function ownApproval(stage: Stage): Promise<DemoRow> {
  const { bob, carol } = stage.people;
  const intent = { ...stage.largeRefundOf(stage.order(7), 'own'), token: bob.token };
  const [intentId = ''] = await stage.product.publish(intent);
  const item = await carol.approvalOf(intentId);
  const own = item && (await bob.decide(item, 'approve', 'it is fine, I asked for it'));
  if (item) await carol.decide(item, 'reject', 'bob may not say so himself');
  const row = await stage.judge(
    'a refund that bob asks for and approves',
    intentId,
    'bob: SELF_APPROVAL, carol: rejected',
    { outcomes: ['denied'], effects: [], code: 'APPROVAL_REJECTED', replySays: /reject/i },
    false,
    bob,
  );
  row.policy = 'escalated, denied';
  if (own?.status !== 403 || (own.body as { code?: string }).code !== 'SELF_APPROVAL')
    row.wrong.push(`bob's own approval was answered ${own ? said(own) : 'never'}, not 403 SELF_APPROVAL`);
  return stage.report(row);
}

const BUDGETED = 'draft_reply';
const OVER = 5;

interface Budget {
  per: string;
  tools: string[] | null;
  actionsPerDay?: number;
}

/** More drafts than a user may make on one day, at once and in several sessions. */
export async function burst(stage: Stage): Promise<DemoRow> {
  const { alice } = stage.people;
  const { limit, left } = await budgetOf(stage);
  const intents = Array.from({ length: limit + OVER }, (_, index) => {
    const args = { ticketId: 'tck_seed2', body: `We are looking for your parcel (${index}).` };
    return stage.call(`draft-${index % 3}`, BUDGETED, args, `draft-${index}`);
  });
  const ids = await stage.product.publish(...intents);
  const states = (await Promise.all(ids.map((id) => alice.intent(id, 30)))).filter((state) => state !== undefined);
  const ledger = await stage.helpdesk.ledger();
  const row = rowOf(`${intents.length} drafts, ${left} left of ${limit} a day`, ids[0] ?? '', '-', states[0], []);
  const ended = countsOf(states);
  row.actionIds = states.flatMap(({ actions }) => actions.map(({ actionId }) => actionId));
  row.policy = `${ended['committed'] ?? 0} approved, ${ended['RATE_LIMITED'] ?? 0} RATE_LIMITED`;
  row.executor = `${ended['committed'] ?? 0} committed`;
  row.wrong.push(...burstFlaws(states, effectsOf(ledger, row.actionIds), intents.length, left));
  return stage.report(row);
}

async function budgetOf(stage: Stage): Promise<{ limit: number; left: number }> {
  const { alice } = stage.people;
  const { body } = await alice.call('GET', '/v1/workflows');
  const workflow = (body as { data: { name: string; budgets?: Budget[] }[] }).data.find(
    ({ name }) => name === WORKFLOW,
  );
  const budget = workflow?.budgets?.find(({ per, tools }) => per === 'user' && tools?.includes(BUDGETED));
  const limit = budget?.actionsPerDay ?? 0;
  const today = new Date().toISOString().slice(0, 10);
  const isToday = ({ kind, actor, startedAt }: LedgerEntry) =>
    kind === 'reply-draft' && actor === alice.name && startedAt.startsWith(today);
  const used = (await stage.helpdesk.ledger()).filter(isToday).length;
  return { limit, left: Math.max(0, limit - used) };
}

function countsOf(states: IntentState[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { actions } of states) {
    const { outcome, code } = actions.at(-1) ?? {};
    const name = (outcome === 'denied' ? code : outcome) ?? 'none';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Pure: one too many, one too few, and a refusal that does not say when to ask again must show up here. */
export function burstFlaws(states: IntentState[], effects: LedgerEntry[], asked: number, left: number): string[] {
  const counts = countsOf(states);
  const wrong: string[] = [];
  if (counts['committed'] !== undefined ? counts['committed'] !== left : left !== 0)
    wrong.push(`${counts['committed'] ?? 0} were committed, not ${left}`);
  if (effects.length !== left) wrong.push(`${effects.length} drafts in the ledger, not ${left}`);
  if (counts['RATE_LIMITED'] !== asked - left)
    wrong.push(`${counts['RATE_LIMITED'] ?? 0} were RATE_LIMITED, not ${asked - left}`);
  const limited = states.flatMap(({ actions }) => actions).filter(({ code }) => code === 'RATE_LIMITED');
  const midnight = limited.filter(({ retryAt }) => /^\d{4}-\d\d-\d\dT00:00:00(\.000)?Z$/.test(retryAt ?? ''));
  if (midnight.length < limited.length) wrong.push('a refusal does not say that the next day begins at midnight UTC');
  return wrong;
}

/** A workflow that may only draft in one tenant: what it would do stands among the drafts, and nothing is done. */
export async function draftOnly(stage: Stage): Promise<DemoRow> {
  const { ruth, erin } = stage.people;
  const set = (to: string) =>
    ruth.call('PUT', `/v1/control/stage/${WORKFLOW}`, {
      stage: to,
      tenant: 'globex',
      reason: 'the demo',
      waitSeconds: 20,
    });
  const demoted = await set('draft-only');
  const text = 'Please refund 18 € on order ord_2001, the box was wet.';
  const intent = { ...stage.intent('draft-only', text, erin.token), tenant: 'globex' };
  const [intentId = ''] = await stage.product.publish(intent);
  const expected = { tenant: 'globex', outcomes: ['drafted'], effects: [], replySays: /draft/i };
  const row = await stage.judge('globex at draft-only: a refund', intentId, '-', expected, false, erin);
  // Not the last one alone: what had changed on a slow machine is read once more after it.
  const isListed = (found: unknown) =>
    (found as { data: { actionId: string }[] }).data.some(({ actionId }) => row.actionIds.includes(actionId));
  if (!(await erin.sees('/v1/drafts', isListed))) row.wrong.push('erin does not see the draft among the drafts');
  const promoted = await set('scoped');
  for (const answer of [demoted, promoted])
    if (!isDone(answer)) row.wrong.push(`the change of the stage was answered ${said(answer)}`);
  return stage.report(row);
}

const SWITCH = 'kill/tool/issue_refund';

/** Tripped by whoever can write the topic; let go on again by a person whose role allows it. */
export async function killed(stage: Stage): Promise<DemoRow[]> {
  const { sam } = stage.people;
  const rows: DemoRow[] = [];
  await stage.sre.write('control', SWITCH, { killed: true, reason: 'INC-42', by: 'a plain Kafka client' });
  try {
    const isStopped = await sam.sees('/v1/control', (found) => isOn(found));
    rows.push(await stoppedRefund(stage, isStopped));
  } finally {
    const again = { killed: false, reason: 'INC-42 is over', waitSeconds: 20 };
    const answer = await sam.call('PUT', `/v1/control/kill/${encodeURIComponent('tool/issue_refund')}`, again);
    rows.push(await nextRefund(stage, answer));
  }
  return rows;
}

function isOn(found: unknown): boolean {
  const { switches } = found as { switches: { scope: string; killed: boolean; inForce: boolean }[] };
  return switches.some(({ scope, killed: on, inForce }) => scope === SWITCH && on && inForce);
}

const smallRefundOf = (stage: Stage, name: string) =>
  stage.intent(name, `Refund 18 € on order ${stage.order(8)}, it came two weeks late.`);

async function stoppedRefund(stage: Stage, isStopped: boolean): Promise<DemoRow> {
  const [intentId = ''] = await stage.product.publish(smallRefundOf(stage, 'killed'));
  const state = await stage.people.alice.intent(intentId, 30);
  // Policy looks at the switch every quarter of a second; what it grants until then the executor blocks.
  const outcome = state?.actions.at(-1)?.outcome === 'blocked' ? 'blocked' : 'denied';
  const expected = { outcomes: [outcome], effects: [], code: 'KILLED', replySays: /KILLED/ };
  const row = await stage.judge(
    'a refund while issue_refund is killed',
    intentId,
    'a Kafka client: killed',
    expected,
    false,
  );
  row.policy = outcome === 'denied' ? 'denied KILLED' : 'approved';
  row.executor = outcome === 'denied' ? '-' : 'blocked KILLED';
  if (!isStopped) row.wrong.push('the switch was not seen in force');
  return stage.report(row);
}

async function nextRefund(stage: Stage, rearmed: Answer): Promise<DemoRow> {
  const [intentId = ''] = await stage.product.publish(smallRefundOf(stage, 're-armed'));
  const effects = [{ kind: 'refund', record: stage.order(8), amount: '18.00' }];
  const expected = { outcomes: ['committed'], effects };
  const row = await stage.judge('the next one, re-armed', intentId, 'sam: re-armed', expected, false);
  if (!isDone(rearmed)) row.wrong.push(`re-arming was answered ${said(rearmed)}`);
  return stage.report(row);
}
