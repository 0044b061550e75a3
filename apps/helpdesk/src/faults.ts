import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const rate = z.number().min(0).max(1);
/** Half the time that the executor gives a write to begin. */
export const BEFORE_A_LIMIT_MS = 250;
const off = z.union([z.literal(0), z.null()]).transform(() => undefined);

/**
 * What goes wrong on purpose. `dropAnswer` and `dropNext` act on writes, after their effect; the rest on all of /v1, before. Garbage comes
 * before the effect or after it, as the numbers have it. Of the latency of a write that has a limit, what would make it too late comes after
 * the effect: a slow target, not one that nothing ever reaches.
 */
export const faultsSchema = z.strictObject({
  dropAnswer: rate.default(0),
  dropNext: z.int().min(0).default(0),
  /** 0 and null: no status. */
  status: z.union([z.int().min(400).max(599), off]).optional(),
  statusRate: rate.optional(),
  garbageRate: rate.default(0),
  latencyMs: z.number().min(0).max(600_000).default(0),
  seed: z.int().min(0).optional(),
});
export type FaultSettings = z.infer<typeof faultsSchema>;

const FORMS = ['page', 'cut', 'other', 'phrase'] as const;

/** An answer that is none: a web page, half of its JSON, another JSON, or a strange phrase beside the status. */
export interface Garbage {
  form: (typeof FORMS)[number];
  /** Instead of doing anything; else in the place of the answer. */
  before: boolean;
}

/** mulberry32: small, and the same numbers for the same seed. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class Faults {
  private settings = faultsSchema.parse({});
  private random = numbers(1);
  held = 0;

  /** Replaces all of them; what is not named is off. */
  set(settings: FaultSettings): void {
    this.settings = { ...settings };
    if (settings.seed !== undefined) this.random = numbers(settings.seed);
  }

  get(): FaultSettings {
    return { ...this.settings };
  }

  /** Holds a request, at most so long, for the ordered latency; answers what is left of that. `held` says how many are held just now. */
  async hold(atMostMs = Infinity): Promise<number> {
    const { latencyMs } = this.settings;
    const ms = Math.min(latencyMs, atMostMs);
    await this.wait(ms);
    return latencyMs - ms;
  }

  async wait(ms: number): Promise<void> {
    if (ms === 0) return;
    this.held += 1;
    await delay(ms);
    this.held -= 1;
  }

  /** The status to answer instead of doing anything. */
  status(): number | undefined {
    const { status, statusRate = 1 } = this.settings;
    return status !== undefined && this.random() < statusRate ? status : undefined;
  }

  /** What to answer a request with instead, if so. */
  garbage(): Garbage | undefined {
    const { garbageRate } = this.settings;
    if (garbageRate === 0 || this.random() >= garbageRate) return undefined;
    return { form: FORMS[Math.floor(this.random() * FORMS.length)]!, before: this.random() < 0.5 };
  }

  /** Asked once for each answer of a write that took effect, or of its replay. */
  dropsThisAnswer(): boolean {
    if (this.settings.dropNext > 0) {
      this.settings.dropNext -= 1;
      return true;
    }
    return this.random() < this.settings.dropAnswer;
  }
}

/** What is sent in the place of an answer. */
export function garbled(payload: string, { form }: Garbage): string {
  switch (form) {
    case 'page':
      return '<html><body><h1>502 Bad Gateway</h1></body></html>';
    case 'cut':
      return payload.slice(0, Math.ceil(payload.length / 2));
    case 'other':
      return '[{"status":"ok"},null,7]';
    case 'phrase':
      return payload;
    default:
      return form satisfies never;
  }
}
