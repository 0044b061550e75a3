import { describe, expect, it } from '@jest/globals';
import { APART, GroupCommit } from './group-commit.js';

/** Commits that end when told; a group with a 0 in it fails. */
function gated(atOnce = 1) {
  const groups: number[][] = [];
  const gates: (() => void)[] = [];
  const limits = { atOnce, size: 10, sizeOf: (member: number) => member };
  const group = new GroupCommit<number, string>(limits, async (members) => {
    groups.push(members);
    await new Promise<void>((resolve) => gates.push(resolve));
    if (members.includes(0)) throw new Error('poison');
    return 'done';
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const end = async () => {
    gates.shift()!();
    await turn(); // it has ended
    await turn(); // the next has begun
  };
  return { groups, group, turn, end };
}

describe('a group commit', () => {
  it('takes what comes in one turn together, and what comes meanwhile in the next', async () => {
    const { groups, group, turn, end } = gated();
    const first = [group.join(1), group.join(2)];
    await turn();
    const second = [group.join(3), group.join(4)];
    await turn();
    expect(groups).toEqual([[1, 2]]);
    await end();
    expect(groups).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await end();
    expect(await Promise.all([...first, ...second])).toEqual(['done', 'done', 'done', 'done']);
  });

  it('keeps to its size, but takes one that is larger', async () => {
    const { groups, group, turn } = gated(5);
    for (const size of [6, 4, 1, 30, 2]) void group.join(size);
    await turn();
    expect(groups).toEqual([[6, 4], [1], [30], [2]]);
  });

  it('falls apart when it fails; who was alone is told why', async () => {
    const { group, turn, end } = gated();
    const both = [group.join(0), group.join(1)];
    await turn();
    await end();
    expect(await Promise.all(both)).toEqual([APART, APART]);
    const alone = group.join(0);
    await turn();
    const refused = expect(alone).rejects.toThrow('poison');
    await end();
    await refused;
  });
});
