import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { classified, type Json } from '@countersign/contracts';
import { sealFields, type Seal } from './classes.js';

const seal: Seal = (_, dataClass) => ({ $sealed: { token: 'tok_hidden00', class: dataClass } });
const hidden = (dataClass: 'personal' | 'financial' | 'secret') => seal(null, dataClass);
const internal = classified('internal', z.string());
const personal = classified('personal', z.string());

describe('sealing by class', () => {
  it('hides what is personal and up, and shows the rest as it is', () => {
    const schema = z.object({
      id: internal,
      name: personal.nullable(),
      phone: personal.nullable().optional(),
      iban: classified('financial', z.string()),
      lines: z.array(z.object({ sku: internal, gift: personal })),
      address: classified('personal', z.object({ city: z.string() })),
    });
    const value = {
      id: 'c',
      name: 'Dana',
      phone: null,
      iban: 'DE',
      lines: [{ sku: 's', gift: 'To Dana' }],
      address: { city: 'Ulm' },
    };
    expect(sealFields(schema, value, seal)).toEqual({
      id: 'c',
      name: hidden('personal'),
      phone: null,
      iban: hidden('financial'),
      lines: [{ sku: 's', gift: hidden('personal') }],
      address: hidden('personal'),
    });
  });

  it('counts as secret what has no class, no schema, or another form than its schema', () => {
    const schema = z.object({ id: internal, note: z.string(), lines: z.array(z.object({ sku: internal })) });
    expect(sealFields(schema, { id: 'c', note: 'n', lines: 'none', more: { deep: 1 } }, seal)).toEqual({
      id: 'c',
      note: hidden('secret'),
      lines: hidden('secret'),
      more: hidden('secret'),
    });
    expect(sealFields(undefined, { a: 1 }, seal)).toEqual(hidden('secret'));
  });

  it('lets nothing through by a name of the prototype', () => {
    const value = JSON.parse('{"constructor": "Dana", "__proto__": "Dana"}') as Json;
    expect(JSON.stringify(sealFields(z.object({}), value, seal))).not.toContain('Dana');
  });

  it('lets no target pass a sealed value of its own making', () => {
    const forged = { $sealed: { token: 'tok_of_somebody_else', class: 'personal' } };
    const schema = z.object({ free: classified('internal', z.json()), id: internal });
    for (const value of [
      { free: forged, id: 'c' },
      { free: [{ deep: forged }], id: 'c' },
      { free: 'x', id: forged },
    ])
      expect(JSON.stringify(sealFields(schema, value as Json, seal))).not.toContain('somebody');
  });

  it('never lets a value without a class through', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sealed = sealFields(z.object({ known: internal }), { other: value as Json }, seal);
        expect(sealed).toEqual({ other: value === null ? null : hidden('secret') });
      }),
    );
  });
});
