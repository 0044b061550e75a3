// Once for a jest run: a real Kafka and a real PostgreSQL, which the specs find by their environment. Engines named there already
// (`COUNTERSIGN_TEST_KAFKA`, `COUNTERSIGN_TEST_POSTGRES`) are used as they are.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

export default async function start() {
  if (process.env.COUNTERSIGN_TEST_KAFKA && process.env.COUNTERSIGN_TEST_POSTGRES) return;
  const built = new URL('../embedded/dist/index.js', import.meta.url);
  if (!fs.existsSync(built)) {
    const tsc = new URL('../../node_modules/typescript/bin/tsc', import.meta.url).pathname;
    spawnSync(process.execPath, [tsc, '-b', 'libs/embedded'], { stdio: 'inherit' });
  }
  const { startThrowawayEngines } = await import(built);
  const engines = await startThrowawayEngines();
  globalThis.countersignTestEngines = engines;
  process.env.COUNTERSIGN_TEST_KAFKA = engines.kafka.brokers;
  process.env.COUNTERSIGN_TEST_POSTGRES = engines.postgres.url;
}
