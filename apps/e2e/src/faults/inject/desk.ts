import type { World } from '../../world.js';

/** What helpdesk does wrong on purpose (its `PUT /faults`). */
export type DeskFaults = Record<string, number>;

/**
 * Helpdesk's own faults: some from beginning to end, some for a while. It forgets all of them when it is killed, so they are said again
 * each time it is ready.
 */
export class Desk {
  readonly #forAWhile = new Set<DeskFaults>();
  readonly #again = (event: { type: string; name: string }): void => {
    if (event.type === 'ready' && event.name === 'helpdesk') void this.say();
  };

  private constructor(
    private readonly world: World,
    private readonly always: DeskFaults,
  ) {}

  static async open(world: World, always: DeskFaults): Promise<Desk> {
    const desk = new Desk(world, always);
    world.system.events.on('event', desk.#again);
    await desk.say();
    return desk;
  }

  async begin(faults: DeskFaults): Promise<void> {
    this.#forAWhile.add(faults);
    try {
      await this.say();
    } catch (error) {
      this.#forAWhile.delete(faults); // it knows no such fault
      throw error;
    }
  }

  async end(faults: DeskFaults): Promise<void> {
    this.#forAWhile.delete(faults);
    await this.say();
  }

  close(): void {
    this.world.system.events.off('event', this.#again);
  }

  private async say(): Promise<void> {
    const faults = Object.assign({}, this.always, ...this.#forAWhile) as DeskFaults;
    // Down just now: it is told when it is ready.
    await this.world.helpdesk.faults(faults).catch((error: Error) => this.refused(error));
  }

  private refused(error: Error): void {
    if (/answered 4/.test(error.message)) throw error;
  }
}
