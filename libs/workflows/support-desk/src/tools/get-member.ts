import { defineTool } from '@countersign/tool-sdk';
import { getMemberContract } from './get-member.contract.js';
import { ask, taken } from './helpdesk.js';

export const getMember = defineTool({
  contract: getMemberContract,
  async read(context, { memberId }) {
    const record = await ask(context, { method: 'GET', path: `/v1/members/${encodeURIComponent(String(memberId))}` });
    const { value, read } = taken(context, 'member', getMemberContract.output, record);
    return { result: value, recordsRead: [read] };
  },
});
