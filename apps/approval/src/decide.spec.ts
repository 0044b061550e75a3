import { describe, expect, it } from '@jest/globals';
import { eventIdOf } from '@countersign/contracts';
import type { Effect } from '@countersign/messaging/stream';
import {
  decideApproved,
  decideDenied,
  decideEscalated,
  decideExpiring,
  decideExpiry,
  decideNotYet,
  approvedTouches,
  approvedTouchesAlso,
  placeOf,
  type Facts,
} from './decide.js';
import {
  answer,
  approved,
  askedAgain,
  attributes,
  bob,
  denied,
  emitted,
  escalated,
  escalation,
  genuine,
  known,
  later,
  NOW,
  opened,
  preview,
  Rows,
} from './given.spec-support.js';
import { decideAnswer } from './answer.js';
import { actionKey, approvalIdOf, approvalKey, expiryWorkId } from './state.js';
describe('an escalated action', () => {
  it('opens one item: its event, its row and the work that expires it', () => {
    const data = escalation();
    const approvalId = approvalIdOf(data);
    const openedEventId = eventIdOf('countersign.approval.opened.v1', approvalId);
    const bound = {
      approvalId,
      intentId: 'int_1',
      actionId: 'act_1',
      revision: 0,
      actionHash: data.actionHash,
      tenant: 'acme',
    };
    expect(decideEscalated(escalated(data), new Rows(), genuine, NOW)).toEqual([
      {
        do: 'put',
        key: approvalKey(approvalId),
        state: {
          approvalId,
          openedAt: NOW.toISOString(),
          escalated: data,
          envelope: attributes,
          openedEventId,
          traceparent: '00-a-b-01',
          decisions: [],
          round: 0,
          expiries: 0,
          progress: { tag: 'open' },
        },
      },
      { do: 'put', key: actionKey('act_1'), state: { current: approvalId } },
      {
        do: 'emit',
        event: {
          ...attributes,
          type: 'countersign.approval.opened.v1',
          id: openedEventId,
          time: NOW.toISOString(),
          subject: 'act_1',
          causationid: 'evt_esc',
          traceparent: '00-a-b-01',
          data: { ...bound, tool: 'issue_refund', openedAt: NOW.toISOString(), expiresAt: data.expiresAt },
        },
      },
      {
        do: 'work',
        work: {
          id: expiryWorkId(approvalId, 0),
          kind: 'expire',
          target: 'clock',
          tenant: 'acme',
          body: {
            ...{ approvalId, what: 'expire', from: NOW.toISOString(), due: data.expiresAt, expiresAt: data.expiresAt },
            ...{ target: { tenant: 'acme', workflow: 'support-desk', tool: 'issue_refund' }, again: false },
          },
          notBefore: later(3600),
        },
      },
    ]);
  });

  it('opens nothing when it comes again, on whatever offset', () => {
    expect(decideEscalated(escalated(), opened(), genuine, NOW)).toEqual([{ do: 'ignore', because: 'already opened' }]);
  });

  it("opens nothing when policy's signature does not stand", () => {
    const forged = escalated();
    const facts = { forged: new Map([[placeOf(forged), 'the signature does not match']]), webhooks: false };
    expect(decideEscalated(forged, new Rows(), facts, NOW)).toEqual([
      { do: 'ignore', because: "not policy's: the signature does not match" },
    ]);
  });

  it('supersedes the item of the same action with another effect, and cancels its expiry', () => {
    const first = escalation();
    const second = escalation(preview('950.00'));
    const rows = opened(first);
    const effects = rows.apply(decideEscalated(escalated(second, 'evt_2'), rows, genuine, later(1)));
    expect(rows.item(first).progress).toEqual({
      tag: 'superseded',
      at: later(1).toISOString(),
      by: approvalIdOf(second),
    });
    expect(rows.item(second).progress).toEqual({ tag: 'open' });
    expect(effects).toContainEqual({ do: 'cancel', workId: expiryWorkId(approvalIdOf(first), 0) });
  });
});

