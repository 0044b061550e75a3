import { fileURLToPath } from 'node:url';
import type { Finding } from '../finding.js';
import { World } from '../world.js';
import { Outside } from './outside.js';
import { findingOf, personal } from './personal.js';

const BILLING = fileURLToPath(new URL('../../fixtures/second-workflow', import.meta.url));
const SHARE = 4;

/** On a system of its own, with a collector of spans, a receiver of webhooks and a system of record that quotes what it should not. */
export async function personalAlone(seed: number, say: (text: string) => void): Promise<Finding> {
  const outside = await Outside.open();
  try {
    const world = await World.open({ workflows: ['@countersign/support-desk', BILLING], env: outside.env });
    outside.letIn(world);
    const proof = await personal(world, 'long', { seed, share: SHARE, lookEvery: 1 }, say, outside).finally(() =>
      world.close(),
    );
    // Spans that were still in a process came with its end.
    await proof.sweep.through(outside.told());
    return findingOf(proof);
  } finally {
    await outside.close();
  }
}
