import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { maskWords, type Opener } from '@countersign/sealing';
import type { Lease } from './answer.js';
import { answerBody, batchBody, claimBody, delegateBody, parsed, unfit } from './bodies.js';
import { Desk } from './desk.js';
import { listQuery, pageOf } from './paging.js';
import { notFound } from './problems.js';
import { Approvals } from './read-model.js';
import { OPENER, openedFor } from './sealed-values.js';
import type { Item } from './state.js';
import { itemView, viewFor, type Look } from './view.js';

@Controller('v1/approvals')
@UseGuards(IdentityGuard)
export class ApprovalsController {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(Desk) private readonly desk: Desk,
    @Inject(OPENER) private readonly opener: Opener,
  ) {}

  @Get()
  async list(@Caller() { person }: CallerIdentity, @Query() query: unknown) {
    const { limit, cursor, ...filter } = parsed(listQuery, query);
    const found = await this.approvals.as(person, (queue) => queue.list({ ...filter, limit, after: cursor }));
    const { rows, nextCursor } = pageOf(found, limit);
    const look = await this.look(person);
    return { data: rows.map(({ item }) => viewFor(item, look)), nextCursor };
  }

  /** Beside the item, for those who may decide it: what its tokens stand for. Nobody on the way is to keep that. */
  @Get(':id')
  @Header('cache-control', 'no-store')
  async show(@Caller() caller: CallerIdentity, @Param('id') id: string) {
    const { person } = caller;
    const row = await this.approvals.as(person, (queue) => queue.find(id));
    if (!row) throw notFound(id);
    const look = await this.look(person);
    const opened = await openedFor(row.item, person, this.opener, look);
    if (opened) await this.desk.viewed(caller, row.item, opened);
    return { ...viewFor(row.item, look), ...(opened ? { opened } : {}) };
  }

  @Post(':id/decisions')
  @HttpCode(200)
  async decide(@Caller() caller: CallerIdentity, @Param('id') id: string, @Body() body: unknown) {
    return this.seen(caller, await this.desk.answer(caller, id, parsed(answerBody, body)));
  }

  /** Takes it for a while, so that nobody else decides it meanwhile; takes it for longer; gives it back. */
  @Post(':id/claim')
  @HttpCode(200)
  async claim(@Caller() caller: CallerIdentity, @Param('id') id: string, @Body() body: unknown) {
    const { leaseSeconds, release } = parsed(claimBody, body);
    const lease: Lease = release ? { do: 'release' } : { do: 'claim', seconds: leaseSeconds };
    return this.seen(caller, await this.desk.lease(caller, id, lease));
  }

  @Post(':id/delegate')
  @HttpCode(200)
  async delegate(@Caller() caller: CallerIdentity, @Param('id') id: string, @Body() body: unknown) {
    const { to, reason, leaseSeconds } = parsed(delegateBody, body);
    // Where people are known by such names, the one who hands it on is, too.
    if (maskWords(to) !== to && maskWords(caller.person.sub) === caller.person.sub)
      throw unfit([{ path: 'to', message: 'what looks like personal data is no name of a person here' }]);
    return this.seen(caller, await this.desk.lease(caller, id, { do: 'delegate', to, reason, seconds: leaseSeconds }));
  }

  /** 200 whatever became of each: every item has its own result. */
  @Post('decisions')
  @HttpCode(200)
  async decideAll(@Caller() caller: CallerIdentity, @Body() body: unknown) {
    return { results: await this.desk.answerAll(caller, parsed(batchBody, body)) };
  }

  private async look(person: CallerIdentity['person']): Promise<Look> {
    return { person, now: new Date(), control: await this.desk.control() };
  }

  private async seen({ person }: CallerIdentity, item: Item) {
    return itemView(item, await this.look(person));
  }
}
