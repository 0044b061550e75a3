import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { climb, leafHash, treeOf } from './merkle.js';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leavesOf = (size: number) => Array.from({ length: size }, (_, n) => leafHash(`leaf ${n}`));

function rootOf(hash: Buffer, index: number, size: number, path: Buffer[]): Buffer | undefined {
  const top = climb({ at: index, last: size - 1, hash }, path);
  return top?.last === 0 ? top.hash : undefined;
}

/** MTH as RFC 6962, section 2.1, defines it. */
function mth(leaves: Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.of(1), mth(leaves.slice(0, split)), mth(leaves.slice(split)));
}

describe('the tree', () => {
  it("has the roots of Certificate Transparency's own vectors", () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const leaves = inputs.map((hex) => leafHash(Buffer.from(hex, 'hex').toString('latin1')));
    expect(roots.map((_, n) => treeOf(leaves.slice(0, n + 1)).root.toString('hex'))).toEqual(roots);
  });

  it('of any size has the root of the RFC, and each path leads there from its own leaf, place and size alone', () => {
    for (let size = 1; size <= 33; size++) {
      const leaves = leavesOf(size);
      const { root, paths } = treeOf(leaves);
      expect(root).toEqual(mth(leaves));
      paths.forEach((path, index) => {
        expect(rootOf(leaves[index]!, index, size, path)).toEqual(root);
        const others = [
          rootOf(leafHash('another'), index, size, path),
          size > 1 ? rootOf(leaves[index]!, (index + 1) % size, size, path) : undefined,
          rootOf(leaves[index]!, index, size, [...path, root]),
          path.length ? rootOf(leaves[index]!, index, size, path.slice(0, -1)) : undefined,
        ];
        expect(others.filter((other) => other?.equals(root))).toEqual([]);
      });
    }
  });

  it('tells leaves from nodes: two children written as one leaf have another hash', () => {
    const [left, right] = leavesOf(2) as [Buffer, Buffer];
    const { root } = treeOf([left, right]);
    expect(sha256(Buffer.of(1), left, right)).toEqual(root);
    expect(sha256(Buffer.of(0), left, right)).not.toEqual(root);
    expect(leafHash('é')).toEqual(sha256(Buffer.of(0), Buffer.from('é')));
  });

  it('is not made of nothing', () => {
    expect(() => treeOf([])).toThrow('at least one leaf');
  });
});
