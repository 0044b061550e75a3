import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, Res, UseGuards } from '@nestjs/common';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Proof } from '@countersign/evidence';
import { Evidence, type StoreVerdict } from './evidence.js';

const tenant = z.string().max(200).optional();
const instant = z.iso.datetime({ offset: true }).optional();
const verifyQuery = z.strictObject({
  tenant,
  /** The first index to look at, as `next` names it. */
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(50_000).default(20_000),
});
const exportQuery = z.strictObject({ tenant, from: instant, to: instant });

/** What a tenant's auditors are told about their records being as they were stored. */
@Controller('v1/audit')
@UseGuards(IdentityGuard)
@RequireRole('auditor', 'admin')
export class EvidenceController {
  constructor(@Inject(Evidence) private readonly evidence: Evidence) {}

  @Get('verify')
  verify(@Caller() { person }: CallerIdentity, @Query() query: unknown): Promise<StoreVerdict> {
    const { tenant, from, limit } = parse(verifyQuery, query);
    return this.evidence.verify(own(person.tenant, tenant), from, limit);
  }

  @Get('proofs/:eventId')
  prove(@Caller() { person }: CallerIdentity, @Param('eventId') eventId: string): Promise<Proof> {
    return this.evidence.prove(person.tenant, eventId);
  }

  /** Breaks off where it cannot go on: a file without its end is seen to be one. */
  @Get('export')
  export(@Caller() { person }: CallerIdentity, @Query() query: unknown, @Res() reply: FastifyReply): void {
    const { tenant, from, to } = parse(exportQuery, query);
    const lines = this.evidence.export(
      own(person.tenant, tenant),
      from ? new Date(from) : undefined,
      to ? new Date(to) : undefined,
    );
    void reply.header('content-type', 'application/x-ndjson').send(Readable.from(lines));
  }
}

function own(tenant: string, asked: string | undefined): string {
  if (asked === undefined || asked === tenant) return tenant;
  throw new HttpProblem('NOT_FOUND', `there is no tenant ${asked.slice(0, 100)} that you may see`);
}

function parse<T extends z.ZodType>(schema: T, query: unknown): z.infer<T> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const flaws = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`);
  throw new HttpProblem('INVALID_ARGUMENTS', flaws.join('; '));
}
