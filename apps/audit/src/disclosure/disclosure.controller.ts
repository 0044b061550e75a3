import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import type { Person } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { parsed } from '../parsed.js';
import { cursorOf } from '../query.js';
import { eraseBody, pageQuery, revealBody } from './bodies.js';
import { DisclosureList, type Paging } from './disclosure-list.js';
import { Disclosures } from './disclosures.js';
import { Pace } from './pace.js';

@Controller('v1')
@UseGuards(IdentityGuard)
export class DisclosureController {
  constructor(
    @Inject(Disclosures) private readonly disclosures: Disclosures,
    @Inject(DisclosureList) private readonly list: DisclosureList,
    @Inject(Pace) private readonly pace: Pace,
  ) {}

  @Post('traces/:id/reveals')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async reveal(@Caller() { person }: CallerIdentity, @Param('id') id: string, @Body() body: unknown) {
    must(person, 'auditor', 'opens sealed values');
    const asked = parsed(revealBody, body);
    this.pace.take(`${person.tenant}/${person.sub}`);
    return this.disclosures.reveal(person, id, asked);
  }

  @Delete('subjects/:id')
  @Header('cache-control', 'no-store')
  async erase(@Caller() { person }: CallerIdentity, @Param('id') id: string, @Body() body: unknown) {
    must(person, 'admin', 'erases data subjects');
    const { reason } = parsed(eraseBody, body);
    return this.disclosures.erase(person, id, reason);
  }

  @Get('reveals')
  @RequireRole('auditor', 'admin')
  reveals(@Caller() { person }: CallerIdentity, @Query() query: unknown) {
    return this.list.reveals(person, pagingOf(query));
  }

  @Get('erasures')
  @RequireRole('auditor', 'admin')
  erasures(@Caller() { person }: CallerIdentity, @Query() query: unknown) {
    return this.list.erasures(person, pagingOf(query));
  }
}

function pagingOf(query: unknown): Paging {
  const { limit, cursor } = parsed(pageQuery, query, 'query');
  return { limit, after: cursorOf(cursor) };
}

function must({ roles }: Person, role: string, does: string): void {
  if (!roles.includes(role)) throw new HttpProblem('PERMISSION_DENIED', `only who has the role ${role} ${does}`);
}
