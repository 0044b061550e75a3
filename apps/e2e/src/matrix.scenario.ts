import { expect, it } from '@jest/globals';
import { firstOf } from './finding.js';
import { matrix } from './matrix/matrix.js';
import type { World } from './world.js';

/** Every route and tool, every kind of id, both tenants, every role. */
export function matrixScenario(open: () => World): void {
  it('leaks nothing to anybody, and lets everybody do what the permission maps say', async () => {
    const said: string[] = [];
    const { flaws } = await matrix(open(), (text) => said.push(text));
    console.log(said.join('\n'));
    expect(firstOf(flaws)).toEqual([]);
  }, 180_000);
}
