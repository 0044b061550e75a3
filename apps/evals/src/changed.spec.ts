import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { touchedSince } from './changed.js';
import { WrongUsage } from './options.js';

describe('a package outside of a workspace', () => {
  const dirs: string[] = [];
  afterEach(() => dirs.splice(0).forEach((dir) => rmSync(dir, { recursive: true, force: true })));

  function repository() {
    const dir = mkdtempSync(path.join(tmpdir(), 'changed-'));
    dirs.push(dir);
    const git = (...args: string[]) => {
      const as = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];
      execFileSync('git', [...as, ...args], { cwd: dir, stdio: 'ignore' });
    };
    git('init');
    const exports = { '.': { default: './index.js' } };
    writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ name: 'trial', exports }));
    writeFileSync(path.join(dir, 'index.js'), 'export default {};');
    git('add', '.');
    git('commit', '-m', 'one');
    return dir;
  }

  it('is touched by a file that changed, or that is new', () => {
    const dir = repository();
    expect(touchedSince('HEAD', [dir])).toEqual([]);
    writeFileSync(path.join(dir, 'more.evals.yaml'), 'x');
    expect(touchedSince('HEAD', [dir])).toEqual([dir]);
  });

  it('cannot be told of since a commit that nobody knows', () => {
    expect(() => touchedSince('no-such-commit', [repository()])).toThrow(WrongUsage);
  });
});
