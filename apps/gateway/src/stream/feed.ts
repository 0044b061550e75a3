import type { Person } from '@countersign/contracts';
import { cursorText, isAfter, type Change, type Changes, type Cursor } from './changes.js';
import { toldTo } from './told.js';

/*
 * 1. One query at a time serves all who listen; with nobody listening nothing is asked.
 * 2. Who comes back with a cursor hears everything since, or that they have to ask everything again: between catching up and listening
 *    nothing is lost and nothing is said twice.
 * 3. Who does not read is let go: their browser comes back with the cursor it has.
 * 4. Who hears nothing is told now and then how far that nothing goes: coming back later, they need not ask everything again.
 */
const EVERY_MS = 400;
const HEARTBEAT_MS = 15_000;
/** More than this has come since: asking everything again is less. */
const MOST_AT_ONCE = 1_000;
export const MOST_UNREAD_BYTES = 256 * 1024;
export const MOST_PER_PERSON = 8;
export const MOST_LISTENERS = 1_000;

/** Where to what is said goes: a response that stays open. */
export interface Outlet {
  write(text: string): unknown;
  end(): unknown;
  /** At once, whatever is still to be sent. */
  destroy(): unknown;
  readonly writableLength: number;
}

interface Listener {
  person: Person;
  outlet: Outlet;
  cursor: Cursor;
  /** What came while it was catching up. */
  held: Change[] | undefined;
}

export class Feed {
  readonly #listeners = new Set<Listener>();
  /** How far all has been read that is read for everybody. */
  #cursor: Cursor | undefined;
  #beginning: Promise<Cursor> | undefined;
  #running = false;
  #beaten = Date.now();

  constructor(
    private readonly changes: Pick<Changes, 'after' | 'latest' | 'isKept'>,
    private readonly report: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.#listeners.size;
  }

  /** Whether there is room for one more of this person's. */
  hasRoomFor({ sub, tenant }: Person): boolean {
    const own = [...this.#listeners].filter(({ person }) => person.sub === sub && person.tenant === tenant);
    return own.length < MOST_PER_PERSON && this.size < MOST_LISTENERS;
  }

  /**
   * Tells them of changes from the cursor on, or from now on without one, until they leave.
   *
   * @returns a function that leaves
   */
  async join(person: Person, outlet: Outlet, since: Cursor | undefined): Promise<() => void> {
    const listener: Listener = { person, outlet, cursor: since ?? { tx: 0n, id: 0n }, held: [] };
    this.#listeners.add(listener);
    if (!this.#running) void this.#run();
    try {
      await this.#begin();
      await this.#catchUp(listener, since);
    } catch (error) {
      this.#listeners.delete(listener);
      throw error;
    }
    return () => this.#listeners.delete(listener);
  }

  /** Lets everybody go. */
  close(): void {
    for (const { outlet } of this.#listeners) outlet.end();
    this.#listeners.clear();
  }

  async #catchUp(listener: Listener, since: Cursor | undefined): Promise<void> {
    const missed = since ? await this.changes.after(since, MOST_AT_ONCE) : [];
    // In this order: what is kept now was kept when it was read.
    const isWhole = since !== undefined && missed.length < MOST_AT_ONCE && (await this.changes.isKept(since));
    const from = isWhole ? since : await this.changes.latest();
    listener.cursor = from;
    say(listener.outlet, since && !isWhole ? 'reset' : 'hello', from, {});
    const held = listener.held ?? [];
    listener.held = undefined;
    for (const change of [...(isWhole ? missed : []), ...held]) this.#tell(listener, change);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.size > 0) {
      const found = await this.#look();
      this.#beat();
      if (found < MOST_AT_ONCE) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    this.#running = false;
    this.#cursor = undefined;
  }

  /** Before anybody catches up: what comes after this place is read for everybody. */
  async #begin(): Promise<Cursor> {
    if (this.#cursor) return this.#cursor;
    this.#beginning ??= this.changes.latest().finally(() => (this.#beginning = undefined));
    const latest = await this.#beginning;
    return (this.#cursor ??= latest);
  }

  /** How many it found. */
  async #look(): Promise<number> {
    try {
      const from = await this.#begin();
      const found = await this.changes.after(from, MOST_AT_ONCE);
      for (const change of found) for (const listener of this.#listeners) this.#tell(listener, change);
      this.#cursor = found.at(-1) ?? from;
      return found.length;
    } catch (error) {
      // The database may be away for a moment; the cursor stays where it is.
      this.report(error);
      return 0;
    }
  }

  #tell(listener: Listener, change: Change): void {
    if (listener.held) {
      listener.held.push(change);
      return;
    }
    if (!isAfter(change, listener.cursor)) return;
    listener.cursor = change;
    const told = toldTo(listener.person, change);
    if (told) say(listener.outlet, 'changed', change, told);
    if (listener.outlet.writableLength > MOST_UNREAD_BYTES) this.#drop(listener);
  }

  #beat(): void {
    if (Date.now() - this.#beaten < HEARTBEAT_MS) return;
    this.#beaten = Date.now();
    for (const { outlet, cursor, held } of this.#listeners)
      outlet.write(held ? ':\n\n' : `id: ${cursorText(cursor)}\n\n`);
  }

  #drop(listener: Listener): void {
    this.#listeners.delete(listener);
    listener.outlet.destroy();
  }
}

const say = (outlet: Outlet, event: string, cursor: Cursor, data: object) =>
  outlet.write(`id: ${cursorText(cursor)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
