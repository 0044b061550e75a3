import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { intentIdOf } from '@countersign/contracts';
import type { World } from './world.js';

/** Runs the README's six lines as they stand there: a plain Kafka client publishes an intent. */
export function readmeScenario(open: () => World): void {
  it("publishes an intent by the README's own six lines", async () => {
    const world = open();
    const alice = await world.person('alice');
    const readme = readFileSync(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8');
    const block = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    expect(block.trim().split('\n').length).toBeLessThanOrEqual(6);
    const body = block.replace(/^import (\w+) from '(\w+)';/m, "const $1 = (await import('$2')).default;");
    const run = new Function(
      'process',
      'importModule',
      `return (async () => { ${body.replace(/await import\(/g, 'await importModule(')} })()`,
    );
    const env = { KAFKA_BROKERS: world.system.urls.kafka, TOKEN: alice.token };
    await (run as (process: object, importModule: (name: string) => Promise<unknown>) => Promise<void>)(
      { env },
      (name) => import(name),
    );
    expect(await alice.intent(intentIdOf('acme', '/shop', 'order-1001-late'), 30)).toMatchObject({ state: 'ended' });
  });
}
