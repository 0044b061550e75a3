import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { Drafts, placeOf, type DraftPage } from './draft-list.js';

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(500).optional(),
});

@Controller('v1/drafts')
@UseGuards(IdentityGuard)
export class DraftsController {
  constructor(@Inject(Drafts) private readonly drafts: Drafts) {}

  @Get()
  list(@Caller() { person }: CallerIdentity, @Query() asked: unknown): Promise<DraftPage> {
    const { success, data } = query.safeParse(asked ?? {});
    const after = data?.cursor === undefined ? undefined : placeOf(data.cursor);
    if (!success || (data.cursor !== undefined && !after))
      throw new HttpProblem('INVALID_ARGUMENTS', 'limit: 1 to 200; cursor: the nextCursor of the page before');
    return this.drafts.page(person, data.limit, after);
  }
}
