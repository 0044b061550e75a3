import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Controller, Get, Inject, Req, Res, UseGuards, type OnModuleDestroy } from '@nestjs/common';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { HEADERS } from '../forwarding.js';
import { streams } from '../metrics.js';
import { cursorOf } from './changes.js';
import { Feed } from './feed.js';

/** Timers count no further than 24 days; a browser that is let go comes back. */
const LONGEST_MS = 12 * 3_600_000;

/** An answer that stays open, with the headers of every other; a session that was renewed on the way brings its cookies. */
export function openStream(request: FastifyRequest, reply: FastifyReply): FastifyReply['raw'] {
  reply.hijack();
  return reply.raw.writeHead(200, {
    ...HEADERS,
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    ...{ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-request-id': request.id },
  });
}

/** Server-sent events: that something changed, never what. A stream ends with the token it was opened with. */
@Controller('v1')
@UseGuards(IdentityGuard)
export class StreamController implements OnModuleDestroy {
  constructor(@Inject(Feed) private readonly feed: Feed) {}

  @Get('stream')
  async stream(
    @Caller() { person, expiresAt }: CallerIdentity,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (!this.feed.hasRoomFor(person))
      throw new HttpProblem(
        'RATE_LIMITED',
        'there are as many streams open as one person, or this instance, may have',
        {
          nextStep: 'Close one of them, or ask again instead of listening.',
        },
      );
    const since = cursorOf(String(request.headers['last-event-id'] ?? ''));
    const raw = openStream(request, reply);
    const end = setTimeout(() => raw.end(), Math.min(LONGEST_MS, Math.max(0, expiresAt - Date.now())));
    streams.inc();
    let leave: (() => void) | undefined;
    let isGone = false;
    raw.on('close', () => {
      isGone = true;
      streams.dec();
      clearTimeout(end);
      leave?.();
    });
    try {
      leave = await this.feed.join(person, raw, since);
      if (isGone) leave();
    } catch {
      // The database is away: the browser comes back, and its cursor with it.
      raw.end();
    }
  }

  onModuleDestroy(): void {
    this.feed.close();
  }
}
