import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fingerprintOf, loadTools, loadWorkflows } from '@countersign/workflow-kit';
import { testPackage, verdictOf } from './policy/test-rules.js';
import { writeWorkflow } from './workflow-template.js';

const model = { model: 'stand-in', baseUrl: 'http://127.0.0.1:1' };

describe('a new workflow', () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(tmpdir(), 'workflow-new-'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  it('is a package that loads as it was written, wherever it lies', async () => {
    const { folder, files } = writeWorkflow('box-desk', path.join(root, 'deep/box'));
    expect(folder).toBe(path.join(root, 'deep/box'));
    expect(files.map((file) => path.relative(folder, file))).toEqual([
      '.gitignore',
      'README.md',
      'contracts.js',
      'evals/samples.yaml',
      'evals/tickets.evals.yaml',
      'package.json',
      'reads.cases.yaml',
      'rules.js',
      'sources.js',
      'tickets.cases.yaml',
      'tools.js',
      'workflow.js',
    ]);
    const loaded = (await loadWorkflows([folder], model)).get('box-desk');
    expect(loaded?.workflow).toMatchObject({ name: 'box-desk', title: 'Box desk' });
    expect(loaded?.workflow.tools.map(({ name, effect }) => [name, effect])).toEqual([
      ['get_order', 'read'],
      ['open_ticket', 'write'],
    ]);
    expect([...(await loadTools([folder])).keys()]).toEqual(['box-desk/get_order', 'box-desk/open_ticket']);
    expect(loaded?.fingerprint).toBe(fingerprintOf(folder, model));
  });

  it('has a case of each rule, and they pass', async () => {
    const { folder } = writeWorkflow('box-desk', path.join(root, 'box'));
    const tested = await testPackage(folder, undefined);
    expect(tested.untried).toEqual([]);
    expect(tested.cases.flatMap(({ problems }) => problems)).toEqual([]);
    expect(verdictOf([tested])).toBe('4 passed, 0 failed');
  });

  it('has nothing of the name it was made from', () => {
    const { files } = writeWorkflow('box-desk', path.join(root, 'box'));
    for (const file of files) expect(fs.readFileSync(file, 'utf8')).not.toMatch(/ticket.desk/i);
    expect(JSON.parse(fs.readFileSync(path.join(root, 'box/package.json'), 'utf8'))).toMatchObject({
      name: 'box-desk',
    });
  });

  it('has another fingerprint for another rule, and for others of the packages linked beside it', () => {
    const { folder } = writeWorkflow('box-desk', path.join(root, 'box'));
    const before = fingerprintOf(folder, model);
    expect(fingerprintOf(folder, model)).toBe(before);
    fs.appendFileSync(path.join(folder, 'rules.js'), '\n');
    const changed = fingerprintOf(folder, model);
    expect(changed).not.toBe(before);
    fs.rmSync(path.join(folder, 'node_modules'));
    expect([before, changed]).not.toContain(fingerprintOf(folder, model));
  });

  it('is never written over something', () => {
    fs.writeFileSync(path.join(root, 'mine.txt'), 'mine');
    expect(() => writeWorkflow('box-desk', root)).toThrow(/is not empty/);
    expect(fs.readdirSync(root)).toEqual(['mine.txt']);
  });

  it('needs no link where the packages lie above it', () => {
    fs.mkdirSync(path.join(root, 'node_modules/@countersign/workflow-kit'), { recursive: true });
    const { folder } = writeWorkflow('box-desk', path.join(root, 'deep/box'));
    expect(fs.existsSync(path.join(folder, 'node_modules'))).toBe(false);
  });
});

describe('the page about writing a workflow', () => {
  const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../../docs/writing-a-workflow.md'), 'utf8');

  it.each(['workflow.js', 'rules.js', 'tickets.cases.yaml'])('shows %s as the template has it', (file) => {
    const text = fs.readFileSync(path.resolve(import.meta.dirname, '../templates/workflow', file), 'utf8');
    expect(page).toContain(`\`\`\`${path.extname(file).slice(1)}\n${text.trim()}\n\`\`\``);
  });
});
