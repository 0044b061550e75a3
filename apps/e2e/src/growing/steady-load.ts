import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import type { LoadDriver, Pipeline } from '../bench/load.js';
import { percentile } from '../bench/statistics.js';

/** The way of the intents sent while something was done. */
export interface Phase {
  name: string;
  seconds: number;
  sent: number;
  /** From send to reply, ms, sorted. */
  ms: number[];
}

interface Sent {
  at: number;
  phase: Phase;
}

/** Intents on an open loop, so many per second whatever becomes of them, and a clock on each until its reply. */
export class SteadyLoad {
  readonly phases: Phase[] = [];
  private readonly open = new Map<string, Sent>();
  private readonly stopping = new AbortController();
  private phase: Phase | undefined;
  private sending: Promise<void> = Promise.resolve();
  private readonly refused: unknown[] = [];

  private constructor(
    private readonly driver: LoadDriver,
    private readonly pipeline: Pipeline,
    private readonly consumer: Consumer,
  ) {}

  static async start(driver: LoadDriver, pipeline: Pipeline, perSecond: number): Promise<SteadyLoad> {
    const consumer = driver.kafka.consumer({ groupId: `steady-${Date.now()}`, maxWaitTimeInMs: 50 });
    const load = new SteadyLoad(driver, pipeline, consumer);
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.FETCH, () => resolve()));
    await consumer.connect();
    // It commits nothing: when the group's broker is lost it begins anew, and must not begin at the end.
    await consumer.subscribe({ topics: [pipeline.output], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ message }) => {
        load.heard(pipeline.idOf(message.headers ?? {}) ?? '');
        return Promise.resolve();
      },
    });
    await joined;
    load.sending = load.send(perSecond);
    return load;
  }

  /** What is sent while `run` runs is counted under this name. */
  async during(name: string, run: () => Promise<unknown>): Promise<Phase> {
    const began = performance.now();
    const phase = (this.phase = { name, seconds: 0, sent: 0, ms: [] as number[] });
    this.phases.push(phase);
    await run();
    phase.seconds = (performance.now() - began) / 1000;
    return phase;
  }

  /** Sends no more and waits for what is still open; gives the intents whose reply it did not hear. */
  async stop(withinMs: number): Promise<string[]> {
    this.stopping.abort();
    await this.sending;
    const deadline = performance.now() + withinMs;
    while (this.open.size && performance.now() < deadline) await delay(100);
    await this.consumer.disconnect();
    for (const { ms } of this.phases) ms.sort((a, b) => a - b);
    if (this.refused.length)
      throw new Error(`${this.refused.length} intents could not be sent`, { cause: this.refused });
    return [...this.open.keys()];
  }

  private async send(perSecond: number): Promise<void> {
    const began = performance.now();
    const underWay: Promise<unknown>[] = [];
    for (let n = 0; !this.stopping.signal.aborted; n++) {
      const early = began + (n * 1000) / perSecond - performance.now();
      if (early > 0) await delay(early);
      const { phase } = this;
      if (!phase) continue;
      const [{ id, message }] = this.pipeline.make(1) as [ReturnType<Pipeline['make']>[number]];
      phase.sent++;
      this.open.set(id, { at: performance.now(), phase });
      const sent = this.driver.producer.send({ topic: this.pipeline.input, acks: -1, messages: [message] });
      underWay.push(sent.catch((error: unknown) => this.refused.push(error)));
    }
    await Promise.all(underWay);
  }

  private heard(intent: string): void {
    const sent = this.open.get(intent);
    if (!sent) return;
    this.open.delete(intent);
    sent.phase.ms.push(performance.now() - sent.at);
  }
}

/** `900 intents in 45 s, p50 31 ms, p99 1200 ms`. */
export const told = ({ sent, seconds, ms }: Phase): string =>
  `${sent} intents in ${seconds.toFixed(0)} s, p50 ${percentile(ms, 0.5).toFixed(0)} ms, p99 ${percentile(ms, 0.99).toFixed(0)} ms, longest ${(ms.at(-1) ?? Number.NaN).toFixed(0)} ms`;
