import { beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, digest, type RecordRead } from '@countersign/contracts';
import {
  defineTool,
  defineToolContract,
  NoAnswer,
  NothingDone,
  ToolRefusal,
  type TargetAnswer,
  type ToolContext,
} from '@countersign/tool-sdk';
import { givenRow, givenWarrant, NOW } from './given.spec-support.js';
import { NotedRound, Surroundings } from './round.spec-support.js';
import type { Warrant } from './state.js';

const field = classified('internal', z.string());
const declared = {
  version: '1.0.0',
  description: 'Of a test.',
  target: 'desk',
  reversible: true,
  permissions: { roles: ['support-agent'] },
};
const record = (id: string, version: string): RecordRead => ({
  system: 'desk',
  type: 'order',
  id,
  version,
  at: NOW.toISOString(),
});

/** Records by id, with their versions now. */
const versions = new Map<string, string>();

async function seen({ target }: ToolContext, id: string): Promise<RecordRead> {
  const { status } = await target.request({ method: 'GET', path: `/${id}` });
  if (status === 404) throw new ToolRefusal('NOT_FOUND', 'it is not there');
  return record(id, versions.get(id)!);
}

const orderId = classified('internal', z.string().regex(/^ord_/));
const getOrder = defineTool({
  contract: defineToolContract({
    ...declared,
    name: 'get_order',
    effect: 'read',
    input: z.strictObject({ orderId }),
    output: z.object({ id: field }),
    permissions: { roles: ['support-agent', 'lead'], restricted: ['lead'] },
  }),
  async read(context, { orderId: id }) {
    const one = await seen(context, String(id));
    return { result: { id: one.id }, recordsRead: [one], restricted: one.id === 'ord_secret' };
  },
});
/** Its preview reads the order it is about, and no other. */
const refund = defineTool({
  contract: defineToolContract({
    ...declared,
    name: 'issue_refund',
    effect: 'write',
    class: 'A',
    keyLifetimeMs: 24 * 3_600_000,
    input: z.strictObject({ orderId: field, amount: field, currency: field, reason: field }),
    output: z.object({ refundId: field }),
  }),
  async preview(context, { orderId: id, amount }) {
    const one = await seen(context, String(id));
    return { effect: { amount: String(amount) }, basis: { ifVersion: one.version }, recordsRead: [one] };
  },
  async commit({ target, basis }, args) {
    const { body } = await target.request({ method: 'POST', path: '/refunds', body: { ...args, ...basis } as never });
    return { result: body as { refundId: string }, recordsRead: [], recordsChanged: [] };
  },
  lookup: () => Promise.resolve({ found: 'nothing' }),
});
describe('what is looked at again (numbers: the guarantees of recheck.ts)', () => {
  let at: Surroundings;
  beforeEach(() => {
    at = new Surroundings();
    versions.clear();
    for (const id of ['ord_1001', 'ord_7', 'ord_secret']) versions.set(id, '2');
    at.answer = ({ path, method }): Promise<TargetAnswer> => {
      if (method === 'POST') return Promise.resolve({ status: 201, body: { refundId: 'ref_1' } });
      return Promise.resolve({ status: versions.has(path.slice(1)) ? 200 : 404, body: {} });
    };
    at.sources = [
      { name: 'order', tool: 'get_order', argument: 'orderId', record: 'order', fields: {}, freshForMs: 1 },
    ];
  });

  const perform = async (change: Partial<Warrant>, row: Parameters<typeof givenRow>[1] = {}) => {
    at.round = new NotedRound();
    const executor = at.executor([getOrder, refund]);
    await executor.perform([givenRow(givenWarrant(change), row)], at.round);
    return at.round.ending;
  };
  const stale = (detail: string) => ({
    tag: 'returned',
    refusal: { code: 'STALE_CONTEXT', detail: expect.stringContaining(detail), nextStep: expect.any(String) },
  });

  it('3: sends a direct commit on the version just read, once all it rests on is as it was read', async () => {
    const ending = await perform({ context: [record('ord_1001', '2')] });
    expect(at.round.notes).toEqual(['GET /ord_1001', 'marked 1', 'POST /refunds', 'COMMITTED']);
    expect(at.sent.at(-1)).toMatchObject({ body: { ifVersion: '2' } });
    expect(ending).toMatchObject({ tag: 'committed', recordsRead: [{ id: 'ord_1001', version: '2' }] });
  });

  it('4: reads again what its preview does not read, and only that', async () => {
    const context = [record('ord_1001', '2'), record('ord_7', '2')];
    const ending = await perform({ context });
    expect(at.round.notes).toEqual(['GET /ord_1001', 'GET /ord_7', 'marked 1', 'POST /refunds', 'COMMITTED']);
    expect(ending).toMatchObject({ recordsRead: [{ id: 'ord_1001' }, { id: 'ord_7' }] });
  });

  it.each<[string, () => unknown, string]>([
    ['has moved', () => versions.set('ord_7', '3'), 'order ord_7 is at version 3, no longer at 2'],
    ['is gone', () => versions.delete('ord_7'), 'order ord_7 is no longer there'],
    ['cannot be read again: no source reads it', () => (at.sources = []), 'order ord_7 cannot be read again'],
  ])('1: sends nothing when a record %s', async (_, happens, detail) => {
    happens();
    expect(await perform({ context: [record('ord_1001', '2'), record('ord_7', '2')] })).toMatchObject(stale(detail));
    expect(at.round.notes.filter((note) => /marked|POST/.test(note))).toEqual([]);
  });

  it('1: sends nothing when its own record has moved, although the effect is the same; it says what it read', async () => {
    versions.set('ord_1001', '3');
    const preview = { effect: { amount: '18.00' }, basis: {}, digest: digest({ amount: '18.00' }) };
    const ending = await perform({ context: [record('ord_1001', '2')], preview });
    expect(ending).toMatchObject({
      ...stale('order ord_1001 is at version 3, no longer at 2'),
      recordsRead: [{ id: 'ord_1001', version: '3' }],
      preview: { digest: preview.digest },
    });
  });

  it('1: calls context stale rather than the action failed when its own record is gone', async () => {
    versions.delete('ord_1001');
    expect(await perform({ context: [record('ord_1001', '2')] })).toMatchObject(stale('ord_1001 is no longer there'));
    expect(await perform({ grant: 'preview' })).toMatchObject({ tag: 'failed', refusal: { code: 'NOT_FOUND' } });
  });

  it('1: a record that became restricted for this actor is not rested on', async () => {
    const context = [record('ord_secret', '2')];
    expect(await perform({ context })).toMatchObject(stale('cannot be read again (RECORD_RESTRICTED)'));
    const actor = { sub: 'bob', tenant: 'acme', roles: ['lead'] };
    expect(await perform({ context, actor })).toMatchObject({ tag: 'committed' });
  });

  it('1: also holds for a preview and a draft', async () => {
    versions.set('ord_7', '3');
    for (const grant of ['preview', 'draft'] as const)
      expect(await perform({ grant, context: [record('ord_7', '2')] })).toMatchObject(stale('ord_7'));
    versions.set('ord_7', '2');
    expect(await perform({ grant: 'preview', context: [record('ord_7', '2')] })).toMatchObject({
      tag: 'previewed',
      recordsRead: [{ id: 'ord_1001' }, { id: 'ord_7' }],
    });
  });

  it('1: looks again later when nobody answers, unsent', async () => {
    at.answer = () => Promise.reject(new NoAnswer('silence'));
    await perform({ context: [record('ord_1001', '2')] });
    expect(at.round.notes).toEqual(['GET /ord_1001', 'retry as QUEUED']);
    expect(await perform({ grant: 'preview', context: [record('ord_1001', '2')] }, { attempts: 8 })).toMatchObject({
      tag: 'failed',
      refusal: { code: 'UPSTREAM_TIMEOUT' },
    });
  });

  it('1: a commit that was let is looked at again however often nobody answered, until its warrant ends', async () => {
    at.answer = () => Promise.reject(new NoAnswer('silence'));
    await perform({ context: [record('ord_1001', '2')] }, { attempts: 99 });
    expect(at.round.notes).toEqual(['GET /ord_1001', 'retry as QUEUED']);
    at.databaseNow += 120_000;
    expect(await perform({ context: [record('ord_1001', '2')] }, { attempts: 100 })).toMatchObject({
      tag: 'returned',
      refusal: { code: 'WARRANT_EXPIRED' },
    });
  });

  it('2: returns another effect with its preview', async () => {
    const preview = { effect: { amount: '1.00' }, basis: {}, digest: digest({ amount: '1.00' }) };
    expect(await perform({ preview })).toMatchObject({
      tag: 'returned',
      refusal: { code: 'PREVIEW_CHANGED' },
      preview: { effect: { amount: '18.00' }, basis: { ifVersion: '2' } },
    });
  });

  it('3: looks at all of it again when the target says its version had moved', async () => {
    const answer = at.answer;
    at.answer = (request) => (request.method === 'POST' ? Promise.reject(new NothingDone('moved')) : answer(request));
    await perform({ context: [record('ord_1001', '2')] });
    expect(at.round.notes.at(-1)).toBe('retry as QUEUED');
    versions.set('ord_1001', '3');
    expect(await perform({ context: [record('ord_1001', '2')] }, { attempts: 2 })).toMatchObject(stale('ord_1001'));
  });

  it('3: a target that keeps no keys is never written to without versions, and again only on the same', async () => {
    const { lookup: _, ...bare } = refund;
    const conditional = defineTool({
      ...bare,
      contract: { ...refund.contract, class: 'B', conditionalOn: ['ifVersion'] },
    });
    const answer = at.answer;
    at.answer = (request) => (request.method === 'POST' ? Promise.reject(new NoAnswer('silence')) : answer(request));
    const executor = at.executor([conditional]);
    await executor.perform([givenRow(givenWarrant())], at.round);
    versions.set('ord_1001', '3');
    await executor.perform([givenRow(givenWarrant(), { status: 'SENT', attempts: 2 })], at.round);
    const writes = at.sent.filter(({ method }) => method === 'POST');
    expect(writes).toMatchObject([{ body: { ifVersion: '2' } }, { body: { ifVersion: '2' } }]);
    const another = at.executor([conditional]);
    await another.perform([givenRow(givenWarrant(), { status: 'SENT', attempts: 3 })], at.round);
    expect(at.round.ending).toMatchObject({ tag: 'in-doubt' });
  });

  it('is not done again once it was sent', async () => {
    versions.set('ord_1001', '3');
    await perform({ context: [record('ord_1001', '2')] }, { status: 'SENT', attempts: 2 });
    expect(at.round.notes).toEqual(['retry as SENT']);
  });
});
