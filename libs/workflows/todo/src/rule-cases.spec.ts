import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findCases, runCases, untriedRules } from '@countersign/rule-cases';
import { todo } from './workflow.js';

const found = findCases(path.resolve(import.meta.dirname, '..'));

describe('the cases beside the rules', () => {
  it.each(runCases(todo, found))('$rule: $title', ({ problems }) => expect(problems).toEqual([]));

  it('are there for every rule', () => expect(untriedRules(todo, found)).toEqual([]));
});
