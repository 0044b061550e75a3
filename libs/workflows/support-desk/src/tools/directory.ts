import { z } from 'zod';
import type { Directory } from '@countersign/tool-sdk';
import { now } from './helpdesk.js';

const member = z.object({ sub: z.string(), roles: z.array(z.string()), active: z.boolean() });

/** Who people are now: helpdesk's members. */
export const directory: Directory = async (context, sub) => {
  const found = await now(context, 'member', `/v1/members/${encodeURIComponent(sub)}`, member);
  return found && { roles: found.value.roles, active: found.value.active, system: found.read.system, read: found.read };
};
