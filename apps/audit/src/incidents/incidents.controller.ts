import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import type { Incident, IncidentCase } from '@countersign/contracts';
import type { WrittenExpectation } from '@countersign/evals/capture';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { parsed } from '../parsed.js';
import { captureBody, closuresBody, incidentQuery, openBody } from './bodies.js';
import { cursorOf, cursorText } from './cursor.js';
import { Incidents } from './incidents.js';

/** Who handles what went wrong. */
const HANDLERS = ['sre', 'release', 'auditor', 'admin', 'support-lead'] as const;

@Controller('v1/incidents')
@UseGuards(IdentityGuard)
export class IncidentsController {
  constructor(@Inject(Incidents) private readonly incidents: Incidents) {}

  @Get()
  @RequireRole(...HANDLERS)
  async list(@Caller() { person }: CallerIdentity, @Query() given: unknown) {
    const query = parsed(incidentQuery, given, 'query');
    const { data, last } = await this.incidents.list(person, query, cursorOf(query.cursor));
    return { data, nextCursor: last ? cursorText(last) : null };
  }

  @Get(':id')
  @RequireRole(...HANDLERS)
  show(@Caller() { person }: CallerIdentity, @Param('id') id: string): Promise<Incident> {
    return this.incidents.one(person, id);
  }

  @Post()
  @RequireRole(...HANDLERS)
  async open(
    @Caller() { person }: CallerIdentity,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<Incident> {
    const { incident, isNew } = await this.incidents.open(person, parsed(openBody, body));
    response.status(isNew ? 201 : 200);
    return incident;
  }

  /** The case; or, of a file that is given, the incident that it captures. */
  @Post(':id/capture')
  @HttpCode(200)
  @RequireRole(...HANDLERS)
  capture(
    @Caller() { person }: CallerIdentity,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<Incident | IncidentCase> {
    const { text, expect } = parsed(captureBody, body);
    if (text !== undefined) return this.incidents.register(person, id, text);
    return this.incidents.caseOf(person, id, expect as WrittenExpectation | undefined);
  }

  @Post('closures')
  @HttpCode(200)
  @RequireRole('release')
  async close(@Caller() { person }: CallerIdentity, @Body() body: unknown): Promise<{ closed: Incident[] }> {
    return { closed: await this.incidents.close(person, parsed(closuresBody, body)) };
  }
}
