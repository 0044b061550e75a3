import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { EVENTS, type Json, type JsonObject } from '@countersign/contracts';
import type { ToolContract } from '../contract.js';
import { NoAnswer, type Tool, type ToolContext } from '../tool.js';
import type { Bench } from './bench.js';
import { spoiledInputs } from './spoiled.js';

/** One thing a tool has to hold, tried on a bench of its own. Throws when it does not. */
export interface Check {
  title: string;
  run(bench: Bench): Promise<void>;
}

const { recordsRead: reads, recordsChanged: changes } = EVENTS['countersign.action.committed.v1'].data.shape;

/** The checks for this tool's effect, class and parts. The numbers are those of `toolContractSuite`. */
export function checksOf({ contract, lookup, done }: Tool): Check[] {
  if (contract.effect === 'read') return [badInput, reading];
  return [
    badInput,
    previewing,
    committing,
    movedVersions,
    ...(contract.class === 'A' ? [otherArguments, noKey] : []),
    ...(lookup ? [lookingUp] : []),
    ...(done ? [beingDone] : []),
  ];
}

const badInput: Check = {
  title: 'refuses bad input before its target hears of it (1)',
  async run(bench) {
    const { contract } = bench.tool;
    const args = bench.checked(await bench.trial.arguments());
    expect(bench.checked(args)).toEqual(args);
    const call = contract.effect === 'read' ? bench.read : bench.preview;
    for (const [what, input] of spoiledInputs(contract, args)) {
      const refused: unknown = await call(input).catch((error: unknown) => error);
      expect({ what, refused }).toEqual({ what, refused: expect.objectContaining({ code: 'INVALID_ARGUMENTS' }) });
    }
    expect(bench.asked).toEqual([]);
  },
};

const reading: Check = {
  title: 'reads what it declares, says from where, and changes nothing (2)',
  async run(bench) {
    const args = await bench.trial.arguments();
    const { result, recordsRead } = await bench.unchangedBy(() => bench.read(args));
    bench.tool.contract.output.parse(result);
    expect(reads.parse(recordsRead)).not.toEqual([]);
  },
};

const previewing: Check = {
  title: 'previews what it declares, the same each time, and changes nothing (2)',
  async run(bench) {
    const args = await bench.trial.arguments();
    const first = await bench.unchangedBy(() => bench.preview(args));
    const second = await bench.unchangedBy(() => bench.preview(args));
    expect(undeclared(bench.tool.contract, first.effect)).toEqual([]);
    expect({ effect: second.effect, basis: second.basis }).toEqual({ effect: first.effect, basis: first.basis });
    reads.parse(first.recordsRead);
  },
};

/** Fields of an effect the contract does not name would be sealed as secret. */
function undeclared({ preview, output, input }: ToolContract, effect: JsonObject): string[] {
  const shape = preview?.shape ?? { ...output.shape, ...input.shape };
  return Object.keys(effect).filter((name) => !Object.hasOwn(shape, name));
}

const committing: Check = {
  title: 'commits once, however often the same comes again, and says what it changed (3)',
  async run(bench) {
    const { contract } = bench.tool;
    const args = await bench.trial.arguments();
    const [key, before] = [randomUUID(), await bench.trial.state()];
    const { basis } = await bench.preview(args);
    const { result, recordsChanged } = await bench.commit(args, key, basis);
    contract.output.parse(result);
    expect(changes.parse(recordsChanged)).not.toEqual([]);
    expect(await bench.trial.state()).not.toEqual(before);
    const repeat = () => bench.unchangedBy(() => bench.commit(args, key, basis).catch((error: unknown) => error));
    if (contract.class === 'A') expect(await repeat()).toMatchObject({ result, recordsChanged });
    if (contract.class === 'B') await repeat();
  },
};

const movedVersions: Check = {
  title: 'does nothing on versions that have moved (4)',
  async run(bench) {
    const { conditionalOn = [] } = bench.tool.contract;
    const args = await bench.trial.arguments();
    const { basis } = await bench.preview(args);
    expect(Object.keys(basis)).toEqual(expect.arrayContaining([...conditionalOn]));
    const moved = Object.fromEntries(Object.entries(basis).map(([name, version]) => [name, another(version)]));
    if (Object.keys(moved).length === 0) return;
    await bench.unchangedBy(() => expect(bench.commit(args, randomUUID(), moved)).rejects.toBeInstanceOf(Error));
  },
};

/** A version the record does not have. */
const another = (version: Json): Json => (typeof version === 'number' ? version + 1_000_000 : `${String(version)}0`);

const otherArguments: Check = {
  title: 'refuses a key that was used with other arguments (3)',
  async run(bench) {
    const [key, args] = [randomUUID(), await bench.trial.arguments()];
    const others = await bench.trial.others?.(args);
    if (!others) throw new Error('a tool of class A needs `others`: other valid arguments for the same key');
    const { basis } = await bench.preview(args);
    await bench.commit(args, key, basis);
    const reused = () =>
      expect(bench.commit(others, key, basis)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await bench.unchangedBy(reused);
  },
};

const noKey: Check = {
  title: 'refuses to commit without a key (3)',
  async run(bench) {
    const args = await bench.trial.arguments();
    const keyless = () =>
      expect(bench.commit(args, undefined)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REQUIRED' });
    await bench.unchangedBy(keyless);
  },
};

const lookingUp: Check = {
  title: 'finds what was done, and nothing that was not (5)',
  async run(bench) {
    const [key, args] = [randomUUID(), await bench.trial.arguments()];
    expect(await bench.unchangedBy(() => bench.lookup(args, key))).toEqual({ found: 'nothing' });
    const { result, recordsChanged } = await bench.commit(args, key);
    const found = await bench.unchangedBy(() => bench.lookup(args, key));
    expect(found).toMatchObject({ found: 'committed', outcome: { result, recordsChanged } });
  },
};

const beingDone: Check = {
  title: 'is done after a commit, as its target shows and nothing else does (5)',
  async run(bench) {
    const args = bench.checked(await bench.trial.arguments());
    const outcome = await bench.commit(args, randomUUID());
    const isDone = (context: ToolContext) => bench.tool.done!(context, args, outcome);
    const asked = bench.asked.length;
    const done = await bench.unchangedBy(() => isDone(bench.context()));
    expect(done).toMatchObject({ holds: true });
    expect(bench.asked.length).toBeGreaterThan(asked);
    reads.parse(done.recordsRead);
    const silent = { request: () => Promise.reject(new NoAnswer('it does not answer')) };
    const unseen = await isDone({ ...bench.context(), target: silent }).catch(() => ({ holds: false }));
    expect(unseen.holds).toBe(false);
  },
};
