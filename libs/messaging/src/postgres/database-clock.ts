/** The database's clock, read now and then and carried on by this process's monotonic one. Until it was read: the process's own. */
export class DatabaseClock {
  private read: { at: number; time: number } | undefined;

  constructor(private readonly monotonic: () => number = () => performance.now()) {}

  /** `ask` answers the database's time, in ms; it is taken to be of the middle of the round trip. */
  async readFrom(ask: () => Promise<number>): Promise<void> {
    const from = this.monotonic();
    const time = await ask();
    this.read = { at: (from + this.monotonic()) / 2, time };
  }

  now(): Date {
    if (!this.read) return new Date();
    return new Date(this.read.time + this.monotonic() - this.read.at);
  }
}
