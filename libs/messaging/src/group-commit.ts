/** What a member may be told instead of the group's answer: to go by itself. */
export const APART = Symbol('apart');

interface Waiting<M, A> {
  member: M;
  resolve: (answer: A | typeof APART) => void;
  reject: (error: unknown) => void;
}

/**
 * What waits at the same time goes in one transaction; while `atOnce` of them run, all that comes gathers for the next.
 * A group that fails falls apart: each of its members then goes by itself, as if it had come alone.
 */
export class GroupCommit<M, A> {
  private waiting: Waiting<M, A>[] = [];
  private running = 0;
  private called = false;

  constructor(
    private readonly limits: { atOnce: number; size: number; sizeOf: (member: M) => number },
    private readonly commit: (members: M[]) => Promise<A>,
  ) {}

  join(member: M): Promise<A | typeof APART> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ member, resolve, reject });
      this.call();
    });
  }

  /** Batches of one fetch come in one turn of the event loop. */
  private call(): void {
    if (this.called) return;
    this.called = true;
    setImmediate(() => {
      this.called = false;
      while (this.waiting.length && this.running < this.limits.atOnce) void this.run(this.next());
    });
  }

  private next(): Waiting<M, A>[] {
    const { size, sizeOf } = this.limits;
    let total = 0;
    let count = 0;
    for (const { member } of this.waiting) {
      total += sizeOf(member);
      if (count && total > size) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async run(group: Waiting<M, A>[]): Promise<void> {
    this.running++;
    try {
      const answer = await this.commit(group.map(({ member }) => member));
      for (const { resolve } of group) resolve(answer);
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      else for (const { resolve } of group) resolve(APART);
    } finally {
      this.running--;
      this.call();
    }
  }
}