describe('an action that was edited', () => {
  const of = escalation();
  const next = escalation(preview('500.00'), { revision: 1 });
  const previewing = () => approved(of, [], { grant: 'preview', revision: 1, edits: [{}] });
  const voided = () => {
    const rows = opened(of);
    const effects = rows.apply(decideApproved(previewing(), rows, genuine, later(1)));
    return { rows, effects };
  };

  it('leaves the item before void as soon as policy has taken the edit, and nothing expires it', () => {
    const { rows, effects } = voided();
    expect(rows.item(of).progress).toEqual({ tag: 'superseded', at: later(1).toISOString() });
    expect(effects).toContainEqual({ do: 'cancel', workId: expiryWorkId(approvalIdOf(of), 0) });
    expect(decideApproved(previewing(), rows, genuine, later(2))).toEqual([
      { do: 'ignore', because: 'already superseded' },
    ]);
  });

  it('has a new item with its effect, which the old one names', () => {
    const { rows } = voided();
    rows.apply(decideEscalated(escalated(next, 'evt_2'), rows, genuine, later(2)));
    const by = approvalIdOf(next);
    expect(rows.item(of).progress).toEqual({ tag: 'superseded', at: later(1).toISOString(), by });
    expect(rows.item(next).progress).toEqual({ tag: 'open' });
    const later1 = approved(next, [], { grant: 'preview', revision: 1, edits: [{}] });
    expect(decideApproved(later1, rows, genuine, later(3))).toEqual([
      { do: 'ignore', because: 'of no item before the edit' },
    ]);
  });

  it('counts as edited only when policy signed it', () => {
    const forged = previewing();
    const facts = { forged: new Map([[placeOf(forged), 'no']]), webhooks: false };
    expect(decideApproved(forged, opened(of), facts, NOW)).toEqual([{ do: 'ignore', because: "not policy's: no" }]);
  });

  it('touches the item of the action, and nothing where nobody changed anything', () => {
    const rows = opened(of);
    expect(approvedTouches(previewing())).toEqual([actionKey('act_1')]);
    expect(approvedTouchesAlso(previewing(), rows)).toEqual([approvalKey(approvalIdOf(of))]);
    expect(approvedTouchesAlso(approved(of), new Rows())).toEqual([]);
  });
});

describe('what is looked at once more after people said yes', () => {
  const of = escalation();
  const looked = () => {
    const rows = opened(of);
    rows.apply(decideApproved(approved(of, undefined, { grant: 'preview' }), rows, genuine, later(9)));
    return rows;
  };

  it('is approved for good once it may be committed', () => {
    const rows = looked();
    expect(rows.item(of).progress).toEqual({ tag: 'approved', at: later(9).toISOString(), looking: true });
    rows.apply(decideApproved(approved(of), rows, genuine, later(10)));
    expect(rows.item(of).progress).toEqual({ tag: 'approved', at: later(10).toISOString() });
  });

  it('is void when its effect has changed', () => {
    const rows = looked();
    const next = escalation(preview('950.00'));
    rows.apply(decideEscalated(escalated(next, 'evt_2'), rows, genuine, later(10)));
    expect(rows.item(of).progress).toMatchObject({ tag: 'superseded', by: approvalIdOf(next) });
  });

  it('is open again when policy asks for the very same once more, and expires anew', () => {
    const rows = looked();
    const asks = askedAgain(of, 'kill/* was tripped', 'evt_look');
    const effects = rows.apply(decideEscalated(asks, rows, genuine, later(10)));
    expect(rows.item(of)).toMatchObject({ progress: { tag: 'open' }, reopened: { because: 'kill/* was tripped' } });
    expect(effects).toMatchObject([
      { do: 'put' },
      { do: 'work', work: { id: expiryWorkId(approvalIdOf(of), 1), notBefore: later(3600) } },
    ]);
    rows.apply(decideApproved(approved(of, undefined, { grant: 'preview' }), rows, genuine, later(11)));
    expect(decideEscalated(asks, rows, genuine, later(12))).toEqual([{ do: 'ignore', because: 'already opened' }]);
  });
});

