// @ts-check
// An agent built on the Vercel AI SDK: its model calls the tools, Countersign decides and acts.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Client } from '@countersign/client';
import { governed } from '@countersign/client/ai';
import { generateText, isStepCount, tool } from 'ai';
import { z } from 'zod';
import { setting } from './settings.mjs';

const url = setting('COUNTERSIGN_URL', "the gateway's origin, as `npm start` prints it");
const token = setting('TOKEN', "the user's token, such as `npx countersign token alice` prints");
const baseURL = setting('OPENAI_BASE_URL', 'of any model that speaks the OpenAI wire');
const provider = createOpenAICompatible({ name: 'own', baseURL, apiKey: process.env['OPENAI_API_KEY'] ?? 'none' });

const get_order = tool({
  description: 'Reads one order: status, total, what was refunded.',
  inputSchema: z.strictObject({ orderId: z.string().describe('Id of the order, such as ord_1001') }),
});
const session = `example-${Date.now()}`;
const tools = governed({ get_order }, { client: new Client({ url, token }), workflow: 'support-desk', session });
const { text, steps } = await generateText({
  model: provider(process.env['OPENAI_MODEL'] ?? 'stand-in'),
  tools,
  prompt: process.argv[2] ?? 'Where is order ord_1001?',
  stopWhen: isStepCount(6),
});
for (const { toolResults } of steps)
  for (const { toolName, output } of toolResults) console.log(`${toolName}: ${JSON.stringify(output)}`);
console.log(text);
