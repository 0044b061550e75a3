import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { parseEvalFile } from '@countersign/evals';
import { schemaOf } from './schema.js';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const read = (...names: string[]) => readFileSync(path.join(ROOT, ...names), 'utf8');
const inFolder = (folder: string, suffix: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(suffix))
    .map((name) => ({ name, text: read(folder, name) }));
/** What pages show as a whole file of cases. */
const inDocs = (page: string) =>
  [...read(page).matchAll(/```yaml\n([^]*?)```/g)]
    .map(([, text], at) => ({ name: `${page}, block ${at + 1}`, text: text! }))
    .filter(({ text }) => /^workflow: /m.test(text) && /^cases:/m.test(text));

const checks = (type: 'evals' | 'eval-samples' | 'rule-cases') =>
  new Ajv2020({ allErrors: true, validateFormats: false }).compile(schemaOf(type));

describe('the schema an editor is given', () => {
  const evals = checks('evals');
  const shipped = inFolder('libs/workflows', '.evals.yaml').filter(
    ({ name }) => !/(^|\/)(dist|node_modules)\//.test(name),
  );

  const shown = ['README.md', ...inFolder('docs', '.md').map(({ name }) => `docs/${name}`)].flatMap(inDocs);

  it.each([...shipped, ...shown])('takes $name, as the runner does', ({ name, text }) => {
    evals(parse(text));
    expect(evals.errors ?? []).toEqual([]);
    expect(parseEvalFile(text, name).content.cases.length).toBeGreaterThan(0);
  });

  it('is tried on cases that ship, and on pages that tell how to write one', () => {
    expect(shipped.length).toBeGreaterThan(0);
    expect(shown.length).toBeGreaterThan(0);
  });

  it('takes the cases beside the rules', () => {
    const ruleCases = checks('rule-cases');
    for (const { text } of inFolder('libs/workflows/support-desk/src/rules', '.cases.yaml')) {
      ruleCases(parse(text));
      expect(ruleCases.errors ?? []).toEqual([]);
    }
  });

  it('takes the samples that ship, those of a new workflow, and those on their page', () => {
    const samples = checks('eval-samples');
    const [, inPage] = /```yaml\n([^]*?)```/.exec(read('docs/boundary-suites.md'))!;
    const files = ['libs/workflows/support-desk', 'apps/cli/templates/workflow'].map((folder) =>
      read(folder, 'evals/samples.yaml'),
    );
    for (const text of [...files, inPage!]) {
      samples(parse(text));
      expect(samples.errors ?? []).toEqual([]);
    }
  });

  it('refuses words that are none, wherever they stand', () => {
    const { text } = shipped[0]!;
    const file = parse(text) as { cases: { expect: object; steps: object[] }[] };
    const first = file.cases[0]!;
    expect(evals({ ...file, cases: [{ ...first, expct: {} }] })).toBe(false);
    expect(evals({ ...file, cases: [{ ...first, expect: { ...first.expect, efects: [] } }] })).toBe(false);
    expect(evals({ ...file, cases: [{ ...first, steps: [...first.steps, { approv: { by: 'bob' } }] }] })).toBe(false);
  });

  it('describes what it takes', () => {
    expect(JSON.stringify(schemaOf('evals'))).toContain(
      "All that changed in the system of record, in the case's tenants",
    );
  });
});
