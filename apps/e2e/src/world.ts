import pg from 'pg';
import { Helpdesk, Person, Product, runDemo, type DemoRow } from '@countersign/demo';
import { startSystem, type System, type SystemOptions } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import { PlainKafka, releaseUntried, until } from '@countersign/testing';

/** The running system and the clients a test looks at it with. Nothing here imports a service. */
export class World {
  #closed: Promise<void> | undefined;

  private constructor(
    readonly system: System,
    readonly product: Product,
    readonly plain: PlainKafka,
    readonly helpdesk: Helpdesk,
    /** The database's owner: what no service is. */
    readonly owner: pg.Pool,
  ) {}

  static async open(options: SystemOptions = {}): Promise<World> {
    const system = await startSystem({ fsync: false, releases: false, ...options });
    try {
      if (!options.services) await releaseUntried(system);
      const product = await new Product(system.urls.kafka, system.topicPrefix, '/e2e').connect();
      const plain = await PlainKafka.connect(system.urls.kafka.split(','));
      const owner = new pg.Pool({ connectionString: system.urls.postgres, max: 2 });
      owner.on('error', () => undefined); // a killed server: the next query connects again
      return new World(system, product, plain, new Helpdesk(system.urls.helpdesk), owner);
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  token(user: string, ttlSeconds?: number): Promise<string> {
    return devToken(this.system.urls.identity, user, ttlSeconds);
  }

  /** The rows of `npm start`, judged as there. */
  playDemo(): Promise<DemoRow[]> {
    const { urls, topicPrefix, helpdeskToken, kafkaAs } = this.system;
    return runDemo({
      gateway: urls.gateway,
      helpdesk: urls.helpdesk,
      kafka: { product: kafkaAs('product'), sre: kafkaAs('sre') },
      topicPrefix,
      token: (user) => this.token(user),
      helpdeskToken: helpdeskToken('acme'),
      onRow: () => undefined,
    });
  }

  async person(user: string): Promise<Person> {
    return new Person(user, this.system.urls.gateway, await this.token(user));
  }

  /** Resolves when audit holds every record of before a moment, of every topic: each is stored on its own, a reply perhaps before its result. */
  async recorded(before: Date = new Date()): Promise<void> {
    const moment = before.toISOString();
    const through = `select from audit.records where type = 'countersign.audit.heartbeat.v1'
      and appended_at >= $1 and (value::json ->> 'ingestedThrough')::timestamptz >= $1`;
    const isStored = async () => ((await this.owner.query(through, [moment])).rowCount ?? 0) > 0;
    await until(isStored, { what: `all that came before ${moment} to be stored`, timeoutMs: 30_000 });
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.product.close(), this.plain.close(), this.owner.end()]);
    await this.system.stop();
  }
}
