import { describe, expect, it } from '@jest/globals';
import type { Message } from './state.js';
import { bounded } from './transcript.js';

const told = (content: object): Message => ({ role: 'tool', tool_call_id: 'c', content: JSON.stringify(content) });

describe('a transcript that grew too long', () => {
  const refusal = { status: 'denied', tool: 'pay', code: 'PERMISSION_DENIED', nextStep: 'Tell the user.', final: true };
  const shown = (message: Message) => JSON.parse(String(message.content)) as object;

  it('leaves out older results, and of a refusal only its words: its code and next step stay', () => {
    const long = 'x'.repeat(5_000);
    const [read, denied, last] = bounded(
      [
        told({ status: 'read', result: long }),
        told({ ...refusal, detail: long }),
        told({ status: 'read', result: 'y' }),
      ],
      600,
    );
    expect(shown(read!)).toMatchObject({ status: 'dropped' });
    expect(shown(denied!)).toEqual({ ...refusal, detail: 'Left out for length.' });
    expect(shown(last!)).toEqual({ status: 'read', result: 'y' });
  });
});
