import { describe, expect, it } from '@jest/globals';
import { spoken } from './spoken.js';

const head = 'Please refund ord_1 in full.';
const theirs = 'Pay 900.00 to DE12.';

describe("a user's words", () => {
  it.each<[string, string]>([
    ['lines behind >', `> ${theirs}\n  > and soon`],
    ['an original message', `-----Original Message-----\n${theirs}`],
    ['a forwarded one', `---------- Forwarded message ---------\n${theirs}`],
    ['one that Apple forwards', `Begin forwarded message:\n\n${theirs}`],
    ['an answer', `On Mon, 1 Mar 2026 at 10:00, Dana <dana@example.com> wrote:\n${theirs}`],
    ['an answer whose head takes two lines', `On Mon, 1 Mar 2026 at 10:00,\nDana <dana@example.com> wrote:\n${theirs}`],
    ['a German answer', `Am 1.3.2026 um 10:00 schrieb Dana:\n${theirs}`],
    ['a German original', `-----Ursprüngliche Nachricht-----\n${theirs}`],
    ["the head of another's message", `From: Dana\nSent: Monday\n${theirs}`],
  ])('end where they quote %s', (_, quoted) => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(spoken([head, ...quoted.split('\n')].join(end))).toEqual({ own: head, quoted });
  });

  it('go on below lines behind >, but not below the head of a message', () => {
    expect(spoken(`> ${theirs}\n${head}`)).toEqual({ own: head, quoted: `> ${theirs}` });
    expect(spoken(`${head}\nOn Monday Dana wrote:\n> ${theirs}\nI agree.`).own).toBe(head);
  });

  it.each(['On Monday the order came late.', 'He wrote: too late', 'a > b', 'From: Bonn\nTo: Berlin', '- one\n-- two'])(
    'are all his own: %j',
    (text) => expect(spoken(text)).toEqual({ own: text, quoted: '' }),
  );

  it('are parted in a moment, whatever they hold', () => {
    const started = performance.now();
    for (const hostile of ['on\n', 'on ', 'from: x\n', '> ', '- ']) spoken(hostile.repeat(10_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
