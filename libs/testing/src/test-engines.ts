const VARIABLES = { kafka: 'COUNTERSIGN_TEST_KAFKA', postgres: 'COUNTERSIGN_TEST_POSTGRES' } as const;

/** Where the run's Kafka (`host:port`) or PostgreSQL (a superuser's URL) is. */
export function engineUrl(engine: keyof typeof VARIABLES): string {
  const url = process.env[VARIABLES[engine]];
  if (!url) throw new Error(`No ${engine} for tests: run this spec with jest.int.config.mjs, which starts one`);
  return url;
}

/** The run's Kafka as kafkajs takes it. */
export const testBrokers = (): string[] => engineUrl('kafka').split(',');
