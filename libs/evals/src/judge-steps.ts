import type { Code } from '@countersign/contracts';
import type { EvalCase } from './case-file.js';
import type { SimpleStep } from './case-steps.js';
import type { Observed } from './observed.js';
import { tellRefused } from './tell.js';

/** A person's decision is taken unless the step says that it is not, and with which code. */
export function judgeSteps(steps: EvalCase['steps'], { refusedSteps }: Pick<Observed, 'refusedSteps'>): string[] {
  return numbered(steps).flatMap(([number, step]) => {
    const said = decisionIn(step);
    if (!said) return [];
    const found = refusedSteps.find((each) => each.step === number);
    if (said.refused === found?.code) return [];
    const expected = said.refused ? `refused with ${said.refused}` : 'taken';
    return [
      `expected step ${number} (${said.what}) to be ${expected}, found ${found ? tellRefused(found) : 'it taken'}`,
    ];
  });
}

/** Each step by its number: the first is 1, the second of those together in it 1.2. */
export function numbered(steps: EvalCase['steps']): [number: string, SimpleStep][] {
  return steps.flatMap((step, at): [string, SimpleStep][] =>
    'together' in step
      ? step.together.map((each, within) => [`${at + 1}.${within + 1}`, each])
      : [[String(at + 1), step]],
  );
}

function decisionIn(step: SimpleStep): { what: string; refused?: Code | undefined } | undefined {
  if ('approve' in step) return { what: `approve by ${step.approve.by}`, refused: step.approve.refused };
  if ('reject' in step) return { what: `reject by ${step.reject.by}`, refused: step.reject.refused };
  if ('edit' in step) return { what: `edit by ${step.edit.by}`, refused: step.edit.refused };
  return undefined;
}
