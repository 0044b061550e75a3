import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { reviewWords, standingOf, type AccessLine } from './access.js';
import { exportHref } from './export-href.js';
import { checkOf, rootOf, stepsOf, type Proof } from './inclusion.js';
import { auditSearch } from './search.js';
import { erasureWords, fieldsOf, isReason } from './told.js';
import { foundWith, kindWords, NOTHING, saidOf, type Stretch } from './verdict.js';

const hash = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafOf = (text: string) => hash(Buffer.of(0), Buffer.from(text));
const split = (leaves: Buffer[]) => 2 ** Math.floor(Math.log2(leaves.length - 1));

/** As RFC 6962 defines both, word for word. */
function root(leaves: Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves);
  return hash(Buffer.of(1), root(leaves.slice(0, k)), root(leaves.slice(k)));
}
function pathTo(index: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves);
  return index < k
    ? [...pathTo(index, leaves.slice(0, k)), root(leaves.slice(k))]
    : [...pathTo(index - k, leaves.slice(k)), root(leaves.slice(0, k))];
}

function proofOf(index: number, size: number): Proof {
  const records = Array.from({ length: size }, (_, n) => ({ topic: 'results', type: `event-${n}` }));
  const leaves = records.map((record) => leafOf(JSON.stringify(record)));
  return {
    ...{ tenant: 'acme', index, size, record: records[index]!, leaf: leaves[index]!.toString('base64') },
    path: pathTo(index, leaves).map((one) => one.toString('base64')),
    checkpoint: `countersign/audit/acme\n${size}\n${root(leaves).toString('base64')}\n\n— audit x\n`,
  };
}

describe('an inclusion proof (the number is that of inclusion.ts)', () => {
  it('is counted to the root, wherever the leaf stands (1)', async () => {
    for (let size = 1; size <= 17; size++)
      for (let index = 0; index < size; index++)
        expect({ size, index, ...(await checkOf(proofOf(index, size))) }).toMatchObject({ size, index, tone: 'green' });
  });

  it('does not agree when anything of it is another (1)', async () => {
    const proof = proofOf(5, 11);
    const other = leafOf('other').toString('base64');
    const wrong: Partial<Proof>[] = [
      { record: { ...proof.record, type: 'event-6' } },
      { leaf: other },
      { index: 4 },
      { index: 11 },
      { size: 12 },
      { path: proof.path.slice(1) },
      { path: [...proof.path, other] },
      { path: [other, ...proof.path.slice(1)] },
      { checkpoint: proofOf(5, 12).checkpoint },
      { checkpoint: '' },
    ];
    for (const change of wrong)
      expect({ change, ...(await checkOf({ ...proof, ...change })) }).toMatchObject({ change, tone: 'red' });
    expect(await rootOf({ ...proof, path: [] })).toBeUndefined();
  });

  it('is told in steps', () => {
    expect(stepsOf(proofOf(5, 11))).toEqual([
      expect.stringContaining('event-5 on topic results'),
      expect.stringMatching(/^Its hash is leaf 5 of the tree/),
      '4 neighbouring hashes lead from the leaf to the root.',
      expect.stringContaining('over 11 records, signed as countersign/audit/acme'),
    ]);
  });
});

const STRETCH: Stretch = {
  ...{ ok: true, tenant: 'acme', size: 40, since: '2026-01-01T00:00:00Z', checked: { from: 0, to: 40 } },
  ...{ archived: 3, checkpoint: 'note', findings: [], more: 0, next: null },
};
const finding = { kind: 'changed', tenant: 'acme', index: 7, line: null, says: 'x' };

describe('the verdict', () => {
  it('is good only where everything was looked at and nothing found', () => {
    const found = foundWith(NOTHING, STRETCH);
    expect(saidOf({ tag: 'done', last: STRETCH, found })).toMatchObject({
      tone: 'good',
      words: expect.stringMatching(/^40 records .* 3 records of them stand in archives/),
    });
    const off = { tag: 'broken-off', checked: 20, size: 40, error: new Error('x') } as const;
    expect(saidOf({ ...off, found })).toMatchObject({ tone: 'warn', title: expect.stringMatching(/^Unknown/) });
    expect(saidOf({ tag: 'done', last: { ...STRETCH, size: 0 }, found: NOTHING }).tone).toBe('warn');
    const bad = foundWith(foundWith(NOTHING, { ...STRETCH, findings: [finding], more: 2 }), STRETCH);
    expect([bad.findings.length, bad.more, bad.archived]).toEqual([1, 2, 6]);
    for (const check of [{ tag: 'done', last: STRETCH, found: bad } as const, { ...off, found: bad }])
      expect(saidOf(check)).toMatchObject({ tone: 'bad', title: '3 things are not as they were signed' });
    expect([kindWords('truncated'), kindWords('new-kind')]).toEqual(['The end was cut off', 'new-kind']);
  });
});

describe('who was shown what, and who may approve', () => {
  it('names fields once, as people say them', () => {
    expect(fieldsOf([{ path: 'preview.effect.customer' }, { path: 'preview.effect.customer' }])).toBe(
      'preview › effect › customer',
    );
    expect([erasureWords({ keys: 0, values: 0 }), erasureWords({ keys: 1, values: 3 })]).toEqual([
      'nothing was kept of them any more',
      '1 key was destroyed: 3 sealed values will never open again',
    ]);
    expect(['because', 'x'.repeat(501), ' the customer asked '].map(isReason)).toEqual([false, false, true]);
  });

  it('points a reviewer to who decided and may not any more', () => {
    const line: AccessLine = {
      ...{ workflow: 'support-desk', tool: 'issue_refund', person: 'bob', mayApprove: true, approvals: [], roles: [] },
      ...{ seenAt: null, granted: 1, edited: 0, rejected: 0, settled: 0, lastAt: null },
    };
    const gone = { ...line, person: 'carol', mayApprove: false };
    const nobody = { ...line, person: null, mayApprove: false, granted: 0 };
    expect([line, gone, { ...gone, granted: 0 }, nobody].map((each) => standingOf(each).word)).toEqual([
      ...['may approve', 'did, and may not', 'may not', 'nobody seen may'],
    ]);
    expect(reviewWords([line, gone, nobody])).toBe(
      '1 person seen may approve; of 1 tool nobody seen may; 1 line is of somebody who decided and may not any more.',
    );
  });
});

it('reads its address leniently, and asks for a file of a stretch', () => {
  expect(auditSearch({ tab: 'access', event: ' evt_1 ' })).toEqual({ tab: 'access', event: 'evt_1' });
  expect(auditSearch({ tab: 'integrity', event: 7 })).toEqual({});
  expect([exportHref('', ''), exportHref('2026-01-02T00:00', '2026-01-01T00:00')]).toEqual([
    '/v1/audit/export',
    undefined,
  ]);
  expect(exportHref('2026-01-01T00:00', '')).toMatch(/^\/v1\/audit\/export\?from=202\d-\d\d-\d\dT.*Z$/);
});
