import { describe, expect, it } from '@jest/globals';
import { editable, merged } from './editable.js';

const sealed = { $sealed: { token: 'tok_1', class: 'personal' } };

describe('an edit', () => {
  it('leaves sealed values out of the form, and in the action', () => {
    const schema = { properties: { to: {}, amount: {} }, required: ['to', 'amount'] };
    const form = editable(schema, { to: sealed, amount: '9.00' });
    expect(form).toEqual({
      schema: { properties: { amount: {} }, required: ['amount'] },
      data: { amount: '9.00' },
      sealed: ['to'],
    });
    expect(merged({ to: sealed, amount: '9.00' }, { amount: '5.00' })).toEqual({ to: sealed, amount: '5.00' });
  });
});
