import { z } from 'zod';
import { classified } from '@countersign/contracts';
import { defineToolContract } from '@countersign/tool-sdk';
import { flag, keyLifetimeMs, memberId, recordFields, text, word } from './fields.js';

const role = classified(
  'internal',
  z
    .enum(['support-agent', 'support-lead', 'sre', 'release', 'auditor', 'admin'])
    .describe('The one role they have then'),
);
const roles = z.array(word);

export const changeMemberRoleContract = defineToolContract({
  name: 'change_member_role',
  version: '1.0.0',
  description:
    'Changes the role of a member of the desk. An admin approves each; nobody changes their own. Read the member first.',
  effect: 'write',
  class: 'A',
  keyLifetimeMs,
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ memberId, role, reason: text(2_000, 'Why, in one sentence') }),
  output: z.object({ memberId, roles }),
  preview: z.object({ memberId, rolesBefore: roles, rolesAfter: roles, activeAfter: flag }),
  records: { member: z.object({ ...recordFields, roles, active: flag }) },
  permissions: {
    roles: ['support-lead', 'admin'],
    approvals: { role: { when: 'always', roles: ['admin'], always: true } },
  },
  blast: ({ memberId }) => ({ records: 1, affected: [String(memberId)] }),
});
