import { beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, type Json, type Preview } from '@countersign/contracts';
import { SealingUnavailable } from '@countersign/sealing';
import { NoAnswer, ToolRefusal } from '@countersign/tool-sdk';
import { OneCall, read, refund } from './one-call.spec-support.js';
import { tokenOf } from './round.spec-support.js';
import type { Warrant } from './state.js';

describe('sealed values in a call of a tool', () => {
  let at: OneCall;
  beforeEach(() => {
    at = new OneCall();
  });

  it('lets no token out that a record holds: nobody here has read its value', async () => {
    const token = tokenOf('the value of somebody else');
    at.answer = () => Promise.resolve({ status: 201, body: { refundId: `for ${token}` } });
    await at.perform(refund());
    expect(at.written).not.toContain(token);
    const form = { $sealed: { token, class: 'personal' } };
    const outcome = { effect: { amount: form }, basis: { form }, recordsRead: [{ ...read, id: token }] };
    await at.perform(refund({ preview: () => Promise.resolve(outcome) }), { grant: 'preview' });
    expect(at.written).not.toContain(token);
  });

  describe('while the sealing store is away', () => {
    const away = () => Promise.reject(new SealingUnavailable('down'));
    const personal = classified('personal', z.string());
    const forms = { output: z.object({ refundId: personal }), preview: z.object({ amount: personal }) };

    it.each<[string, Partial<Warrant>, string]>([
      ['a preview is looked at again', { grant: 'preview' }, 'retry as QUEUED'],
      ['what was done stays sent, and is asked after', {}, 'retry as SENT'],
    ])('%s, and nothing goes out', async (_, change, note) => {
      at.seal = away;
      await expect(at.perform(refund({}, forms), change)).rejects.toThrow(/sealing store|SealingUnavailable/);
      expect(at.round.notes.at(-1)).toBe(note);
    });

    it('a digest is of the token: another box of the same value is the same effect', async () => {
      const digests: string[] = [];
      for (const box of ['one', 'another']) {
        at.seal = (values) => Promise.resolve(values.map(({ value }) => ({ token: tokenOf(value), box })));
        const { preview } = (await at.perform(refund({}, forms), { grant: 'preview' })) as { preview: Preview };
        expect(preview.effect).toMatchObject({ amount: { $sealed: { box } } });
        digests.push(preview.digest);
      }
      expect(digests[0]).toBe(digests[1]);
    });

    it('nothing is sent of which an argument is sealed', async () => {
      at.open = away;
      const token = tokenOf('x');
      const sealed = { arguments: { orderId: token, amount: '1', currency: 'EUR', reason: 'x' }, opens: [token] };
      await expect(at.perform(refund(), sealed)).rejects.toThrow('the sealing store could not be asked');
      expect(at.round.notes).toEqual(['retry as QUEUED']);
    });
  });

  describe('with a sealed argument', () => {
    const secret = 'dana.doe@example.com';
    const token = tokenOf(secret);
    const args = (reason: Json) => ({ orderId: 'ord_1001', amount: '18.00', currency: 'EUR', reason });
    beforeEach(() => {
      at.openable.set(token, secret);
      at.answer = ({ body }) =>
        Promise.resolve({ status: 201, body: { refundId: `for ${(body as { reason: string }).reason}` } });
    });

    it.each<[string, Json]>([
      ['a text', `Refund ${token}, please.`],
      ['its token alone', token],
      ['its sealed form', { $sealed: { token, class: 'personal' } }],
    ])('given as %s reaches the target, and nothing else', async (_, reason) => {
      const ending = await at.perform(refund(), { arguments: args(reason), opens: [token] });
      expect(JSON.stringify(at.sent)).toContain(secret);
      expect(ending).toMatchObject({ tag: 'committed', result: { refundId: expect.stringContaining(token) } });
      expect(at.written).not.toContain('dana');
    });

    it('shows its token in previews, checks and refusals', async () => {
      at.statement = 'It stands.';
      const opens = [token];
      const told = (reason: unknown) => ({
        effect: { [`to ${String(reason)}`]: reason as Json },
        basis: { reason: reason as Json },
      });
      const previewing = refund({
        preview: (_, { reason }) =>
          Promise.resolve({ ...told(reason), recordsRead: [{ ...read, id: String(reason) }] }),
      });
      expect(await at.perform(previewing, { grant: 'preview', arguments: args(token), opens })).toMatchObject({
        tag: 'previewed',
      });
      expect(at.written).not.toContain('dana');
      const checking = refund({
        done: (_, { reason }) => Promise.resolve({ holds: true, detail: `sent to ${String(reason)}`, recordsRead: [] }),
      });
      expect(await at.perform(checking, { arguments: args(token), opens })).toMatchObject({
        done: { detail: `sent to ${token}` },
      });
      expect(at.written).not.toContain('dana');
      const refusing = refund({
        commit: (_, { reason }) =>
          Promise.reject(new ToolRefusal('NOT_FOUND', `no ${String(reason)}`, `Find ${String(reason)}.`)),
      });
      expect(await at.perform(refusing, { arguments: args(token), opens })).toMatchObject({
        refusal: { detail: `no ${token}`, nextStep: `Find ${token}.` },
      });
      expect(at.written).not.toContain('dana');
    });

    it('shows its token while it is tried again', async () => {
      const silent = (_: unknown, { reason }: Record<string, unknown>) =>
        Promise.reject(new NoAnswer(`no word of ${String(reason)}`));
      const given = { arguments: args(token), opens: [token] };
      const told = `no word of ${token}`;
      await expect(at.perform(refund({ commit: silent }), given)).rejects.toThrow(told);
      await expect(at.perform(refund({ preview: silent }), { ...given, grant: 'preview' })).rejects.toThrow(told);
    });

    it.each<[string, string[]]>([
      ['that this session has not read', []],
      ['that nobody can open any more', [tokenOf('another')]],
    ])('%s is refused unsent', async (_, opens) => {
      const given = opens[0] ?? token;
      expect(await at.perform(refund(), { arguments: args(`for ${given}`), opens })).toMatchObject({
        tag: 'failed',
        refusal: { code: 'INVALID_ARGUMENTS', detail: expect.stringContaining(given), nextStep: expect.any(String) },
      });
      expect(at.round.notes).toEqual(['FAILED']);
      if (opens.length === 0) expect(at.asked).toEqual([]);
    });
  });
});
