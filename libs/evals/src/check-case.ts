import type { Flaw } from '@countersign/rule-cases';
import type { EvalCase } from './case-file.js';
import type { SimpleStep, Step } from './case-steps.js';
import type { ModelMode } from './model-mode.js';

type Told = Pick<EvalCase, 'given' | 'steps' | 'models'>;

/** What the words of a case cannot say of it alone: that its steps fit what is given, and each other. */
export function checkCase(one: Told): Flaw[] {
  const steps = one.steps.flatMap((step, at): [SimpleStep, PropertyKey[]][] =>
    'together' in step
      ? step.together.map((each, within) => [each, ['steps', at, 'together', within]])
      : [[step, ['steps', at]]],
  );
  return [
    ...steps.flatMap(([step, path]) => unknownPeople(one.given.people, step, path)),
    ...steps.flatMap(([step, path]) => badRepeat(one.steps, step, path)),
    ...turnFlaws(one, steps),
  ];
}

function unknownPeople(people: Told['given']['people'], step: SimpleStep, path: PropertyKey[]): Flaw[] {
  return Object.entries(step).flatMap(([kind, said]) =>
    (['by', 'asked_by'] as const).flatMap((word) => {
      const name = (said as { by?: string; asked_by?: string })[word];
      if (name === undefined || Object.hasOwn(people, name)) return [];
      return [{ path: [...path, kind, word], message: `nobody of given.people is ${name}` }];
    }),
  );
}

function badRepeat(steps: readonly Step[], step: SimpleStep, path: PropertyKey[]): Flaw[] {
  if (!('repeat' in step)) return [];
  const before = step.repeat <= (path[1] as number) ? steps[step.repeat - 1] : undefined;
  if (before && ('intent' in before || 'action' in before)) return [];
  return [{ path: [...path, 'repeat'], message: `no step before is number ${step.repeat} and an intent or action` }];
}

/** A recorded case has turns for each intent: nobody else would answer. */
function turnFlaws({ steps, models }: Told, all: readonly [SimpleStep, PropertyKey[]][]): Flaw[] {
  if (!modesOf({ steps, models }).includes('recorded')) return [];
  return all
    .filter(([step]) => 'intent' in step && step.model === undefined)
    .map(([, path]) => ({ path, message: 'other intents have turns of the model and this one has none' }));
}

/** With which models a case is run. */
export function modesOf({ steps, models }: Pick<EvalCase, 'steps' | 'models'>): readonly ModelMode[] {
  if (models) return models;
  const intents = steps.flatMap((step) => ('together' in step ? step.together : [step])).filter((s) => 'intent' in s);
  if (intents.length === 0) return ['recorded', 'stand-in', 'live'];
  return intents.some(({ model }) => model !== undefined) ? ['recorded'] : ['stand-in', 'live'];
}

/**
 * Whether a case touches what other cases share, so that none may run beside it: a switch of a tool, a workflow or everything, or the
 * release.
 */
export function needsWorldAlone({ given, steps }: Pick<EvalCase, 'given' | 'steps'>): boolean {
  const said = steps.flatMap((step) => ('together' in step ? step.together : [step]));
  const scopes = [...given.switches, ...said.flatMap((step) => ('kill' in step ? [step.kill] : []))];
  return !given.released || scopes.some((scope) => !scope.startsWith('kill/tenant/'));
}
