import { ENCODINGS, written, type Encoding } from './encodings.js';
import { SHAPED, type Kind, type PersonalValue, type Values } from './values.js';

/** One value, as it was written in one place. */
export interface Planting {
  path: string;
  encoding: Encoding;
  value: PersonalValue;
  text: string;
}

interface Hand {
  count?: number;
  encodings?: readonly Encoding[];
  kinds?: readonly Kind[];
}

/** Gives every path values of its own, of all kinds and in all the encodings that can stand there, and remembers which. */
export class Dealer {
  readonly plantings: Planting[] = [];
  #next = 0;

  /** `share`: how many values a path gets unless it says so. */
  constructor(
    private readonly values: Values,
    readonly share: number,
  ) {}

  deal(path: string, { count = this.share, encodings = ENCODINGS, kinds = SHAPED }: Hand = {}): Planting[] {
    return Array.from({ length: count }, () => {
      const n = this.#next++;
      const encoding = encodings[n % encodings.length]!;
      // Each time all encodings had their turn, the next kind begins.
      const value = this.values.next(kinds[(n + Math.floor(n / encodings.length)) % kinds.length]!);
      const planting = { path, encoding, value, text: written(value, encoding) };
      this.plantings.push(planting);
      return planting;
    });
  }

  /** One value, as it is written. */
  one(path: string, hand: Hand = {}): string {
    return this.deal(path, { ...hand, count: 1 })[0]!.text;
  }

  /** A sentence that holds as many as a path gets. */
  words(path: string, hand: Hand = {}): string {
    return this.deal(path, hand)
      .map(({ text }) => text)
      .join(' and ');
  }
}
