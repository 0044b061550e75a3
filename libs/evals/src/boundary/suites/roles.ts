import type { Workflow } from '@countersign/workflow-kit';
import type { FoundCase } from '../../find-cases.js';
import { made, readingOf, tell, whenAsked, type Bench } from '../bench.js';

/** Whom no map names. */
const STRANGER = 'nobodys-role';

/** Each role that anything of the workflow names, and one that nothing does. */
export function rolesNamed({ roles, tools }: Workflow): string[] {
  const named = tools.flatMap(({ permissions: { roles: callers, approvals = {} } }) => [
    ...callers,
    ...Object.values(approvals).flatMap((need) => need.roles),
  ]);
  return [...new Set([...roles, ...named, STRANGER])];
}

/** Cross-role: who may call it gets what the map says, and everybody else nothing. */
export const roleCases = (bench: Bench): FoundCase[] =>
  rolesNamed(bench.workflow).map((role) =>
    made(bench, 'role', `asked for by ${role} ${tell(bench, readingOf(bench, { role }))}`, whenAsked(bench, { role })),
  );
