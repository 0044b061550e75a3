// The rules that keep projects apart and pages linked, tried on texts that break them: a check that lets one pass guards nothing.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import { brokenLinks, unlisted } from './docs/links.mjs';

const BOUNDARY = '@nx/enforce-module-boundaries';
const IMPORTS = '@typescript-eslint/no-restricted-imports';
const CHECKER = 'apps/e2e/src/faults/checker';
const CASES = [
  [
    'contracts import a library that stands above them',
    'libs/contracts/src/x.ts',
    `import '@countersign/messaging';`,
    BOUNDARY,
  ],
  [
    'a workflow imports the transport',
    'libs/workflows/support-desk/src/x.ts',
    `import '@countersign/messaging';`,
    BOUNDARY,
  ],
  [
    'a project reaches into another by path',
    'apps/policy/src/x.ts',
    `import '../../../libs/contracts/src/ids.js';`,
    BOUNDARY,
  ],
  ['the judge of the demo imports a transport', 'apps/e2e/src/x.ts', `import '@countersign/messaging';`, BOUNDARY],
  ['decide waits', 'apps/policy/src/decide.ts', 'export const f = async () => { await 1; };', 'no-restricted-syntax'],
  ['decide reads the clock', 'apps/policy/src/decide.ts', 'export const f = () => Date.now();', 'no-restricted-syntax'],
  ['decide imports Node', 'apps/policy/src/decide.ts', `import 'node:fs';`, IMPORTS],
  ['the checker of faults imports a client of ours', `${CHECKER}/x.ts`, `import '@countersign/demo';`, IMPORTS],
  ['the checker of faults imports what makes the load', `${CHECKER}/judge.ts`, `import '../kinds.js';`, IMPORTS],
  ['a law of the checker reaches out of it', `${CHECKER}/laws/x.ts`, `import '../../kinds.js';`, IMPORTS],
  ['a law of the checker imports the contracts', `${CHECKER}/laws/x.ts`, `import '@countersign/contracts';`, undefined],
  ['a service imports a service', 'apps/policy/src/x.ts', `import '@countersign/executor/parts';`, BOUNDARY],
  ['the simulation imports a service', 'apps/simulation/src/x.ts', `import '@countersign/executor/parts';`, undefined],
  ['a service imports contracts', 'apps/policy/src/x.ts', `import '@countersign/contracts';`, undefined],
];

// The boundary rule looks projects up in the graph as it was last written.
await createProjectGraphAsync();
const eslint = new ESLint();
// What needs types is looked at on disk, by the other linter.
const TYPED = [
  ['a promise that nobody waits for', 'const work = async () => 1; work();', 'typescript(no-floating-promises)'],
  ['a promise that is awaited', 'const work = async () => 1; await work();', undefined],
  [
    'a switch that leaves a case out',
    `export const f = (x: 'a' | 'b') => { switch (x) { case 'a': return 1; } };`,
    'typescript(switch-exhaustiveness-check)',
  ],
];

// Beside a page that has the heading `Here it is`.
const LINKS = [
  ['a link to a page', '[x](there.md) and [y][1]\n\n[1]: there.md#here-it-is', undefined],
  ['a link to a page that is not there', '[x](nowhere.md)', 'a.md: nowhere.md leads nowhere'],
  ['a link to a heading that is not there', '[x](there.md#gone)', 'a.md: there.md#gone has no such heading'],
  ['a link in a table, by its number', '| a |\n|---|\n| [x][1] |\n\n[1]: gone.md', 'a.md: gone.md leads nowhere'],
];
// Of the pages `there.md`, which is none of its folder, and `docs/reference/b.md`.
const INDEXES = [
  ['an index with each page', '[b](reference/b.md#here-it-is)', undefined],
  ['an index without a page', '[b](../there.md)', 'docs/reference/b.md is not listed in docs/README.md'],
];
let failed = 0;
function compare(what, rule, found) {
  if (rule ? found.includes(rule) : found.length === 0) return;
  failed += 1;
  console.error(`${what}: expected ${rule ?? 'nothing'}, found ${found.join(', ') || 'nothing'}`);
}
for (const [what, filePath, text, rule] of CASES) {
  const [{ messages }] = await eslint.lintText(text, { filePath });
  compare(
    what,
    rule,
    messages.map(({ ruleId, message }) => ruleId ?? message),
  );
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fences-'));
try {
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), '{"compilerOptions":{"strict":true,"module":"nodenext"}}');
  for (const [index, [, text]] of TYPED.entries())
    fs.writeFileSync(path.join(folder, `${index}.ts`), `${text}\nexport {};\n`);
  const args = ['node_modules/oxlint/bin/oxlint', '-c', '.oxlintrc.json', '--format', 'json', folder];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout);
  for (const [index, [what, , rule]] of TYPED.entries())
    compare(
      what,
      rule,
      diagnostics.filter(({ filename }) => path.basename(filename) === `${index}.ts`).map(({ code }) => code),
    );
  fs.writeFileSync(path.join(folder, 'there.md'), '# Here it is\n');
  for (const [what, text, flaw] of LINKS) {
    fs.writeFileSync(path.join(folder, 'a.md'), text);
    compare(what, flaw, brokenLinks(folder, 'a.md'));
  }
  fs.mkdirSync(path.join(folder, 'docs/reference'), { recursive: true });
  for (const [what, text, flaw] of INDEXES) {
    fs.writeFileSync(path.join(folder, 'docs/README.md'), text);
    compare(what, flaw, unlisted(folder, 'docs/README.md', ['there.md', 'docs/README.md', 'docs/reference/b.md']));
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
const [, , file] = process.argv;
if (file)
  fs.writeFileSync(
    file,
    JSON.stringify({
      numPassedTests: CASES.length + TYPED.length + LINKS.length + INDEXES.length - failed,
      numFailedTests: failed,
    }),
  );
process.exitCode = failed > 0 ? 1 : 0;
