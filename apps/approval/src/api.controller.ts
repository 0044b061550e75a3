import type { KeyObject } from 'node:crypto';
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, sealToken, type CallerIdentity } from '@countersign/identity';
import { Messaging } from '@countersign/messaging';
import type { Opener } from '@countersign/sealing';
import { decideAnswer, type Verdict } from './decide.js';
import { listQuery, pageOf } from './paging.js';
import { Approvals } from './read-model.js';
import { OPENER, openedFor } from './sealed-values.js';
import { approvalKey, type Progress } from './state.js';
import { difference, itemView, viewFor } from './view.js';

export const SEAL_KEY = Symbol('policy-seal-key');

const answerBody = z.discriminatedUnion('decision', [
  z.strictObject({
    decision: z.enum(['approve', 'reject']),
    actionHash: z.string().min(1).max(200),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .refine((reason) => reason.isWellFormed(), 'half a character (a lone surrogate)'),
  }),
  z.looseObject({ decision: z.literal('edit') }),
]);

@Controller('v1/approvals')
@UseGuards(IdentityGuard)
export class ApprovalsController {
  constructor(
    @Inject(Approvals) private readonly approvals: Approvals,
    @Inject(Messaging) private readonly messaging: Messaging,
    @Inject(SEAL_KEY) private readonly sealKey: KeyObject,
    @Inject(OPENER) private readonly opener: Opener,
  ) {}

  @Get()
  async list(@Caller() { person }: CallerIdentity, @Query() query: unknown) {
    const { status, limit, cursor } = parsed(listQuery, query);
    const found = await this.approvals.as(person, (queue) => queue.list({ status, limit, after: cursor }));
    const { rows, nextCursor } = pageOf(found, limit);
    return { data: rows.map(({ item }) => viewFor(item, person, new Date())), nextCursor };
  }

  /** Beside the item, for those who may decide it: what its tokens stand for. Nobody on the way is to keep that. */
  @Get(':id')
  @Header('cache-control', 'no-store')
  async show(@Caller() { person }: CallerIdentity, @Param('id') id: string) {
    const row = await this.approvals.as(person, (queue) => queue.find(id));
    if (!row) throw notFound(id);
    const now = new Date();
    const opened = await openedFor(row.item, person, this.opener, now);
    return { ...viewFor(row.item, person, now), ...(opened ? { opened } : {}) };
  }

  /** The token goes on sealed; what this service records of the person is a claim that policy checks. */
  @Post(':id/decisions')
  @HttpCode(200)
  async decide(@Caller() { person, token }: CallerIdentity, @Param('id') id: string, @Body() body: unknown) {
    const given = parsed(answerBody, body);
    if (given.decision === 'edit')
      throw new HttpProblem('NOT_BUILT', 'editing an action is not built yet; reject it and ask for another');
    if (!(await this.approvals.as(person, (queue) => queue.has(id)))) throw notFound(id);
    const answer = { ...given, sealed: await sealToken(this.sealKey, token) };
    const verdict = await this.messaging.execute({
      touches: [approvalKey(id)],
      decide: (states, now) => decideAnswer(id, person, answer, states, now),
    });
    if (verdict.tag === 'recorded') return itemView(verdict.item, new Date());
    if (verdict.tag === 'stale') throw await this.stale(person, id, given.actionHash, verdict.current);
    throw problemOf(verdict, id);
  }

  @Post(':id/claim')
  claim() {
    throw new HttpProblem('NOT_BUILT', 'claiming an item is not built yet; decide it');
  }

  @Post(':id/delegate')
  delegate() {
    throw new HttpProblem('NOT_BUILT', 'delegating an item is not built yet');
  }

  @Post('decisions')
  decideMany() {
    throw new HttpProblem('NOT_BUILT', 'deciding several items at once is not built yet; decide them one by one');
  }

  /** With what changed since the item whose hash was sent, so that the person sees it before deciding again. */
  private async stale(
    person: CallerIdentity['person'],
    id: string,
    sentHash: string,
    current: string,
  ): Promise<HttpProblem> {
    const siblings = await this.approvals.as(person, async (queue) => {
      const asked = await queue.find(id);
      return asked ? queue.ofAction(asked.actionId) : [];
    });
    const seen = siblings.find(({ actionHash }) => actionHash === sentHash)?.item;
    const now = siblings.find(({ approvalId }) => approvalId === current)?.item;
    return new HttpProblem('APPROVAL_STALE', 'what you decided on is no longer what would be done', {
      currentApprovalId: current,
      ...(now
        ? { actionHash: now.escalated.actionHash, difference: difference(seen, now), item: itemView(now, new Date()) }
        : {}),
    });
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => ({ path: path.join('.') || '(body)', message }));
  throw new HttpProblem('INVALID_ARGUMENTS', fields.map(({ path, message }) => `${path}: ${message}`).join('; '), {
    fields,
  });
}

const notFound = (id: string) =>
  new HttpProblem('NOT_FOUND', `there is no approval ${id.slice(0, 100)} that you may see`);

function problemOf(verdict: Exclude<Verdict, { tag: 'recorded' | 'stale' }>, id: string): HttpProblem {
  switch (verdict.tag) {
    case 'not-found':
      return notFound(id);
    case 'self':
      return new HttpProblem('SELF_APPROVAL', 'you asked for this action yourself');
    case 'role':
      return new HttpProblem('PERMISSION_DENIED', `deciding this needs one of the roles ${verdict.needed.join(', ')}`);
    case 'ended':
      return endedProblem(verdict.progress);
    case 'said-before':
      return new HttpProblem('INTENT_ENDED', 'you have decided this already', {
        nextStep: 'Nothing is left for you: it waits for another person.',
      });
    default:
      return verdict satisfies never;
  }
}

/** 410 whatever ended it. An item past its time that is not marked yet is expired all the same. */
function endedProblem(progress: Progress): HttpProblem {
  if (progress.tag === 'open' || progress.tag === 'expired')
    return new HttpProblem('APPROVAL_EXPIRED', 'nobody decided it in time');
  return new HttpProblem('INTENT_ENDED', `it is ${progress.tag} since ${progress.at}`, {
    progress: progress.tag,
    nextStep: 'Read the item: somebody has decided it already.',
  });
}
