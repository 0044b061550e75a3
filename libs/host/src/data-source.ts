import { setTimeout as delay } from 'node:timers/promises';
import { refusedLogin } from '@countersign/messaging';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { Logger } from 'pino';

export interface ReadModels {
  /** Its login's URL. */
  url: string;
  entities: Extract<DataSourceOptions, { type: 'postgres' }>['entities'];
  maxConnections: number;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** SQLSTATE: the login is refused (28), or there is no such database (3D). Waiting mends neither. */
const isRefused = (error: unknown): boolean => /^(28|3D)/.test(String((error as { code?: unknown }).code));

/**
 * The tables a service answers from over HTTP. A database that is away is waited for, as everywhere: a service that starts during an
 * outage goes on when it is over.
 *
 * @throws the database's own error where it refuses the login, or knows no such database
 * @example
 * const source = await openReadModels({ url: config.DATABASE_URL, entities: [RecordRow], maxConnections: 5 }, logger);
 */
export async function openReadModels(
  { url, entities, maxConnections }: ReadModels,
  logger: Pick<Logger, 'warn'>,
): Promise<DataSource> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    const source = new DataSource({
      type: 'postgres',
      ...(entities ? { entities } : {}),
      synchronize: false,
      extra: { max: maxConnections },
      url,
    });
    try {
      return await source.initialize();
    } catch (error) {
      const refused = refusedLogin(error);
      if (refused) logger.warn({ err: (error as Error).message, ...refused }, 'the database does not let us in');
      if (isRefused(error)) throw error;
      logger.warn({ err: (error as Error).message }, 'the database is not there yet; trying again');
      await delay(waitMs);
    }
  }
}
