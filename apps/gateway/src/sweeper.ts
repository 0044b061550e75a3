import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '@countersign/host';
import { IntentEvents } from './read-model.js';
import { Requests } from './requests.js';
import { Changes } from './stream/changes.js';

const EVERY_MS = 3_600_000;

/** Lets go, once an hour, of what is past its time. */
@Injectable()
export class Sweeper implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(IntentEvents) private readonly events: IntentEvents,
    @Inject(Requests) private readonly requests: Requests,
    @Inject(Changes) private readonly changes: Changes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit() {
    this.timer = setInterval(() => void this.sweep(), EVERY_MS).unref();
  }

  onApplicationShutdown() {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    try {
      await this.requests.sweep();
      await this.events.sweep(new Date());
      await this.changes.sweep();
    } catch (err) {
      // The database may be away for a moment; the next hour comes.
      this.logger.warn({ err }, 'sweeping failed; it comes again');
    }
  }
}
