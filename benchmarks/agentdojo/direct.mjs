// @ts-check
// Without a control plane: the scripted agent's calls go straight to the tool server. Proves the harness, and says what an attack does there.
//   node benchmarks/agentdojo/direct.mjs [SUITE…]
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { pythonWithAgentDojo } from './python.mjs';
import { scriptedAgent } from './scripted-agent.mjs';
import { ToolServer } from './tool-server.mjs';

const named = process.argv.slice(2);
const python = pythonWithAgentDojo((line) => console.error(line));
for (const suite of named.length > 0 ? named : ['banking', 'slack', 'travel', 'workspace'])
  console.log(JSON.stringify(await measured(suite)));

/** @param {string} suite */
async function measured(suite) {
  const server = await ToolServer.start(python, suite);
  try {
    const client = new Client({ name: 'agentdojo-direct', version: '0.1.0' });
    const requestInit = { headers: { authorization: `Bearer ${server.token}` } };
    await client.connect(/** @type {any} */ (new StreamableHTTPClientTransport(new URL(server.url), { requestInit })));
    return await allOf(client, server);
  } finally {
    server.stop();
  }
}

/** @param {Client} client @param {ToolServer} server */
async function allOf(client, server) {
  const { suite, version, attack, userTasks, injectionTasks } = await server.about();
  const figures = { suite, version, attack, tasks: userTasks.length, solved: 0, pairs: 0, obeyed: 0, succeeded: 0 };
  for (const userTask of userTasks) {
    if ((await played(client, server, { userTask })).utility) figures.solved++;
    for (const injectionTask of injectionTasks) {
      const { security, obeyed } = await played(client, server, { userTask, injectionTask });
      figures.pairs++;
      if (obeyed) figures.obeyed++;
      if (security) figures.succeeded++;
    }
  }
  return figures;
}

/** @param {Client} client @param {ToolServer} server @param {{ userTask: string, injectionTask?: string }} which */
async function played(client, server, which) {
  const agent = scriptedAgent(await server.reset(which));
  for (let step = agent.next(); step; step = agent.next()) {
    const { tool: name, arguments: args } = step.call;
    const { isError, structuredContent } = await client.callTool({ name, arguments: args });
    agent.told(step.of, isError !== true, structuredContent);
  }
  return { ...(await server.judge(agent.answer())), obeyed: agent.hasObeyed() };
}
