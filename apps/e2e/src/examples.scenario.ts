import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { decideOn } from './decided.js';
import type { World } from './world.js';

const at = (file: string) => fileURLToPath(new URL(`../../../examples/${file}`, import.meta.url));
const python = [process.env['PYTHON'] ?? 'python3', 'python3'].find(
  (one) => spawnSync(one, ['-c', 'import kafka'], { stdio: 'ignore' }).status === 0,
);
if (!python)
  console.warn('The example in Python: skipped, for no Python has kafka-python (PYTHON may name one that does)');

/** What stands in `examples/`, as somebody who read its README runs it. */
export function examplesScenario(open: () => World): void {
  const run = async (program: string, ...args: string[]) => {
    const { urls } = open().system;
    const env = {
      ...{ PATH: process.env['PATH'], KAFKA_BROKERS: urls.kafka, COUNTERSIGN_URL: urls.gateway },
      ...{ OPENAI_BASE_URL: `${urls.model}/v1`, TOKEN: await open().token('alice') },
    };
    return (await promisify(execFile)(program, args, { env })).stdout;
  };
  const node = (file: string, ...args: string[]) => run(process.execPath, at(file), ...args);

  it('a product publishes an intent on Kafka and reads its reply', async () => {
    expect(await node('publish-intent.mjs', 'Where is order ord_1006?')).toMatch(/^int_\w+ answered: .*ord_1006/s);
  });

  it('a program asks for a refund, and again by mistake: one refund', async () => {
    const said = await node('request-action.mjs', 'ord_14021', '5.00');
    expect(said).toMatch(/^act_\w+ committed\n$/);
    expect(await node('request-action.mjs', 'ord_14021', '5.00')).toBe(said);
    const refunds = (await open().helpdesk.ledger()).filter(({ record }) => record === 'ord_14021');
    expect(refunds).toMatchObject([{ kind: 'refund', amount: '5.00' }]);
    const waiting = await node('request-action.mjs', 'ord_1004', '902.00');
    expect(waiting).toMatch(/^act_\w+ waits for a person: approval apr_\w+\n$/);
    // Others approve what is open.
    await decideOn(await open().person('bob'), /apr_\w+/.exec(waiting)![0], 'reject');
  });

  it("an agent of the AI SDK calls a tool, and answers from what Countersign's own read", async () => {
    const said = await node('ai-tools.mjs', 'Where is order ord_1006?');
    expect(said).toMatch(/^get_order: \{"status":"done","actionId":"act_\w+","outcome":"read"/);
    expect(said).toContain('ord_1006');
  });

  (python ? it : it.skip)('a product in Python does so with a plain Kafka client', async () => {
    expect(await run(python!, at('python/publish_intent.py'), 'Where is order ord_1006?')).toMatch(
      /^int_\w+ answered: .*ord_1006/s,
    );
  });

  it('says in one line what is missing', async () => {
    const missing = promisify(execFile)(process.execPath, [at('request-action.mjs')], {
      env: { PATH: process.env['PATH'] },
    });
    await expect(missing).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^COUNTERSIGN_URL is not set: .*\n$/),
    });
  });
}
