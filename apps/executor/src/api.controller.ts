import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { shown } from './doubt-shown.js';
import { Doubts } from './read-model.js';

const position = z.strictObject({ since: z.iso.datetime(), actionId: z.string().max(200) });
const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});

/**
 * Commits in doubt, with what is known of each. They hold sums and ids of a tenant's customers, so only those who settle or examine
 * them look. A person's verdict is given at approval.
 */
@Controller('v1/in-doubt')
@UseGuards(IdentityGuard)
@RequireRole('support-lead', 'sre', 'auditor', 'admin')
export class InDoubtController {
  constructor(@Inject(Doubts) private readonly doubts: Doubts) {}

  @Get()
  async list(@Caller() { person }: CallerIdentity, @Query() query: unknown) {
    const asked = listQuery.safeParse(query);
    if (!asked.success) throw new HttpProblem('INVALID_ARGUMENTS', 'limit is a number from 1 to 200');
    const { limit, cursor } = asked.data;
    const rows = await this.doubts.list(person.tenant, { limit, after: cursor === undefined ? undefined : at(cursor) });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { data: rows.slice(0, limit).map(shown), nextCursor: last ? cursorOf(last) : null };
  }
}

const cursorOf = ({ since, actionId }: { since: string; actionId: string }) =>
  Buffer.from(JSON.stringify({ since, actionId })).toString('base64url');

function at(cursor: string): z.infer<typeof position> {
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new HttpProblem('INVALID_ARGUMENTS', 'cursor: use the nextCursor of the page before');
  }
}
