// @ts-check
// The handlers that Restate's server calls: each step in a `run` of its own, so that it is journaled before the next begins.
import http2 from 'node:http2';
import http from 'node:http';
import * as restate from '@restatedev/restate-sdk';
import { settings } from './control.mjs';
import { effects, plan, policy } from './steps.mjs';

const { prepare, execute, audit } = effects(settings);
/** @type {Set<string>} */
const waiting = new Set();

/** @param {restate.Context} ctx @param {import('./steps.mjs').Request} request @param {() => Promise<unknown>} person */
async function refund(ctx, request, person) {
  const action = await ctx.run('plan', () => plan(request));
  const decision = await ctx.run('policy', () => policy(action));
  if (decision.outcome === 'deny') return decision;
  if (decision.outcome === 'escalate') {
    waiting.add(request.id);
    await person();
  }
  const effect = await ctx.run('execute', () => execute(action));
  await ctx.run('audit', () => audit(request.id, action, decision, effect));
  return decision;
}

const unattended = () => {
  throw new restate.TerminalError('this load has nobody to ask');
};
const governed = restate.service({
  name: 'governed',
  handlers: {
    run: (/** @type {restate.Context} */ ctx, /** @type {import('./steps.mjs').Request} */ request) =>
      refund(ctx, request, unattended),
  },
});
const approved = restate.workflow({
  name: 'approved',
  handlers: {
    run: (/** @type {restate.WorkflowContext} */ ctx, /** @type {import('./steps.mjs').Request} */ request) =>
      refund(ctx, request, async () => ctx.promise('approval')),
    approve: async (/** @type {restate.WorkflowSharedContext} */ ctx) => {
      await ctx.promise('approval').resolve('approve');
    },
  },
});

await prepare();
const handler = restate.createEndpointHandler({ services: [governed, approved] });
http2.createServer(handler).listen(Number(process.env['RESTATE_ENDPOINT_PORT']), '127.0.0.1');
http
  .createServer((_, response) => response.end(JSON.stringify({ waiting: waiting.size })))
  .listen(settings.port, '127.0.0.1');
