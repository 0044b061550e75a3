import { z } from 'zod';
import { defineToolContract } from '@countersign/tool-sdk';
import { flag, memberId, personal, recordFields, word } from './fields.js';

export const getMemberContract = defineToolContract({
  name: 'get_member',
  version: '1.0.0',
  description:
    'Reads one member of the desk: the roles they have and whether they are active. Name and e-mail are sealed.',
  effect: 'read',
  reversible: true,
  target: 'helpdesk',
  input: z.strictObject({ memberId }),
  output: z.object({ ...recordFields, name: personal, email: personal, roles: z.array(word), active: flag }),
  permissions: { roles: ['support-lead', 'admin'] },
});