describe("policy's countersignature", () => {
  const of = escalation();

  it('on the very action that was shown makes the item approved', () => {
    const rows = opened(of);
    rows.apply(decideApproved(approved(of), rows, genuine, later(9)));
    expect(rows.item(of).progress).toEqual({ tag: 'approved', at: later(9).toISOString() });
  });

  it('on another effect leaves it as it is', () => {
    const rows = opened(of);
    expect(decideApproved(approved(escalation(preview('950.00'))), rows, genuine, NOW)).toEqual([
      { do: 'ignore', because: 'of no item' },
    ]);
  });

  it('counts only when it is signed', () => {
    const forged = approved(of);
    const facts = { forged: new Map([[placeOf(forged), 'no']]), webhooks: false };
    expect(decideApproved(forged, opened(of), facts, NOW)).toEqual([{ do: 'ignore', because: "not policy's: no" }]);
    const no = denied('APPROVAL_REJECTED');
    expect(decideDenied(no, opened(of), { forged: new Map([[placeOf(no), 'no']]), webhooks: false }, NOW)).toEqual([
      { do: 'ignore', because: "not policy's: no" },
    ]);
  });

  it('by rule touches no row', () => {
    expect(approvedTouches(approved(of, []))).toEqual([]);
  });

  it('denying makes it denied, or expired if that is why', () => {
    const rejected = opened(of);
    rejected.apply(decideDenied(denied('APPROVAL_REJECTED'), rejected, genuine, NOW));
    expect(rejected.item(of).progress).toEqual({
      tag: 'denied',
      at: NOW.toISOString(),
      code: 'APPROVAL_REJECTED',
      detail: 'because',
    });
    const late = opened(of);
    late.apply(decideDenied(denied('APPROVAL_EXPIRED'), late, genuine, NOW));
    expect(late.item(of).progress).toEqual({ tag: 'expired', at: NOW.toISOString(), confirmed: true });
  });
});

