import { Controller, Get, Inject, Param, Query, Res, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { Status } from './status-reader.js';
import { deadlineOf, type Connection } from './waiting.js';

/** A longer wait is cut to a minute; other parameters are no concern of ours. */
const query = z.object({
  wait: z.coerce
    .number()
    .min(0)
    .default(0)
    .transform((seconds) => Math.min(seconds, 60)),
});

interface Reply {
  raw: Connection;
}

@Controller('v1')
@UseGuards(IdentityGuard)
export class StatusController {
  constructor(@Inject(Status) private readonly status: Status) {}

  @Get('intents/:id')
  async intent(
    @Caller() { person }: CallerIdentity,
    @Param('id') id: string,
    @Query() asked: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const found = await this.status.untilEnded('intent', person, id, until(asked, reply));
    if (!found) throw new HttpProblem('NOT_FOUND', `there is no intent ${id.slice(0, 100)}`);
    return found;
  }

  @Get('actions/:id')
  async action(
    @Caller() { person }: CallerIdentity,
    @Param('id') id: string,
    @Query() asked: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const found = await this.status.untilEnded('action', person, id, until(asked, reply));
    if (!found) throw new HttpProblem('NOT_FOUND', `there is no action ${id.slice(0, 100)}`);
    return found;
  }
}

/** Fires when the caller has waited long enough, or has gone. */
function until(asked: unknown, { raw }: Reply): AbortSignal {
  const parsed = query.safeParse(asked ?? {});
  if (!parsed.success) throw new HttpProblem('INVALID_ARGUMENTS', 'wait: seconds, 0 or more; at most 60 are waited');
  if (parsed.data.wait === 0) return AbortSignal.abort();
  return deadlineOf(parsed.data.wait, raw);
}
