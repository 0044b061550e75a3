import { parseArgs } from 'node:util';
import { startThrowawayEngines } from '@countersign/embedded';
import { scale } from './scale.js';

/**
 * Searches by each field and one long trace over a store of many events, asked of the service over HTTP. Prints a table, the plans in it,
 * and exits 3 when something took longer than it may. `--events` says how many there are.
 */
const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } });
const began = performance.now();
const say = (text: string) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`);

const engines = await startThrowawayEngines();
process.env['COUNTERSIGN_TEST_KAFKA'] = engines.kafka.brokers;
process.env['COUNTERSIGN_TEST_POSTGRES'] = engines.postgres.url;
try {
  const { table, flaws } = await scale(Number(values.events), say);
  console.log(table);
  for (const flaw of flaws) console.log(`FAILED: ${flaw}`);
  process.exitCode = flaws.length === 0 ? 0 : 3;
} finally {
  await engines.stop();
}
