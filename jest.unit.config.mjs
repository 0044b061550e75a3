import preset from './jest.preset.mjs';
/** Lint goes beside it on the same cores and ends before it: two at once keep both busy to the end. */
export default {
  ...preset,
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs}/**/src/**/*.spec.ts'],
  maxWorkers: 2,
  testPathIgnorePatterns: ['\\.(int|e2e)\\.spec\\.ts$', '/dist/'],
};
