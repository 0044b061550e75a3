import preset from './jest.preset.mjs';
/** On a real Kafka and a real PostgreSQL, started once for the run. Suites share nothing else, and wait most of the time: three go at once. */
export default {
  ...preset,
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs}/**/src/**/*.int.spec.ts'],
  testPathIgnorePatterns: ['/dist/'],
  globalSetup: '<rootDir>/libs/testing/jest-engines.mjs',
  globalTeardown: '<rootDir>/libs/testing/jest-engines-stop.mjs',
  testTimeout: 60_000,
  maxWorkers: 3,
};
