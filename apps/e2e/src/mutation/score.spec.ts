import { describe, expect, it } from '@jest/globals';
import { scoreOf } from './score.js';

const mutant = (status: string) => ({
  status,
  mutatorName: 'BooleanLiteral',
  replacement: 'true\n  ',
  location: { start: { line: 7 } },
});

describe('the mutation score', () => {
  it('counts faults found by those that were tried', () => {
    const statuses = ['Killed', 'Killed', 'Timeout', 'Survived', 'CompileError', 'RuntimeError', 'Ignored'];
    expect(scoreOf({ files: { 'a.ts': { mutants: statuses.map(mutant) } } })).toEqual({
      score: 75,
      found: 3,
      missed: ['a.ts:7 BooleanLiteral: true '],
    });
  });

  it('counts a fault that no spec came by as missed', () => {
    expect(scoreOf({ files: { 'a.ts': { mutants: [mutant('NoCoverage')] } } })).toMatchObject({ score: 0, found: 0 });
  });

  it('is nothing where nothing was tried', () => {
    expect(scoreOf({ files: {} })).toEqual({ score: 0, found: 0, missed: [] });
  });
});
