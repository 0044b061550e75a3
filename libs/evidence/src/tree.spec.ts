import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { leafHash } from '@countersign/signing';
import {
  consistencyRanges,
  Frontier,
  inclusionRanges,
  isConsistent,
  isIncluded,
  joined,
  subtreesOf,
  type Node,
} from './tree.js';

const leavesOf = (size: number) => Array.from({ length: size }, (_, n) => leafHash(`leaf ${n}`));

function frontierOf(leaves: Buffer[]): Frontier {
  const frontier = new Frontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier;
}
const rootOf = (leaves: Buffer[]) => frontierOf(leaves).root;
const hashesOf = (leaves: Buffer[], ranges: { from: number; to: number }[]) =>
  ranges.map(({ from, to }) => rootOf(leaves.slice(from, to)));
const pathOf = (leaves: Buffer[], index: number) => hashesOf(leaves, inclusionRanges(index, leaves.length));
const proofOf = (leaves: Buffer[], first: number) => hashesOf(leaves, consistencyRanges(first, leaves.length));

/** The reference tree of the Certificate Transparency implementations. */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const CT = INPUTS.map((hex) => leafHash(Buffer.from(hex, 'hex').toString('latin1')));
const hex = (hashes: Buffer[]) => hashes.map((hash) => hash.toString('hex'));

describe('the tree (the numbers are those of tree.ts)', () => {
  it("has the roots of Certificate Transparency's own vectors (1)", () => {
    expect(new Frontier().root).toEqual(createHash('sha256').digest());
    expect(hex([rootOf(CT.slice(0, 3)), rootOf(CT.slice(0, 6)), rootOf(CT)])).toEqual([
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });

  it('has their inclusion and consistency proofs (2)', () => {
    expect(hex(pathOf(CT, 0))).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(hex(pathOf(CT, 5))).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(hex(proofOf(CT, 1))).toEqual(hex(pathOf(CT, 0)));
    expect(hex(proofOf(CT, 6))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(hex(proofOf(CT.slice(0, 5), 2))).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
  });

  it('of any size proves each leaf at its own place alone (2)', () => {
    for (let size = 1; size <= 33; size++) {
      const leaves = leavesOf(size);
      const head = { size, root: rootOf(leaves) };
      leaves.forEach((leaf, index) => {
        const path = pathOf(leaves, index);
        expect(isIncluded(leaf, index, head, path)).toBe(true);
        const lies = [
          isIncluded(leafHash('another'), index, head, path),
          isIncluded(leaf, index === 0 ? size : index - 1, head, path),
          isIncluded(leaf, index, head, [...path, head.root]),
          size > 1 && isIncluded(leaf, index, head, path.slice(1)),
          isIncluded(leaf, index, { size, root: leafHash('root') }, path),
        ];
        expect(lies).toEqual(lies.map(() => false));
      });
    }
  });

  it('of any size proves that it begins with any smaller one, and with no other (2)', () => {
    for (let size = 1; size <= 20; size++) {
      const leaves = leavesOf(size);
      const second = { size, root: rootOf(leaves) };
      for (let first = 0; first <= size; first++) {
        const head = { size: first, root: rootOf(leaves.slice(0, first)) };
        const path = proofOf(leaves, first);
        expect({ first, size, ok: isConsistent(head, second, path) }).toEqual({ first, size, ok: true });
        expect(isConsistent(second, head, path)).toBe(first === size);
        if (first === 0) continue;
        const forked = { size: first, root: rootOf([leafHash('rewritten'), ...leaves.slice(1, first)]) };
        expect(isConsistent(forked, second, path)).toBe(false);
        expect(isConsistent(head, second, [...path, second.root])).toBe(false);
        if (path.length > 0) expect(isConsistent(head, second, path.slice(0, -1))).toBe(false);
      }
    }
  });

  it('goes on from what was kept of it, and tells of each complete tile', () => {
    const leaves = leavesOf(70_000);
    const tiles: (Node & { hash: Buffer })[] = [];
    let frontier = new Frontier(0, [], (tile) => tiles.push(tile));
    for (const [n, leaf] of leaves.entries()) {
      if (n % 9973 === 0) frontier = new Frontier(frontier.size, frontier.subtrees, (tile) => tiles.push(tile));
      frontier.append(leaf);
    }
    expect(frontier.root).toEqual(rootOf(leaves));
    expect(tiles.map(({ level }) => level)).toHaveLength(273 + 1);
    expect(tiles.find(({ level }) => level === 16)).toEqual({
      level: 16,
      index: 0,
      hash: rootOf(leaves.slice(0, 65_536)),
    });
    expect(tiles.filter(({ level }) => level === 8)[5]).toEqual({
      level: 8,
      index: 5,
      hash: rootOf(leaves.slice(5 * 256, 6 * 256)),
    });
    expect(() => new Frontier(3, [leaves[0]!])).toThrow('none of 3 leaves');
    expect(
      joined(
        subtreesOf(0, 70_000).map(({ level, index }) =>
          rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)),
        ),
      ),
    ).toEqual(frontier.root);
  });
});
