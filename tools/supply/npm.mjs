import { spawnSync } from 'node:child_process';

/** What npm said. It fails by an error, or by what it printed: its exit code alone says little. */
export const npm = (root, args) =>
  spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
  });

/** Its last words that are no log. */
export const wordsOf = ({ error, stderr }) => {
  if (error) return error.message;
  const said = stderr.split('\n').filter((line) => /^npm error/.test(line) && !line.includes('complete log'));
  return said.map((line) => line.replace(/^npm error (code )?/, '')).join('; ');
};

export function jsonOf(stdout) {
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}
