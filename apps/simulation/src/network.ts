import type { Wire } from '@countersign/messaging';
import type { Life, VirtualClock } from './clock.js';
import type { Random } from './random.js';

/** How bad a way is. Chances of each request. */
export interface Weather {
  /** It never arrives, and its sender is told so some time later. */
  lostRequest: number;
  /** It is done, and its sender is told that the connection broke. */
  lostAnswer: number;
  /** It takes up to `slowMs`. */
  slow: number;
  slowMs: number;
  /** Nothing gets through. */
  down: boolean;
}

export type Moment = 'asked' | 'done';

export const CALM: Weather = { lostRequest: 0, lostAnswer: 0, slow: 0, slowMs: 0, down: false };

export const BROKEN = 'the connection broke';
const broken = (what: string) => Object.assign(new Error(`${BROKEN}: ${what}`), { code: 'ECONNRESET' });
const NOTICED_WITHIN_MS = 3_000;
/** Brought by the engine, not asked of it: it comes late at worst. */
const BROUGHT = 'assigned';

/** The way between one process and one engine. */
export class Network {
  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
    private readonly life: Life,
    private readonly weather: () => Weather,
    private readonly note: (what: string) => void,
    /** Told of each request, as it leaves and once it is done. */
    private readonly met: (what: string, moment: Moment) => void,
  ) {}

  readonly wire: Wire = <T>(what: string, run: () => T | Promise<T>): Promise<T> => {
    // The dead ask for nothing.
    if (this.life.state === 'dead') return new Promise<T>(() => {});
    return new Promise<T>((resolve, reject) => {
      const weather = this.weather();
      const brought = what === BROUGHT;
      const fail = () => {
        this.note(`${what} fails`);
        this.back(this.random.next() * NOTICED_WITHIN_MS, () => reject(broken(what)));
      };
      if (!brought && (weather.down || this.random.chance(weather.lostRequest))) return fail();
      const lost = !brought && this.random.chance(weather.lostAnswer);
      this.met(what, 'asked');
      this.clock.after(this.delay(weather), () => {
        void this.done(run).then((settled) => {
          this.met(what, 'done');
          if (lost) {
            this.note(`${what} is done, its answer lost`);
            return this.back(this.random.next() * NOTICED_WITHIN_MS, () => reject(broken(what)));
          }
          const answer = () => ('value' in settled ? resolve(settled.value) : reject(settled.error as Error));
          if (this.random.chance(0.7)) this.clock.inLife(this.life, answer);
          else this.back(this.delay(weather), answer);
        });
      });
    });
  };

  private async done<T>(run: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
    try {
      return { value: await run() };
    } catch (error) {
      return { error };
    }
  }

  private back(ms: number, run: () => void): void {
    this.clock.after(ms, () => this.clock.inLife(this.life, run));
  }

  private delay({ slow, slowMs }: Weather): number {
    return this.random.chance(slow) ? this.random.next() * slowMs : 0.1 + this.random.next() * 2;
  }
}
