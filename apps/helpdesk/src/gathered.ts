interface Waiting<Asked, Answer> {
  asked: Asked;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

export interface GatheredParts<Asked, Answer> {
  /** At most so many in one question. */
  most: number;
  /** One answer for each, in their order; or an error, and then nothing was done for any. */
  askAll: (all: Asked[]) => Promise<Answer[]>;
  /** What two in one question must not have in common. */
  apart?: (asked: Asked) => string[];
  /** Whether an error proves that nothing was done: then each is asked by itself, so that one alone does not fail them all. */
  provesNothingDone: (error: unknown) => boolean;
}

/** Asks for many at once: whatever comes while a question is out waits, and goes with the next. Nothing waits for more to come. */
export class Gathered<Asked, Answer> {
  private waiting: Waiting<Asked, Answer>[] = [];
  private isOut = false;

  constructor(private readonly parts: GatheredParts<Asked, Answer>) {}

  ask(asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ asked, resolve, reject });
      if (!this.isOut) void this.askOn();
    });
  }

  private async askOn(): Promise<void> {
    this.isOut = true;
    while (this.waiting.length > 0) await this.askThese(this.next());
    this.isOut = false;
  }

  private next(): Waiting<Asked, Answer>[] {
    const { most, apart } = this.parts;
    const taken = new Set<string>();
    const next: Waiting<Asked, Answer>[] = [];
    const left: Waiting<Asked, Answer>[] = [];
    for (const one of this.waiting) {
      const names = apart?.(one.asked) ?? [];
      if (next.length < most && !names.some((name) => taken.has(name))) next.push(one);
      else left.push(one);
      // What is left keeps its turn: nothing of the same name overtakes it.
      for (const name of names) taken.add(name);
    }
    this.waiting = left;
    return next;
  }

  private async askThese(these: Waiting<Asked, Answer>[]): Promise<void> {
    try {
      const answers = await this.parts.askAll(these.map(({ asked }) => asked));
      these.forEach(({ resolve }, index) => resolve(answers[index]!));
    } catch (error) {
      if (these.length > 1 && this.parts.provesNothingDone(error)) for (const one of these) await this.askThese([one]);
      else for (const { reject } of these) reject(error);
    }
  }
}
