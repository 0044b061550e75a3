import type { Json } from '@countersign/contracts';
import type { ToolContract } from '../contract.js';

const HUGE = 'x'.repeat(1024 * 1024);
const withField = (args: Record<string, unknown>, name: string, value: unknown) => ({ ...args, [name]: value });

/** Inputs no tool may take: made from valid ones, each with what is wrong of it. */
export function spoiledInputs(contract: ToolContract, args: Record<string, unknown>): [string, unknown][] {
  return [
    ['nothing', null],
    ['a list', []],
    ['a sentence', 'please do it'],
    ['an undeclared field', withField(args, 'idempotency_key', 'mine')],
    ...Object.keys(contract.input.shape).flatMap((name) => spoiledField(contract, args, name)),
  ];
}

function spoiledField(contract: ToolContract, args: Record<string, unknown>, name: string): [string, unknown][] {
  const { [name]: value, ...without } = args;
  const isOptional = contract.input.shape[name]?.safeParse(undefined).success;
  const wrong: Json = typeof value === 'string' ? 7 : 'not of its type';
  return [
    ...(isOptional ? [] : [[`no ${name}`, without] as [string, unknown]]),
    [`${name} of another type`, withField(args, name, wrong)],
    [`an object of another form as ${name}`, withField(args, name, { undeclared: { name } })],
    [`a list in a list as ${name}`, withField(args, name, [[[]]])],
    ...(typeof value === 'string' ? [[`a megabyte of ${name}`, withField(args, name, HUGE)] as [string, unknown]] : []),
  ];
}