describe('the expiry', () => {
  const of = escalation();
  const id = approvalIdOf(of);

  it('ends what is open, and what policy never countersigned', () => {
    const open = opened(of);
    const decided = opened(of);
    decided.apply(decideAnswer(id, bob, answer(of), known(), decided, NOW).effects);
    for (const rows of [open, decided]) {
      const effects = rows.apply(decideExpiry(id, rows, later(3600)));
      expect(rows.item(of).progress).toEqual({ tag: 'expired', at: later(3600).toISOString() });
      expect(emitted(effects)).toMatchObject([
        {
          type: 'countersign.approval.expired.v1',
          id: eventIdOf('countersign.approval.expired.v1', id, 0),
          data: { approvalId: id },
        },
      ]);
    }
  });

  it('is announced again, under another id and later each time, until policy has denied the action', () => {
    const rows = opened(of);
    const ids: (string | undefined)[] = [];
    const waits: number[] = [];
    let due = 3600;
    for (let times = 0; times < 3; times++) {
      const effects = rows.apply(decideExpiry(id, rows, later(due)));
      const again = effects.flatMap((effect) => (effect.do === 'work' ? [effect.work] : []))[0]!;
      expect(again.id).toBe(expiryWorkId(id, times + 1));
      waits.push((again.notBefore!.getTime() - later(due).getTime()) / 1000);
      ids.push(emitted(effects)[0]?.id);
      due += waits.at(-1)!;
    }
    expect(waits).toEqual([5, 10, 20]);
    expect(new Set(ids).size).toBe(3);
    expect(rows.item(of).progress).toEqual({ tag: 'expired', at: later(3600).toISOString() });
    const effects = rows.apply(decideDenied(denied('APPROVAL_EXPIRED'), rows, genuine, later(due)));
    expect(effects).toContainEqual({ do: 'cancel', workId: expiryWorkId(id, 3) });
    expect(decideExpiry(id, rows, later(due))).toEqual([{ do: 'ignore', because: 'ended before' }]);
    expect(rows.item(of).progress).toEqual({ tag: 'expired', at: later(3600).toISOString(), confirmed: true });
  });

  it('is announced as often after a switch had stopped its time for long', () => {
    const rows = opened(of);
    for (let times = 0; times < 50; times++) rows.apply(decideNotYet(id, later(4000), rows));
    const effects = rows.apply(decideExpiry(id, rows, later(4000)));
    expect(effects.filter((effect) => effect.do === 'work')).toMatchObject([
      { work: { id: expiryWorkId(id, 51), notBefore: later(4005) } },
    ]);
  });

  it('does not stand in the way of being asked again: who had decided in time may decide anew', () => {
    const rows = opened(of);
    rows.apply(decideAnswer(id, bob, answer(of), known(), rows, later(3599)).effects);
    rows.apply(decideExpiry(id, rows, later(3600)));
    const asks = askedAgain(of, 'KILLED: kill/*', eventIdOf('countersign.approval.granted.v1', id, 0));
    rows.apply(decideEscalated(asks, rows, genuine, later(3601)));
    expect(rows.item(of)).toMatchObject({ progress: { tag: 'open' }, round: 1 });
    rows.apply(decideDenied(denied('APPROVAL_EXPIRED'), rows, genuine, later(3602)));
    expect(decideEscalated(asks, rows, genuine, later(3603))).toEqual([{ do: 'ignore', because: 'already opened' }]);
  });

  it('is announced for some hours and no longer: what was said stands on the topic', () => {
    const rows = opened(of);
    let announced = 0;
    for (let goesOn = true; goesOn && announced < 99; announced++) {
      const effects = rows.apply(decideExpiry(id, rows, later(3600)));
      goesOn = effects.some((effect) => effect.do === 'work');
    }
    expect(announced).toBe(20);
  });

  it('changes nothing once it is approved', () => {
    const rows = opened(of);
    rows.apply(decideApproved(approved(of), rows, genuine, NOW));
    expect(decideExpiry(id, rows, later(3600))).toEqual([{ do: 'ignore', because: 'ended before' }]);
  });

  it('that came before a switch was heard of is taken back: people have the time that is left', () => {
    const rows = opened(of);
    rows.apply(decideExpiry(id, rows, later(3600)));
    const effects = rows.apply(decideNotYet(id, later(4000), rows));
    expect(rows.item(of).progress).toEqual({ tag: 'open' });
    expect(effects).toMatchObject([
      { do: 'put' },
      { do: 'work', work: { id: expiryWorkId(id, 2), notBefore: later(4000) } },
    ]);
    rows.apply(decideApproved(approved(of), rows, genuine, NOW));
    expect(decideNotYet(id, later(4000), rows)).toEqual([{ do: 'ignore', because: 'ended before' }]);
  });
});

