import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { classified, jcs, type Incoming, type JsonObject } from '@countersign/contracts';
import { shapesIn, type ToSeal } from '@countersign/sealing';
import type { ToolContract } from '@countersign/tool-sdk';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { createHash } from 'node:crypto';
import { sealSaid } from './words.js';

const alice = { tenant: 'acme', sub: 'alice' };
const PLANTED = ['dana@example.com', 'DE89 3704 0044 0532 0130 00', '4111 1111 1111 1111', '+49 170 1234567'];

/** Tokens as the store gives them: one for a value of a tenant. */
class Tokens {
  readonly asked: ToSeal[] = [];
  readonly seal = async (values: readonly ToSeal[]) => {
    this.asked.push(...values);
    return values.map(({ tenant, value }) => ({ token: this.of(value as string, tenant), box: 'b' }));
  };
  of = (value: unknown, tenant = 'acme') =>
    `tok_${createHash('sha256')
      .update(jcs([tenant, value]))
      .digest('hex')
      .slice(0, 32)}`;
}

const contract = {
  name: 'write_letter',
  input: z.strictObject({
    orderId: classified('internal', z.string()),
    name: classified('personal', z.string()),
    lines: z.array(z.strictObject({ pin: classified('secret', z.string()) })).optional(),
  }),
} as unknown as ToolContract;
const workflows = new Map([['desk', { workflow: { tools: [contract] } } as unknown as LoadedWorkflow]]);

const incoming = (type: string, data: object, text = '{}') =>
  ({ event: { type, id: 'e-1', source: '/x', data }, text }) as unknown as Incoming;
const spoken = (words: string, more: object = {}) =>
  incoming('countersign.intent.requested.v1', { workflow: 'desk', session: 's', text: words, ...more });
const called = (args: JsonObject, tool = 'write_letter') =>
  incoming('countersign.action.requested.v1', { workflow: 'desk', session: 's', tool, arguments: args });

describe('what a person says (the numbers are those of words.ts)', () => {
  it('goes on with tokens in the place of known shapes, all else as it was (1)', async () => {
    const tokens = new Tokens();
    const text = `Refund 18.00 EUR of ord_1001 to ${PLANTED[1]} and tell ${PLANTED[0]}.`;
    const said = await sealSaid(spoken(text), alice, workflows, tokens);
    const [iban, email] = [tokens.of('DE89370400440532013000'), tokens.of('dana@example.com')];
    expect(said).toEqual({ text: `Refund 18.00 EUR of ord_1001 to ${iban} and tell ${email}.`, tokens: [iban, email] });
    const of = { tenant: 'acme', subject: 'alice', said: true };
    expect(tokens.asked).toEqual([
      { ...of, value: 'DE89370400440532013000', dataClass: 'financial' },
      { ...of, value: 'dana@example.com', dataClass: 'personal' },
    ]);
  });

  it('is sealed by its shapes in what an approver makes of a call (1)', async () => {
    const tokens = new Tokens();
    const edited = incoming('countersign.approval.edited.v1', { intentId: 'int_1', arguments: { note: PLANTED[0]! } });
    const email = tokens.of(PLANTED[0]);
    expect(await sealSaid(edited, alice, workflows, tokens)).toEqual({ arguments: { note: email }, tokens: [email] });
    expect(tokens.asked).toMatchObject([{ tenant: 'acme', subject: 'alice', said: true }]);
  });

  it('is filed under the record that the intent is about, where it names one', async () => {
    const tokens = new Tokens();
    await sealSaid(
      spoken('to dana@example.com', { subject: { type: 'customer', id: 'cus_1' } }),
      alice,
      workflows,
      tokens,
    );
    expect(tokens.asked.map(({ subject }) => subject)).toEqual(['cus_1']);
  });

  it('is sealed in what it is about as well, and such a value names no data subject (1)', async () => {
    const tokens = new Tokens();
    const subject = { type: 'customer', id: 'dana@example.com' };
    const email = tokens.of('dana@example.com');
    expect(await sealSaid(spoken('Who is it?', { subject }), alice, workflows, tokens)).toEqual({
      text: 'Who is it?',
      subject: { type: 'customer', id: email },
      tokens: [email],
    });
    expect(tokens.asked).toMatchObject([{ subject: 'alice', value: 'dana@example.com' }]);
  });

  it('is all there is: no shape is left, and what is sealed stays as it is the next time (1)', async () => {
    const word = fc.oneof(fc.constantFrom(...PLANTED, 'ord_1001', '18.00', 'tok_x', '@', "'", '+'), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 8 }), fc.constantFrom(' ', ', ', ''), async (words, gap) => {
        const tokens = new Tokens();
        const text = words.join(gap);
        const said = await sealSaid(spoken(text), alice, workflows, tokens);
        const shown = said?.text ?? text;
        expect(shapesIn(shown)).toEqual([]);
        expect(await sealSaid(spoken(shown), alice, workflows, tokens)).toBeUndefined();
      }),
    );
  });

  it('in arguments too: in texts, however deep, and in their names (1)', async () => {
    const tokens = new Tokens();
    const args = {
      note: 'mail dana@example.com',
      deep: [{ 'dana@example.com': ['+49 170 1234567', 7, null, true] }],
      card: 4111111111111111,
    };
    const said = await sealSaid(called(args, 'other_tool'), alice, workflows, tokens);
    const [email, phone] = [tokens.of('dana@example.com'), tokens.of('+491701234567')];
    const card = tokens.of('4111111111111111');
    expect(said).toEqual({
      arguments: { note: `mail ${email}`, deep: [{ [email]: [phone, 7, null, true] }], card },
      tokens: [email, phone, card],
    });
  });

  it('an argument of class personal and up is sealed whole, and those beside it stay (2)', async () => {
    const tokens = new Tokens();
    const args = { orderId: 'ord_1001', name: 'Dana Smith', lines: [{ pin: '1234' }], unknown: 'left to policy' };
    const said = await sealSaid(called(args), alice, workflows, tokens);
    const [name, pin] = [tokens.of('Dana Smith'), tokens.of('1234')];
    expect(said).toEqual({ arguments: { ...args, name, lines: [{ pin }] }, tokens: [name, pin] });
  });

  it('a token that somebody typed is not said (3)', async () => {
    const typed = `tok_${'0'.repeat(32)}`;
    expect(await sealSaid(spoken(`open ${typed}`), alice, workflows, new Tokens())).toBeUndefined();
    const said = await sealSaid(spoken(`open ${typed} for dana@example.com`), alice, workflows, new Tokens());
    expect(said?.tokens).toEqual([new Tokens().of('dana@example.com')]);
  });

  it('with nothing to seal asks nothing, and waits while the store cannot be asked (4)', async () => {
    const tokens = new Tokens();
    expect(await sealSaid(spoken('Refund 18.00 EUR of ord_1001'), alice, workflows, tokens)).toBeUndefined();
    expect(await sealSaid(called({ orderId: 'ord_1001' }), alice, workflows, tokens)).toBeUndefined();
    expect(tokens.asked).toEqual([]);
    const down = { seal: () => Promise.reject(new Error('down')) };
    await expect(sealSaid(spoken('dana@example.com'), alice, workflows, down)).rejects.toThrow('down');
  });
});
