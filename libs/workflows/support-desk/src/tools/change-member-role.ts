import { z } from 'zod';
import type { Json } from '@countersign/contracts';
import { defineTool, type CommitOutcome } from '@countersign/tool-sdk';
import { changeMemberRoleContract } from './change-member-role.contract.js';
import { ask, changed, holds, ifVersion, lookedUp, now, previewed } from './helpdesk.js';

const member = z.object({ sub: z.string(), roles: z.array(z.string()) });
const answered = z.object({ record: member });

function done(body: Json): CommitOutcome {
  const { sub, roles } = answered.parse(body).record;
  const recordsChanged = changed(changeMemberRoleContract.records, body);
  return { result: { memberId: sub, roles }, recordsRead: [], recordsChanged };
}

const pathOf = (memberId: unknown) => `/v1/members/${encodeURIComponent(String(memberId))}`;

export const changeMemberRole = defineTool({
  contract: changeMemberRoleContract,
  preview: (context, { memberId, role }) =>
    previewed(context, `${pathOf(memberId)}/preview`, { roles: [String(role)] }),
  commit: async (context, { memberId, role }) => {
    const body = { roles: [String(role)], ...ifVersion(context.basis['memberVersion']) };
    return done(await ask(context, { method: 'PATCH', path: pathOf(memberId), body }));
  },
  lookup: (context) => lookedUp(context, done),
  async done(context, { memberId, role }) {
    const found = await now(context, 'member', pathOf(memberId), member);
    if (!found) return holds(false, `helpdesk has no member ${String(memberId)}`);
    const { roles } = found.value;
    return holds(roles.length === 1 && roles[0] === role, `${found.read.id} is ${roles.join(', ')}`, found.read);
  },
});
