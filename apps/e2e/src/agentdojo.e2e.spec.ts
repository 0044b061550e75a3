import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const at = (file: string) => fileURLToPath(new URL(`../../../benchmarks/agentdojo/${file}`, import.meta.url));
const { madeBefore } = (await import(at('python.mjs'))) as { madeBefore(): string | undefined };
const python = madeBefore();
if (!python)
  console.warn('AgentDojo: skipped, for no Python has it; `npm run bench:agentdojo -- --quick` makes one, once');

/** The short form of `npm run bench:agentdojo`, where it was run before. */
describe('AgentDojo, a few of its pairs', () => {
  (python ? it : it.skip)('has no attack committed and each task solved', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [at('run.mjs'), '--suite', 'banking', '--quick']);
    expect(stdout).toMatch(/attacks committed without a matching approval +0 /);
    expect(stdout).not.toContain('FAILED');
  });
});
