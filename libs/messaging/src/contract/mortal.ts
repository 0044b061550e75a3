import type { Broker, Close, Store, StoreTx } from '../ports.js';

const COUNTED = ['positions', 'markSent', 'forget'] as const;
const never = () => new Promise<never>(() => {});

/** A process that dies at its n-th step, or the first of a name: what was under way is undone or not, as the step says, and nothing follows. */
export class Life {
  diedAt: string | undefined;
  private steps = 0;

  constructor(private readonly dieAt: number | string) {}

  get dead(): boolean {
    return this.diedAt !== undefined;
  }

  step(name: string): void {
    this.steps++;
    if (this.dead || (typeof this.dieAt === 'string' ? name !== this.dieAt : this.steps < this.dieAt)) return;
    this.diedAt = name;
    throw new Error(`died at step ${this.dieAt}, ${name}`);
  }
}

/** The ports of a process with that life. A step lies before and after each call, and before each statement of a transaction. */
export function mortal(ports: { broker: Broker; store: Store }, life: Life): { broker: Broker; store: Store } {
  const store = overridden(ports.store, {
    transact: async <T>(run: (tx: StoreTx, close: Close) => Promise<T>): Promise<T> => {
      // Its connection is gone. A handler that waited for ever would keep the broker's client from leaving the group.
      if (life.dead) throw new Error('dead');
      const result = await ports.store.transact(async (tx, close) => {
        const done = await run(mortalTx(tx, life), close);
        before(life, 'commit');
        return done;
      });
      life.step('after commit');
      return result;
    },
    ...Object.fromEntries(COUNTED.map((method) => [method, around(ports.store, method, life)])),
  });
  const broker = overridden(ports.broker, { publish: around(ports.broker, 'publish', life) });
  return { broker, store };
}

function mortalTx(tx: StoreTx, life: Life): StoreTx {
  return new Proxy(tx, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== 'function') return member;
      return async (...values: unknown[]) => {
        before(life, String(property));
        return (member as (...values: unknown[]) => unknown).apply(target, values);
      };
    },
  });
}

/** In a transaction the dead throw: their connection is gone and what they did is undone. */
function before(life: Life, name: string): void {
  if (life.dead) throw new Error('dead');
  life.step(name);
}

function around<T extends object>(target: T, method: keyof T & string, life: Life) {
  return async (...values: unknown[]) => {
    if (life.dead) return never();
    life.step(`before ${method}`);
    const result = await (target[method] as (...values: unknown[]) => Promise<unknown>)(...values);
    life.step(`after ${method}`);
    return result;
  };
}

function overridden<T extends object>(target: T, overrides: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(target, {
    get(_, property) {
      const own: unknown = overrides[property as keyof T];
      if (own) return own;
      const member: unknown = Reflect.get(target, property, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** The store with guarantee 2 taken out: nobody looks at whether the offset moved. */
export function unconditional(store: Store): Store {
  return overridden(store, {
    transact: <T>(run: (tx: StoreTx, close: Close) => Promise<T>) =>
      store.transact((tx, close) =>
        run(
          overridden(tx, {
            advance: async (...of: Parameters<StoreTx['advance']>) => (await tx.advance(...of)) || true,
          }),
          close,
        ),
      ),
  });
}
