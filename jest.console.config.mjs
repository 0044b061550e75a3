import preset from './jest.preset.mjs';
/** All of the console in a real browser before the running system; a line for each test as it ends. `npm run e2e:console` */
export default {
  ...preset,
  rootDir: '.',
  testMatch: ['<rootDir>/apps/e2e/src/console/all.ts'],
  testTimeout: 120_000,
  maxWorkers: 1,
  reporters: ['default', '<rootDir>/apps/e2e/progress.mjs'],
};
