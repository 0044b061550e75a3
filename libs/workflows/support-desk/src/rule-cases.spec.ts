import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findCases, parseCaseFile, runCases, untriedRules } from '@countersign/rule-cases';
import { supportDesk } from './workflow.js';

const found = findCases(path.resolve(import.meta.dirname, '..'));

describe('the cases beside the rules', () => {
  it.each(runCases(supportDesk, found))('$rule: $title', ({ problems }) => expect(problems).toEqual([]));

  it('are there for every rule', () => expect(untriedRules(supportDesk, found)).toEqual([]));
});

describe('the case of the tutorial', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/tutorial.md'), 'utf8');
  const [first, lastLine] = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(([, text]) => text!);
  const problemsOf = (text: string) => {
    const cases = parseCaseFile(`rule: small-refund\ncases:\n${text}`, 'tutorial.md');
    return runCases(supportDesk, [{ file: 'tutorial.md', ...cases }]).flatMap(({ problems }) => problems);
  };

  it('fails at first as the page says', () => {
    const problems = problemsOf(first!);
    expect(problems).toHaveLength(1);
    expect(page).toContain(problems[0]);
  });

  it('passes once it is corrected', () => expect(problemsOf(first!.replace(/ +expect:.*\n/, lastLine!))).toEqual([]));
});
