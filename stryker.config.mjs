import { tmpdir } from 'node:os';
import path from 'node:path';

/** Where the run works and leaves its report; `npm run prove -- --only mutation` names it, reads the report and clears it away. */
const folder = process.env['MUTATION_FOLDER'] ?? path.join(tmpdir(), `countersign-mutation-${process.pid}`);

/** How many faults put into the evaluation of rules its specs find. */
export default {
  mutate: ['libs/policy-kit/src/**/*.ts', '!**/*.spec.ts', '!**/index.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    configFile: 'jest.unit.config.mjs',
    config: { testMatch: ['<rootDir>/libs/policy-kit/src/**/*.spec.ts'] },
  },
  coverageAnalysis: 'perTest',
  // A fault that ends in no time counts as found: a busy machine must not find any.
  timeoutMS: 60_000,
  ignorePatterns: ['**', '!libs/policy-kit/**', '!jest.*.mjs', '!package.json'],
  plugins: ['@stryker-mutator/jest-runner'],
  reporters: ['json', 'clear-text'],
  jsonReporter: { fileName: path.join(folder, 'mutation.json') },
  clearTextReporter: { allowColor: false, reportTests: false },
  tempDirName: path.join(folder, 'sandboxes'),
  cleanTempDir: 'always',
  concurrency: 2,
};
