import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

// `decide` and the state it works on are pure: what they may not do is listed here once.
const impure = [
  { selector: 'AwaitExpression', message: 'decide is pure: no await. Prepare facts before it.' },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'decide is pure: take `now` as an argument.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'decide is pure: take `now` as an argument.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'decide is pure: derive ids from what caused them.',
  },
  { selector: "MemberExpression[object.name='process']", message: 'decide is pure: no environment.' },
  {
    selector: "MemberExpression[object.name='crypto'][property.name=/random/]",
    message: 'decide is pure: no randomness.',
  },
];
const impureImports = ['node:*', '@nestjs/*', 'kafkajs', 'pg', 'typeorm', 'pino', 'undici', '@countersign/host'];
// Its `/stream` holds types and the four words of an effect, nothing that runs.
const impurePaths = [
  { name: '@countersign/messaging', message: 'decide is pure: import from @countersign/messaging/stream.' },
];

// The checker of the long runs shares nothing with what it judges but the contracts' names and ids: what it says would be theirs.
const independent = (files, own) => ({
  files: [files],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(?!node:|kafkajs$|@countersign/contracts$|@jest/globals$|${own})`,
            message: 'the checker is independent: node, the contracts and a plain Kafka client.',
          },
        ],
      },
    ],
  },
});

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/node_modules',
      '.nx',
      '.tools',
      '.countersign',
      '**/*.mjs',
      'apps/console/src/api/generated',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommended],
    plugins: { '@nx': nx },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          depConstraints: [
            { sourceTag: 'layer:contracts', onlyDependOnLibsWithTags: ['layer:contracts'] },
            { sourceTag: 'layer:kit', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:kit'] },
            { sourceTag: 'layer:workflow', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:kit', 'layer:dev'] },
            {
              sourceTag: 'layer:messaging',
              onlyDependOnLibsWithTags: ['layer:contracts', 'layer:kit', 'layer:messaging'],
            },
            {
              sourceTag: 'layer:app',
              onlyDependOnLibsWithTags: ['layer:contracts', 'layer:kit', 'layer:messaging', 'layer:dev'],
            },
            {
              sourceTag: 'layer:dev',
              onlyDependOnLibsWithTags: ['layer:contracts', 'layer:kit', 'layer:messaging', 'layer:dev'],
            },
            // It alone runs what decides and acts in the services, by their export `./parts`.
            {
              sourceTag: 'layer:simulation',
              onlyDependOnLibsWithTags: ['layer:contracts', 'layer:kit', 'layer:messaging', 'layer:app'],
            },
            // They run the same parts, on real systems of record.
            {
              sourceTag: 'layer:evals',
              onlyDependOnLibsWithTags: ['layer:contracts', 'layer:kit', 'layer:messaging', 'layer:app', 'layer:dev'],
            },
            // A page in a browser: what it knows of the system is what the API says.
            { sourceTag: 'layer:console', onlyDependOnLibsWithTags: [] },
            // What users put into programs of their own.
            { sourceTag: 'layer:client', onlyDependOnLibsWithTags: ['layer:contracts'] },
            // The judge of the demo and of the long runs looks from outside.
            { sourceTag: 'layer:outside', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:client', 'layer:dev'] },
          ],
        },
      ],
    },
  },
  {
    files: ['**/decide.ts', '**/state.ts', '**/judge.ts', '**/drafts.ts', '**/provenance.ts', '**/rules/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...impure],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: impurePaths, patterns: [{ group: impureImports, message: 'decide is pure.' }] },
      ],
    },
  },
  independent('apps/e2e/src/faults/checker/*.ts', '\\./'),
  independent('apps/e2e/src/faults/checker/laws/*.ts', '\\.{1,2}/[\\w-]+\\.js$'),
);
