import { Controller, Get, HttpCode, HttpException, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { HttpProblem, OPERATORS } from '@countersign/host';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { Messaging } from '@countersign/messaging';
import { decodeCursor, encodeCursor } from './parked-cursor.js';
import { Services } from './services.js';

const SELF = 'gateway';
const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
const entries = z.object({ data: z.array(z.looseObject({ id: z.string() })), nextCursor: z.string().nullable() });
type Page = z.infer<typeof entries>;

/** What operators look at. Parked records of all services under one roof: ids are `<service>:<id of the service>`. */
@Controller('v1')
@UseGuards(IdentityGuard)
@RequireRole(...OPERATORS)
export class OperationsController {
  constructor(
    @Inject(Services) private readonly services: Services,
    @Inject(Messaging) private readonly messaging: Messaging,
  ) {}

  /** Service by service, each in its own order; the cursor says where in which. A service that is away is named, not hidden. */
  @Get('parked')
  async parked(@Caller() { token }: CallerIdentity, @Query() asked: unknown) {
    const parsed = query.safeParse(asked ?? {});
    const from = parsed.success ? decodeCursor(parsed.data.cursor) : undefined;
    if (!parsed.success || !from)
      throw new HttpProblem('INVALID_ARGUMENTS', 'limit: 1 to 200; cursor: the nextCursor of the page before');
    const { limit } = parsed.data;
    const names = [SELF, ...this.services.names];
    const data: Record<string, unknown>[] = [];
    const unreachable: string[] = [];
    for (let at = from.service, { cursor } = from; at < names.length; at++, cursor = null) {
      const page = await this.page(names[at]!, token, limit - data.length, cursor);
      if (!page) unreachable.push(names[at]!);
      for (const entry of page?.data ?? []) data.push({ ...entry, id: `${names[at]}:${entry.id}`, service: names[at] });
      if (page?.nextCursor)
        return { data, nextCursor: encodeCursor({ service: at, cursor: page.nextCursor }), unreachable };
      if (data.length === limit && at + 1 < names.length)
        return { data, nextCursor: encodeCursor({ service: at + 1, cursor: null }), unreachable };
    }
    return { data, nextCursor: null, unreachable };
  }

  @Get('parked/:id')
  async one(@Caller() { token }: CallerIdentity, @Param('id') id: string) {
    const { service, own } = this.split(id);
    if (service === SELF) {
      const entry = await this.messaging.parked.show(own);
      if (!entry) throw notParked(id);
      return { ...entry, id, service };
    }
    return { ...(await this.answerOf(service, `/v1/parked/${encodeURIComponent(own)}`, token, 'GET')), id, service };
  }

  @Post('parked/:id/redrive')
  @HttpCode(200)
  async redrive(@Caller() { token }: CallerIdentity, @Param('id') id: string) {
    const { service, own } = this.split(id);
    if (service !== SELF) return this.answerOf(service, `/v1/parked/${encodeURIComponent(own)}/redrive`, token, 'POST');
    const redriven = await this.messaging.parked.redrive(own);
    if (!redriven) throw notParked(id);
    return redriven;
  }

  /** As each service's own readiness tells it. */
  @Get('pipeline')
  async pipeline() {
    const others = this.services.names.map(async (service) => {
      const { status, body } = await this.services.ask(service, '/readyz');
      return { service, reachable: isReport(body), ready: status === 200, ...(isReport(body) ? body : {}) };
    });
    const own = { service: SELF, reachable: true, ...(await this.messaging.health()) };
    return { data: [own, ...(await Promise.all(others))], nextCursor: null };
  }

  private async page(service: string, token: string, limit: number, cursor: string | null): Promise<Page | undefined> {
    if (service === SELF) {
      const data = await this.messaging.parked.list(limit, cursor ?? undefined);
      return { data: data as unknown as Page['data'], nextCursor: data.length === limit ? data.at(-1)!.id : null };
    }
    if (!this.services.isService(service)) return undefined;
    const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const parsed = entries.safeParse(
      (await this.services.ask(service, `/v1/parked?limit=${limit}${from}`, token)).body,
    );
    return parsed.success ? parsed.data : undefined;
  }

  private split(id: string): { service: string; own: string } {
    const colon = id.indexOf(':');
    const service = id.slice(0, Math.max(0, colon));
    if (service !== SELF && !this.services.isService(service)) throw notParked(id);
    return { service, own: id.slice(colon + 1) };
  }

  private async answerOf(
    service: string,
    path: string,
    token: string,
    method: 'GET' | 'POST',
  ): Promise<Record<string, unknown>> {
    if (!this.services.isService(service)) throw notParked(service);
    const { status, body } = await this.services.ask(service, path, token, method);
    if (status >= 400) throw new HttpException(body as Record<string, unknown>, status);
    return body as Record<string, unknown>;
  }
}

const notParked = (id: string) =>
  new HttpProblem('NOT_FOUND', `nothing is parked as ${id.slice(0, 200)}; ids look like <service>:<id>`);
const isReport = (body: unknown): body is Record<string, unknown> =>
  typeof body === 'object' && body !== null && 'ready' in body;
