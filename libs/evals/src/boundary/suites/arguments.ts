import type { z } from 'zod';
import type { Json, JsonObject } from '@countersign/contracts';
import type { FoundCase } from '../../find-cases.js';
import { ACTOR, ask, callersOf, callOf, made, type Bench } from '../bench.js';

const UNKNOWN = 'aWordTheToolDoesNotKnow';
/** One of them is of a wrong type for any field that is not just anything. */
const OTHERS: readonly Json[] = [{}, true, ['a list'], 0.5, null];

/** Required arguments that are missing, arguments of a wrong type, and one that the tool does not have. */
export function argumentCases(bench: Bench): FoundCase[] {
  const args = callOf(bench, {}).arguments;
  const fields = Object.entries<z.ZodType>(bench.tool.input.shape);
  const required = fields.filter(([, field]) => !field.safeParse(undefined).success).map(([name]) => name);
  return [
    ...required.map((name) => refused(bench, `without ${name}`, withoutKey(args, name))),
    ...fields.flatMap(([name, field]) => {
      const wrong = OTHERS.find((value) => !field.safeParse(value).success);
      if (wrong === undefined) return [];
      return [refused(bench, `with ${JSON.stringify(wrong)} for ${name}`, { ...args, [name]: wrong })];
    }),
    refused(bench, 'with an argument that it does not have', { ...args, [UNKNOWN]: 'x' }),
  ];
}

function refused(bench: Bench, what: string, args: JsonObject): FoundCase {
  const { name: tool } = bench.tool;
  const [role = ''] = callersOf(bench);
  return made(bench, 'arguments', `${what} is denied as INVALID_ARGUMENTS`, {
    given: { people: { [ACTOR]: { roles: [role] } }, records: callOf(bench, {}).records },
    steps: [ask(bench, args)],
    expect: {
      decisions: [{ tool, outcome: 'denied', code: 'INVALID_ARGUMENTS' }],
      outcomes: [{ tool, ends: 'denied', code: 'INVALID_ARGUMENTS' }],
      effects: [],
    },
  });
}

const withoutKey = ({ ...args }: JsonObject, name: string): JsonObject => {
  delete args[name];
  return args;
};
