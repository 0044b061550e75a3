// `npm run e2e:console`: all of the console in a real browser. Exit 1 on a flaw, 2 where there is no browser.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { findChromium, NO_BROWSER } from './browser.js';

const root = path.resolve(import.meta.dirname, '../../../..');

if (findChromium()) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = [path.join(root, 'node_modules/jest/bin/jest.js'), '-c', 'jest.console.config.mjs'];
  const { status } = spawnSync(process.execPath, [...flags, ...jest, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else {
  process.stderr.write(`${NO_BROWSER}\n`);
  process.exitCode = 2;
}
