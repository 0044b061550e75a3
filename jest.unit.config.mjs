import preset from './jest.preset.mjs';
export default {
  ...preset,
  rootDir: '.',
  testMatch: ['<rootDir>/{apps,libs}/**/src/**/*.spec.ts'],
  testPathIgnorePatterns: ['\\.(int|e2e)\\.spec\\.ts$', '/dist/'],
};
