import { describe, expect, it } from '@jest/globals';
import type { Player, Seen } from '../player.js';
import { declaredFlaws, Prompts } from './prompts.js';

const line = (path: string, value: string) =>
  `${path} = ${value} (helpdesk order ord_1 v2 at 2026-03-01T10:00:00.000Z, system)`;

function promptsOf(content: string): Prompts {
  let listener: (seen: Seen) => void = () => undefined;
  const prompts = new Prompts({ onRecord: (given: typeof listener) => (listener = given) } as unknown as Player);
  const data = { turn: 2, request: { messages: [{ content }] } };
  listener({ type: 'countersign.model.called.v1', intentId: 'int_1', data } as unknown as Seen);
  return prompts;
}

describe('what a stored prompt shows', () => {
  it.each([
    ['line by line', `${line('status', '"open"')}\n${line('total.amount', '"9.00"')}`],
    [
      'inside the JSON of a message',
      JSON.stringify({ shown: `${line('status', '"open"')}\n${line('total.amount', '"9.00"')}` }),
    ],
  ])('is read %s', (_, content) => {
    const fields = promptsOf(content).fields('int_1', 2);
    expect(fields.map(({ path, value, id, version, trust }) => [path, value, id, version, trust])).toEqual(
      expect.arrayContaining([['total.amount', '"9.00"', 'ord_1', '2', 'system']]),
    );
  });

  it('is exactly what is declared, or the difference is named', () => {
    const shown = promptsOf(`${line('status', '"open"')}\n${line('shipments.0.kind', '"whole"')}`).fields('int_1', 2);
    const flaws = (...declared: string[]) => declaredFlaws(shown, { type: 'order', id: 'ord_1' }, declared);
    expect(flaws('status', 'shipments.kind')).toEqual([]);
    expect(flaws('status').join()).toContain('shows shipments.kind');
    expect(flaws('status', 'shipments.kind', 'total').join()).toContain('lacks total');
  });
});
