import { HttpProblem } from '@countersign/host';

const MOST = 30;
const WINDOW_MS = 60_000;
const MOST_PEOPLE = 10_000;

/** No more than a person reads: what is asked for faster than that is no looking at a case. Of this process alone. */
export class Pace {
  private readonly asked = new Map<string, number[]>();

  constructor(private readonly now: () => number) {}

  /** @throws RATE_LIMITED with the seconds to wait */
  take(who: string): void {
    const now = this.now();
    const recent = (this.asked.get(who) ?? []).filter((at) => now - at < WINDOW_MS);
    this.asked.delete(who);
    if (recent.length < MOST) recent.push(now);
    else this.refuse(who, recent, now);
    if (this.asked.size >= MOST_PEOPLE) this.asked.delete(this.asked.keys().next().value!);
    this.asked.set(who, recent);
  }

  private refuse(who: string, recent: number[], now: number): never {
    this.asked.set(who, recent);
    const seconds = Math.ceil((recent[0]! + WINDOW_MS - now) / 1000);
    throw new HttpProblem(
      'RATE_LIMITED',
      `${MOST} times in a minute are the most; ask again in ${seconds} s`,
      {},
      { 'retry-after': String(seconds) },
    );
  }
}
