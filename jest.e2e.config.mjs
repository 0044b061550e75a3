import preset from './jest.preset.mjs';
/** The whole system, as built, started by each suite through `startSystem`. */
export default {
  ...preset,
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs}/**/src/**/*.e2e.spec.ts'],
  testPathIgnorePatterns: ['/dist/'],
  testTimeout: 300_000,
  maxWorkers: 1,
};
