import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { WiringError } from './errors.js';
import type { Batch } from './ports.js';

/** `@EventPattern<string>('decisions', KAFKA_BATCH)`: without it another transport would subscribe to the pattern too. */
export const KAFKA_BATCH: unique symbol = Symbol('KAFKA_BATCH');

export interface Runtime {
  /** The topics that need a handler. */
  topics(): string[];
  start(deliver: (batch: Batch) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Hands batches to Nest's handlers, one a topic. What a handler rejects with reaches the runtime. */
export class CountersignTransport extends Server implements CustomTransportStrategy {
  override readonly transportId = KAFKA_BATCH;
  override readonly propagatesEventHandlerErrors = true;

  constructor(private readonly runtime: Runtime) {
    super();
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      this.checkHandlers();
      await this.runtime.start((batch) => this.deliver(batch));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    await this.runtime.stop();
  }

  override on(): never {
    throw new Error('this transport has no events');
  }

  override unwrap<T>(): T {
    return this.runtime as T;
  }

  private checkHandlers(): void {
    const needed = new Set(this.runtime.topics());
    const flaws: string[] = [];
    for (const topic of needed)
      if (!this.messageHandlers.has(topic))
        flaws.push(`the topic "${topic}" has no handler: add @EventPattern<string>('${topic}', KAFKA_BATCH)`);
    for (const [pattern, handler] of this.messageHandlers) {
      if (!needed.has(pattern)) flaws.push(`there is a handler for "${pattern}", which no subscription names`);
      if ((handler as MessageHandler).next) flaws.push(`the topic "${pattern}" has two handlers`);
      if (!handler.isEventHandler) flaws.push(`the handler of "${pattern}" is a @MessagePattern: topics have no reply`);
    }
    if (flaws.length) throw new WiringError(flaws);
  }

  private async deliver(batch: Batch): Promise<void> {
    const handler = this.messageHandlers.get(batch.topic);
    if (!handler) throw new WiringError([`the topic "${batch.topic}" has no handler`]);
    const result: unknown = await handler(batch, new BaseRpcContext([batch]));
    // Nest turns what a handler throws into an error of this observable.
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  }
}
