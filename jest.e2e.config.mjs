import preset from './jest.preset.mjs';
/** The whole system, as built, started by each suite through `startSystem`. The longest begins first, the others go beside it. */
export default {
  ...preset,
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs}/**/src/**/*.e2e.spec.ts'],
  testPathIgnorePatterns: ['/dist/'],
  testTimeout: 300_000,
  maxWorkers: 2,
  testSequencer: '<rootDir>/jest.e2e.sequencer.mjs',
};
