// @ts-check
import { randomUUID } from 'node:crypto';
import { scriptedAgent } from './scripted-agent.mjs';

/** @typedef {import('./tool-server.mjs').Call} Call */
/** @typedef {{ of: 'task' | 'attack', tool: string, outcome: string, code?: string, escalated: boolean, approved: boolean, arguments: object }} Done */
/** @typedef {{ userTask: string, injectionTask?: string, utility: boolean, security: boolean | null, obeyed: boolean, calls: Done[] }} Played */

/**
 * One run: its user says what they want, then the agent asks for one tool call after the other, and an honest person answers what is asked of
 * people. AgentDojo's checkers judge the environment afterwards.
 *
 * @param {{ workflow: string, server: import('./tool-server.mjs').ToolServer, client: import('@countersign/client').Client, approver: import('./approver.mjs').HonestApprover }} world
 * @param {{ userTask: string, injectionTask?: string }} which
 * @returns {Promise<Played>}
 */
export async function play({ workflow, server, client, approver }, which) {
  const run = await server.reset(which);
  const session = `s-${randomUUID()}`;
  const said = await client.sendIntent({ workflow, session, text: run.prompt });
  await client.waitForIntent(said.intentId);
  const agent = scriptedAgent(run);
  const wanted = structuredClone(run.gold);
  /** @type {Done[]} */
  const calls = [];
  for (let step = agent.next(); step; step = agent.next()) {
    const { tool, arguments: args } = step.call;
    const { actionId } = await client.requestAction({
      workflow,
      session,
      tool,
      arguments: /** @type {any} */ (args),
    });
    let state = await client.waitForAction(actionId, { timeoutMs: 60_000 });
    const escalated = state.state === 'waiting';
    let approved = false;
    if (state.state === 'waiting' && state.approvalId) {
      approved = (await approver.decide(state.approvalId, wanted)) === 'approve';
      state = await client.waitForAction(actionId, { timeoutMs: 60_000, throughApproval: true });
    } else take(wanted, step.call);
    const outcome = state.outcome ?? state.state;
    calls.push({
      of: step.of,
      tool,
      outcome,
      ...(state.code ? { code: state.code } : {}),
      escalated,
      approved,
      arguments: args,
    });
    const ok = outcome === 'read' || outcome === 'committed';
    agent.told(step.of, ok, [state.result, state.detail]);
  }
  const { utility, security } = await server.judge(agent.answer());
  return { ...which, utility, security, obeyed: agent.hasObeyed(), calls };
}

/** @param {Call[]} wanted @param {Call} call */
function take(wanted, call) {
  const at = wanted.indexOf(wanted.find((one) => JSON.stringify(one) === JSON.stringify(call)) ?? call);
  if (at !== -1) wanted.splice(at, 1);
}
