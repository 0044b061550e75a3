import { beforeEach, describe, expect, it } from '@jest/globals';
import { NoAnswer, NothingDone, ToolRefusal, type DoneOutcome } from '@countersign/tool-sdk';
import type { Preview } from '@countersign/contracts';
import { givenWarrant } from './given.spec-support.js';
import { OneCall, read, refund } from './one-call.spec-support.js';
import { SETTLE, type Warrant } from './state.js';

describe('a call of a tool', () => {
  let at: OneCall;
  beforeEach(() => {
    at = new OneCall();
  });

  describe('that touches a restricted record', () => {
    const previewed = refund({
      preview: () =>
        Promise.resolve({
          effect: { amount: 'of-a-star' },
          basis: { v: 'of-a-star' },
          recordsRead: [read],
          restricted: true,
        }),
    });

    it('gives an actor who may not nothing but that it was touched', async () => {
      const ending = await at.perform(previewed, { grant: 'preview' });
      expect(ending).toEqual({
        tag: 'failed',
        refusal: { code: 'RECORD_RESTRICTED', detail: expect.any(String), nextStep: expect.any(String) },
        recordsRead: [read],
      });
      expect(at.written).not.toContain('of-a-star');
    });

    it('gives an actor who may all of it', async () => {
      const actor = { sub: 'bob', tenant: 'acme', roles: ['lead'] };
      expect(await at.perform(previewed, { grant: 'preview', actor })).toMatchObject({ tag: 'previewed' });
    });

    it('is never committed on for an actor who may not', async () => {
      const preview = { effect: {}, basis: {}, digest: 'd' };
      expect(await at.perform(previewed, { preview })).toMatchObject({ refusal: { code: 'RECORD_RESTRICTED' } });
      expect(at.sent).toEqual([]);
    });
  });

  it('tells audit alone whose record it was', async () => {
    const refuse = () => Promise.reject(new ToolRefusal('NOT_FOUND', 'no such order', undefined, 'TENANT_MISMATCH'));
    for (const [change, grant] of [
      [{ preview: refuse }, 'preview'],
      [{ commit: refuse }, 'commit'],
    ] as const) {
      expect(await at.perform(refund(change), { grant })).toMatchObject({
        tag: 'failed',
        refusal: { code: 'NOT_FOUND', detail: 'no such order', auditCode: 'TENANT_MISMATCH' },
      });
    }
  });

  it.each(['IDEMPOTENCY_KEY_REQUIRED', 'IDEMPOTENCY_CONFLICT'] as const)(
    'fails with %s when its target says so',
    async (code) => {
      const tool = refund({ commit: () => Promise.reject(new ToolRefusal(code, 'the target said so')) });
      expect(await at.perform(tool)).toMatchObject({ tag: 'failed', refusal: { code, nextStep: expect.any(String) } });
    },
  );

  it('takes a refusal with a code nobody knows for a fault of the tool', async () => {
    const refuse = () => Promise.reject(new ToolRefusal('TEAPOT' as never, 'short and stout', undefined, 'X' as never));
    const why = { code: 'UPSTREAM_FAILED', detail: 'short and stout', nextStep: expect.any(String) };
    expect(await at.perform(refund({ preview: refuse }), { grant: 'preview' })).toMatchObject({ refusal: why });
    expect(await at.perform(refund({ commit: refuse }))).toEqual({ tag: 'failed', refusal: why, recordsRead: [] });
  });

  it.each<[string, Error, RegExp]>([
    [
      'a fault that quotes a record',
      new TypeError('Dana Doe is not a function'),
      /^the answer could not be used: TypeError at [\w.-]+:\d+$/,
    ],
    ['a syntax error that does', caught(() => JSON.parse('Dana Doe')), /SyntaxError/],
  ])('says kind and place of %s, and none of its words', async (_, error, detail) => {
    const ending = await at.perform(refund({ preview: () => Promise.reject(error) }), { grant: 'preview' });
    expect(ending).toMatchObject({ refusal: { code: 'UPSTREAM_FAILED', detail: expect.stringMatching(detail) } });
    expect(at.written).not.toContain('Dana');
  });

  it('looks again when the target was not asked, as its circuit is open: a preview is a POST like a write', async () => {
    const tool = refund({ preview: () => Promise.reject(new NothingDone('it is not asked just now')) });
    const preview = { effect: {}, basis: {}, digest: 'd' };
    for (const granted of [{ grant: 'preview' }, { preview }] as const) {
      await expect(at.perform(tool, granted)).rejects.toThrow('not asked');
      expect(at.round.notes).toEqual(['retry as QUEUED']);
    }
  });

  describe('asked about people', () => {
    const members = new Map([
      ['bob', { roles: ['support-lead'], active: true, system: 'desk', read: { ...read, type: 'member' } }],
    ]);
    const asking: Partial<Warrant> = { grant: 'preview', people: ['bob', 'gone'] };

    it('says what the directory has of each', async () => {
      at.directory = (_, sub) => Promise.resolve(members.get(sub));
      expect(await at.perform(refund(), asking)).toMatchObject({
        tag: 'previewed',
        recordsRead: [read, { ...read, type: 'member' }],
        people: [
          { sub: 'bob', roles: ['support-lead'], active: true, system: 'desk' },
          { sub: 'gone', roles: [], active: false },
        ],
      });
    });

    it('says nothing of them where the workflow has no directory', async () => {
      expect(await at.perform(refund(), asking)).not.toHaveProperty('people');
    });

    it('asks nobody for a commit', async () => {
      at.directory = () => Promise.reject(new Error('it was asked'));
      const { preview } = (await at.perform(refund(), { grant: 'preview' })) as { preview: Preview };
      expect(await at.perform(refund(), { ...asking, grant: 'commit', preview })).toMatchObject({ tag: 'committed' });
    });

    it('looks again when the directory does not answer', async () => {
      at.directory = () => Promise.reject(new NoAnswer('silence'));
      await expect(at.perform(refund(), asking)).rejects.toThrow('silence');
      expect(at.round.notes).toEqual(['retry as QUEUED']);
    });
  });

  describe('that is checked after its commit', () => {
    const holds = (detail: string): DoneOutcome => ({ holds: true, detail, recordsRead: [read] });
    beforeEach(() => {
      at.statement = 'The refund stands beside its order.';
    });

    it('says what the system of record shows, by a look of its own', async () => {
      const tool = refund({
        async done({ target }, args, { result }) {
          await target.request({ method: 'GET', path: `/refunds/${String(result['refundId'])}` });
          return holds(`${String(args['orderId'])} has it`);
        },
      });
      expect(await at.perform(tool)).toMatchObject({
        tag: 'committed',
        done: { holds: true, statement: at.statement, detail: 'ord_1001 has it', checked: [read] },
      });
      expect(at.round.notes).toEqual(['marked 1', 'POST /refunds', 'GET /refunds/ref_1', 'COMMITTED']);
      expect(at.errands.at(-1)).toMatchObject({ finishes: true, timeoutMs: 50, tenant: 'acme', actor: 'alice' });
      expect(at.errands.at(-1)).not.toHaveProperty('idempotencyKey');
    });

    it.each<[string, () => Promise<DoneOutcome>, string]>([
      ['gets no answer', () => Promise.reject(new NoAnswer('the desk answered 503', 503)), 'the desk answered 503'],
      ['is refused', () => Promise.reject(new ToolRefusal('NOT_FOUND', 'no such refund')), 'NOT_FOUND: no such refund'],
      ['fails', () => Promise.reject(new TypeError('Dana')), 'TypeError'],
      [
        'fails at once',
        () => {
          throw new TypeError('Dana');
        },
        'TypeError',
      ],
      ['never ends', () => new Promise(() => {}), 'no answer in 50 ms'],
    ])('is committed all the same when the check %s', async (_, done, detail) => {
      expect(await at.perform(refund({ done }))).toMatchObject({
        tag: 'committed',
        result: { refundId: 'ref_1' },
        done: { holds: false, detail: expect.stringContaining(detail), checked: [] },
      });
      expect(at.written).not.toContain('Dana');
    });

    it('is not said to be done without a statement, nor by what is not quite true', async () => {
      expect(
        await at.perform(refund({ done: () => Promise.resolve({ ...holds(''), holds: 1 as never }) })),
      ).toMatchObject({
        done: { holds: false },
      });
      at.statement = undefined;
      expect(await at.perform(refund({ done: () => Promise.resolve(holds('')) }))).not.toHaveProperty('done');
    });

    it('is checked as well when a look-up finds that it was done', async () => {
      const tool = refund({ done: () => Promise.resolve(holds('it stands')) });
      const preview = { effect: {}, basis: {}, digest: 'd' };
      expect(await at.perform(tool, { preview }, { status: 'SENT', attempts: 2 })).toMatchObject({
        tag: 'committed',
        done: { holds: true },
      });
      const { jti } = givenWarrant();
      expect(await at.perform(tool, {}, { id: `${jti}/settle`, kind: SETTLE })).toMatchObject({
        tag: 'resolved',
        committed: { done: { holds: true } },
      });
    });
  });
});

function caught(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}
