// The rules that keep projects apart, tried on texts that break them: a lint that lets one pass guards nothing.
import fs from 'node:fs';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';

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
// The texts are in no project on disk, so the rules that need types are left out.
const untyped = {
  '@typescript-eslint/no-floating-promises': 'off',
  '@typescript-eslint/switch-exhaustiveness-check': 'off',
};
const eslint = new ESLint({
  overrideConfig: [
    { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } }, rules: untyped },
  ],
});

let failed = 0;
for (const [what, filePath, text, rule] of CASES) {
  const [{ messages }] = await eslint.lintText(text, { filePath });
  const found = messages.map(({ ruleId, message }) => ruleId ?? message);
  if (rule ? found.includes(rule) : found.length === 0) continue;
  failed += 1;
  console.error(`${what}: expected ${rule ?? 'nothing'}, found ${found.join(', ') || 'nothing'}`);
}
const [, , file] = process.argv;
if (file) fs.writeFileSync(file, JSON.stringify({ numPassedTests: CASES.length - failed, numFailedTests: failed }));
process.exitCode = failed > 0 ? 1 : 0;
