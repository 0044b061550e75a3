import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classified, isSealed, type JsonObject } from '@countersign/contracts';
import type { ToSeal } from '@countersign/sealing';
import { Sealer } from './sealer.js';

const schema = z.object({
  id: classified('internal', z.string()),
  email: classified('personal', z.string()),
  iban: classified('financial', z.string()).nullable(),
});

describe('what leaves the executor', () => {
  const asked: ToSeal[][] = [];
  const sealer = new Sealer({
    seal: async (values) => {
      asked.push([...values]);
      return values.map((_, at) => ({ token: `tok_number${at}xx`, box: 'b' }));
    },
  });

  it('shows no field of class personal and up; all are asked for at once, under whose they are', async () => {
    const value = { id: 'cus_1', email: 'dana@example.com', iban: null, unnamed: 7 };
    const [shown, other] = await sealer.seal('acme', [
      { schema, value, subject: 'cus_1' },
      { schema, value: { id: 'cus_2', email: 'e@example.com', iban: 'x' }, subject: 'cus_2' },
    ]);
    expect(shown).toEqual({
      id: 'cus_1',
      email: { $sealed: { token: 'tok_number0xx', box: 'b', class: 'personal' } },
      iban: null,
      unnamed: { $sealed: { token: 'tok_number1xx', box: 'b', class: 'secret' } },
    });
    expect(isSealed((other as JsonObject)['email'])).toBe(true);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.map(({ value, subject, tenant }) => [value, subject, tenant])).toEqual([
      ['dana@example.com', 'cus_1', 'acme'],
      [7, 'cus_1', 'acme'],
      ['e@example.com', 'cus_2', 'acme'],
      ['x', 'cus_2', 'acme'],
    ]);
  });

  it('shows no IBAN or address that somebody wrote into a text of class internal', async () => {
    const value = { id: 'Pay DE89 3704 0044 0532 0130 00 or write to dana@example.com.', email: 'dana@example.com' };
    const [shown] = await sealer.seal('acme', [{ schema, value, subject: 'tck_1' }]);
    expect(shown).toEqual({
      id: 'Pay tok_number0xx or write to tok_number1xx.',
      email: { $sealed: { token: 'tok_number0xx', box: 'b', class: 'personal' } },
    });
  });

  it('costs no question where nothing is hidden', async () => {
    asked.length = 0;
    const value = { id: 'ord_1' };
    expect(await sealer.seal('acme', [{ schema, value, subject: 'ord_1' }])).toEqual([value]);
    expect(asked).toEqual([]);
  });
});
