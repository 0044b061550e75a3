import { NoAnswer, NothingDone, type TargetAnswer } from './tool.js';

/** Neither an answer nor a definite no: the target may have acted, or act yet. */
const UNSURE = new Set([408, 409, 425, 429]);

/** The answer, if it is one. Throws `NothingDone` on 412, and `NoAnswer` where nobody knows whether the target acted. */
export function definiteAnswer(target: string, answer: TargetAnswer, said = String(answer.status)): TargetAnswer {
  const { status } = answer;
  if (status === 412) throw new NothingDone(`${target} did nothing: ${said}`);
  if (status >= 500 || (status >= 300 && status < 400) || UNSURE.has(status))
    throw new NoAnswer(`${target} answered ${said}`, status);
  return answer;
}
