import fs from 'node:fs';
import path from 'node:path';
import { throwawayDir } from '@countersign/embedded';

export interface Desk {
  folder: string;
  remove(): Promise<void>;
}

/**
 * support-desk with so many rules that are asked about every refund, or so many tools: a package of its own in the ignored folder,
 * loaded as any workflow is. The rules more pass; the tools more read an order.
 */
export function deskWith({ rules, tools }: { rules?: number; tools?: number }): Desk {
  const folder = throwawayDir('engines');
  const write = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
  write(
    'package.json',
    JSON.stringify({
      name: 'bench-desk',
      version: '1.0.0',
      type: 'module',
      exports: { '.': './index.js', './tools': './tools.js' },
    }),
  );
  write('contracts.js', contracts(tools));
  write('index.js', index(rules));
  write('tools.js', implementations);
  return { folder, remove: () => fs.promises.rm(folder, { recursive: true, force: true }) };
}

/** The desk's own count is taken where none is asked for, or fewer. */
const contracts = (tools = 0): string => `
import desk from '@countersign/support-desk';
import { defineToolContract } from '@countersign/tool-sdk';
const read = desk.tools.find(({ name }) => name === 'get_order');
export const more = Array.from({ length: Math.max(0, ${tools} - desk.tools.length) }, (_, n) =>
  defineToolContract({ ...read, name: 'get_order_' + n }));
`;

const index = (rules = 0): string => `
import desk from '@countersign/support-desk';
import { defineRule, deny, pass } from '@countersign/policy-kit';
import { defineWorkflow } from '@countersign/workflow-kit';
import { more } from './contracts.js';
const rule = (n) => defineRule({
  name: 'more-' + n, title: 'Rule ' + n, tools: ['issue_refund'],
  decide: ({ arguments: { amount } }) =>
    Number(amount) <= 10000 + n ? pass('not over the limit') : deny('LIMIT_EXCEEDED', 'over the limit'),
});
export default defineWorkflow({
  ...desk,
  tools: [...desk.tools, ...more],
  rules: [...desk.rules, ...Array.from({ length: Math.max(0, ${rules} - desk.rules.length) }, (_, n) => rule(n))],
});
`;

const implementations = `
import tools from '@countersign/support-desk/tools';
import { defineTool } from '@countersign/tool-sdk';
import { more } from './contracts.js';
export { directory } from '@countersign/support-desk/tools';
const read = tools.find(({ contract }) => contract.name === 'get_order');
export default [...tools, ...more.map((contract) => defineTool({ ...read, contract }))];
`;
