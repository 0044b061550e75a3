import { describe, expect, it } from '@jest/globals';
import { answer, bob, carol, control, escalation, known, later, NOW, opened, preview } from './given.spec-support.js';
import { decideAnswer, decideLease } from './answer.js';
import { approvalIdOf } from './state.js';
import { cautionsOf, changesBetween, diffOf, difference, itemView, statusView } from './view.js';

describe('the diff of an effect', () => {
  it('reads pairs in both spellings, and shows the rest as new', () => {
    const effect = {
      order: 'ord_1',
      refundedBefore: '0.00',
      refundedAfter: '18.00',
      status: { before: 'open', after: 'closed' },
    };
    expect(diffOf(effect)).toEqual([
      { field: 'order', before: null, after: 'ord_1' },
      { field: 'refunded', before: '0.00', after: '18.00' },
      { field: 'status', before: 'open', after: 'closed' },
    ]);
  });
});

describe('cautions', () => {
  const record = { system: 'helpdesk', type: 'ticket', id: 'tic_1', version: '2', at: '2026-03-01T10:00:00.000Z' };

  it('mark what the model made up, what stands only in a stranger’s text, and what nobody knows of', () => {
    const provenance = {
      orderId: { origin: 'record', ...record, type: 'order', id: 'ord_1', field: 'id', trust: 'system' },
      amount: { origin: 'user', trust: 'user' },
      currency: { origin: 'model' },
      reason: { origin: 'record', ...record, field: 'body', trust: 'untrusted' },
      note: { origin: 'user', trust: 'untrusted' },
      'lines.0.sku': { origin: 'model' },
    } as const;
    const args = { ...Object.fromEntries(Object.keys(provenance).map((name) => [name, 'x'])), lines: [], to: 'x' };
    expect(cautionsOf({ arguments: args, provenance })).toEqual([
      { argument: 'currency', says: expect.stringContaining('from the model alone') },
      { argument: 'reason', says: "a stranger's words: it stands only in body of helpdesk ticket tic_1" },
      { argument: 'note', says: "a stranger's words: it stands only in quoted text" },
      { argument: 'lines.0.sku', says: expect.stringContaining('from the model alone') },
      { argument: 'to', says: 'where it comes from is not known' },
    ]);
  });
});

describe('the difference between two items', () => {
  it('names each field that is not the same', () => {
    expect(changesBetween({ a: 1, b: { c: 'x', d: [1] } }, { a: 1, b: { c: 'y', d: [1, 2] }, e: true })).toEqual([
      { field: 'b.c', before: 'x', after: 'y' },
      { field: 'b.d', before: [1], after: [1, 2] },
      { field: 'e', before: null, after: true },
    ]);
  });
});

describe('an item', () => {
  const of = escalation();
  const item = opened(of).item(of);
  const look = (person = bob, view = control(), at = later(60)) => ({ person, control: view, now: at });
  const killed = { killed: true, by: 'sam', reason: 'INC-42' };

  it('stands still while a switch is on: who stopped it, and what is left of its time', () => {
    const paused = look(bob, control(['kill/*', killed]), later(600));
    const time = {
      ...{ expiresAt: null, paused: true, remainingSeconds: 3600 },
      killed: { scope: 'kill/*', since: NOW.toISOString(), by: 'sam', reason: 'INC-42' },
    };
    expect(itemView(item, paused)).toMatchObject({ ...time, decidable: false });
    expect(statusView(item, paused)).toMatchObject(time);
    const rearmed = itemView(item, look(bob, control(['kill/*', killed], ['kill/*', { killed: false }])));
    expect(rearmed).toMatchObject({ expiresAt: later(3660).toISOString(), decidable: true });
    expect(rearmed).not.toHaveProperty('paused');
  });

  it('says who has it, and whether that is who looks', () => {
    const rows = opened(of);
    rows.apply(decideLease(approvalIdOf(of), bob, { do: 'claim', seconds: 60 }, known(), rows, NOW).effects);
    const claim = { by: 'bob', until: later(60).toISOString() };
    expect(itemView(rows.item(of), look(bob, control(), later(59)))).toMatchObject({ claim, claimedByMe: true });
    expect(itemView(rows.item(of), look(carol, control(), later(59)))).toMatchObject({ claim, claimedByMe: false });
    expect(itemView(rows.item(of), look(bob, control(), later(60)))).toMatchObject({ claim: null, claimedByMe: false });
  });

  it('keeps what was proposed, each edit and what would be done, side by side', () => {
    const edit = { by: 'bob', roles: ['support-lead'], reason: 'less', at: NOW.toISOString() };
    const [proposed, between, effective] = ['900.00', '700.00', '500.00'].map((amount) => ({
      ...of.arguments,
      amount,
    }));
    const changed = (before: string, after: string) => [{ field: 'amount', before, after }];
    const twice = escalation(preview('500.00'), {
      ...{ revision: 2, arguments: effective! },
      edits: [
        { ...edit, by: 'carol', arguments: proposed!, narrowing: false },
        { ...edit, arguments: between!, narrowing: true },
      ],
    });
    expect(itemView(opened(twice).item(twice), look())).toMatchObject({
      edits: {
        ...{ proposed, effective, difference: changed('900.00', '500.00') },
        history: [
          { by: 'carol', narrowing: false, before: proposed, after: between, difference: changed('900.00', '700.00') },
          { by: 'bob', narrowing: true, before: between, after: effective, difference: changed('700.00', '500.00') },
        ],
      },
      editorMayApprove: true,
    });
    expect(itemView(item, look())).not.toHaveProperty('edits');
  });

  it('shows in decisions what a person would have done instead', () => {
    const rows = opened(of);
    const args = { ...of.arguments, amount: '500.00' };
    rows.apply(decideAnswer(approvalIdOf(of), bob, answer(of, 'edit', args), known(), rows, NOW).effects);
    expect(itemView(rows.item(of), look())).toMatchObject({
      status: 'decided',
      decisions: [{ decision: 'edit', arguments: args }],
    });
  });

  it('decided by other rules is another one, and the difference says so', () => {
    const next = escalation(undefined, { policyVersion: 'p2' });
    expect(difference(item, opened(next).item(next))).toEqual([{ field: 'policyVersion', before: 'p1', after: 'p2' }]);
  });
});
