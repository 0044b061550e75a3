// Tries the Helm charts: lint, and the assertions of libs/embedded/src/charts.spec.ts. `npm run charts`
// Helm is the one that COUNTERSIGN_HELM names, or is built once with Go from its modules (some minutes).
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.18.6';
const root = path.resolve(import.meta.dirname, '..');
const { cacheDir } = await import('@countersign/embedded/places');
const folder = path.join(cacheDir(), 'helm');
const helm = process.env.COUNTERSIGN_HELM ?? path.join(folder, 'helm');

if (!fs.existsSync(helm)) {
  console.error(`building ${HELM} with Go; this is done once and takes some minutes ...`);
  const began = Date.now();
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'helm-'));
  const { error, status } = run('go', ['install', HELM], { cwd: at, env: { ...process.env, GOBIN: folder } });
  fs.rmSync(at, { recursive: true });
  if (error || status !== 0) {
    console.error('No Helm: install Go, or name a Helm of yours in COUNTERSIGN_HELM.');
    process.exit(2);
  }
  console.error(`built in ${Math.round((Date.now() - began) / 1000)} s`);
}
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const spec = ['-c', 'jest.unit.config.mjs', 'libs/embedded/src/charts.spec.ts', '--verbose'];
const env = { ...process.env, COUNTERSIGN_HELM: helm };
process.exitCode = run(process.execPath, [...jest, ...spec], { cwd: root, env }).status ?? 1;

function run(command, args, options) {
  return spawnSync(command, args, { stdio: 'inherit', ...options });
}