describe('whoever wants to know', () => {
  const of = escalation();
  const id = approvalIdOf(of);
  const told: Facts = { ...genuine, webhooks: true };
  const messages = (effects: Effect[]) =>
    effects.flatMap((effect) => (effect.do === 'work' && effect.work.kind === 'webhook' ? [effect.work] : []));

  it('is told of an item, without arguments, effect or words', () => {
    const token = `tok_${'a'.repeat(32)}`;
    const sealed = escalation(undefined, { arguments: { ...of.arguments, to: token, reason: 'the words' } });
    const [message, ...more] = messages(decideEscalated(escalated(sealed), new Rows(), told, NOW));
    expect(more).toEqual([]);
    const about = {
      approvalId: approvalIdOf(sealed),
      intentId: 'int_1',
      actionId: 'act_1',
      revision: 0,
      tenant: 'acme',
    };
    expect(message!.body).toEqual({
      type: 'approval.opened',
      timestamp: NOW.toISOString(),
      data: {
        ...{ ...about, workflow: 'support-desk', tool: 'issue_refund', requester: 'alice' },
        blast: { amount: { amount: '900.00', currency: 'EUR' }, records: 1, reversible: false },
        link: `/v1/approvals/${approvalIdOf(sealed)}`,
        expiresAt: sealed.expiresAt,
      },
    });
  });

  it('is told once how it ended, whatever comes again, and under another id than that it was opened', () => {
    const rows = new Rows();
    const [first] = messages(rows.apply(decideEscalated(escalated(of), rows, told, NOW)));
    const [ended] = messages(rows.apply(decideApproved(approved(of), rows, told, later(1))));
    expect(ended).toMatchObject({ body: { type: 'approval.decided', data: { approvalId: id, outcome: 'approved' } } });
    expect(ended!.id).not.toBe(first!.id);
    expect(messages(decideApproved(approved(of), rows, told, later(2)))).toEqual([]);
  });

  it.each([
    ['APPROVAL_REJECTED', { outcome: 'denied', code: 'APPROVAL_REJECTED' }],
    ['APPROVAL_EXPIRED', { outcome: 'expired' }],
  ])('is told of %s, and not the detail', (code, data) => {
    const [message] = messages(decideDenied(denied(code), opened(of), told, NOW));
    expect(message!.body).toMatchObject({ type: 'approval.decided', data });
    expect(JSON.stringify(message!.body)).not.toContain('because');
  });

  it('is told that it was approved when it may be committed, not while it is looked at once more', () => {
    const rows = opened(of);
    const looking = approved(of, undefined, { grant: 'preview' });
    expect(messages(rows.apply(decideApproved(looking, rows, told, later(1))))).toEqual([]);
    expect(messages(decideApproved(approved(of), rows, told, later(2)))).toHaveLength(1);
  });

  it('is told under ids of their own that an item was changed, and that the change was denied', () => {
    const rows = opened(of);
    const edited = approved(of, [], { grant: 'preview', revision: 1, edits: [{}] });
    const [changed] = messages(rows.apply(decideApproved(edited, rows, told, later(1))));
    const [ended] = messages(decideDenied(denied('LIMIT_EXCEEDED'), rows, told, later(2)));
    expect([changed, ended]).toMatchObject([
      { body: { data: { outcome: 'superseded' } } },
      { body: { data: { outcome: 'denied', code: 'LIMIT_EXCEEDED' } } },
    ]);
    expect(changed!.id).not.toBe(ended!.id);
  });

  it('is told of a superseded item and of the one that stands now', () => {
    const effects = decideEscalated(escalated(escalation(preview('950.00')), 'evt_2'), opened(of), told, NOW);
    expect(messages(effects).map(({ body }) => (body as { type: string }).type)).toEqual([
      'approval.decided',
      'approval.opened',
    ]);
  });

  it('is warned once at four fifths of its time, unless it has ended', () => {
    const rows = new Rows();
    const effects = rows.apply(decideEscalated(escalated(of), rows, told, NOW));
    const warning = effects.flatMap((effect) =>
      effect.do === 'work' && effect.work.kind === 'expiring' ? [effect.work] : [],
    );
    expect(warning).toMatchObject([
      { notBefore: later(2880), body: { what: 'expiring', due: later(2880).toISOString() } },
    ]);
    const [opened, warned] = [messages(effects)[0]!, messages(decideExpiring(id, later(3600), rows, later(2880)))[0]!];
    expect(warned.body).toMatchObject({ type: 'approval.expiring', data: { expiresAt: of.expiresAt } });
    expect(warned.id).not.toBe(opened.id);
    rows.apply(decideApproved(approved(of), rows, told, later(1)));
    expect(decideExpiring(id, later(3600), rows, later(2880))).toEqual([{ do: 'ignore', because: 'ended before' }]);
  });
});
