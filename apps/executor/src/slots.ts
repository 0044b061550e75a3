/** Runs at most `size` at a time, the others in the order they came; what finishes something goes before what begins it. */
export class Slots {
  private free: number;
  private readonly finishing: (() => void)[] = [];
  private readonly waiting: (() => void)[] = [];

  constructor(size: number) {
    this.free = size;
  }

  async run<T>(task: () => Promise<T>, finishes = false): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((begin) => (finishes ? this.finishing : this.waiting).push(begin));
    try {
      return await task();
    } finally {
      const next = this.finishing.shift() ?? this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}
