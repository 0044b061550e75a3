import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  actionIdOf,
  deriveId,
  digest,
  eventIdOf,
  intentIdOf,
  UNVERIFIED,
  type AnyEvent,
  type EventData,
  type EventDraft,
  type EventType,
  type OutRecord,
} from '@countersign/contracts';
import { sealedDigest } from '@countersign/identity';
import { until } from '@countersign/testing';
import { Stage, type Name } from './service.fixture.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

const refund = (amount: string) => ({
  ...{ workflow: 'support-desk', session: 's-1', tool: 'issue_refund' },
  arguments: { orderId: 'ord_1001', amount, currency: 'EUR', reason: 'late delivery' },
});
const ask = async (
  id: string,
  data: object,
  by: Name | { token: string | undefined } = 'alice',
  given: Parameters<Stage['request']>[4] = {},
) => {
  const token = typeof by === 'string' ? await stage.token(by) : by.token;
  await stage.request('countersign.action.requested.v1', id, data, token, given);
  return intentIdOf('acme', '/shop', id);
};
const about = async (intentId: string) =>
  (await stage.decisions()).filter(({ correlationid }) => correlationid === intentId);
const types = (events: AnyEvent[]) => events.map(({ type }) => type.replace(/^countersign\.|\.v1$/g, ''));

const preview = { effect: { remaining: '100.00' }, basis: { version: '3' }, digest: digest({ remaining: '100.00' }) };
const envelope = (intentId: string, type: EventType, ...cause: string[]) => ({
  ...{
    type,
    id: eventIdOf(type, intentId, ...cause),
    subject: actionIdOf(intentId, 0, 0),
    tenantid: 'acme',
    actorid: 'alice',
    session: 's-1',
  },
  ...{ correlationid: intentId, causationid: 'x', time: '2026-03-01T10:00:00Z' },
});

function previewed({ data }: { data: EventData<'countersign.action.approved.v1'> }): EventDraft {
  const { intentId, actionId, tenant, tool, toolVersion, jti } = data;
  return {
    ...envelope(intentId, 'countersign.action.previewed.v1', jti),
    type: 'countersign.action.previewed.v1',
    data: {
      intentId,
      actionId,
      revision: 0,
      tenant,
      tool,
      toolVersion,
      jti,
      grant: 'preview',
      attempts: 1,
      endedAt: '2026-03-01T10:00:00Z',
      recordsRead: [],
      preview,
    },
  };
}

/** A refund of 900 that waits for a lead. */
async function escalated(id: string) {
  const intentId = await ask(id, refund('900.00'));
  await stage.emit('executor', previewed(await stage.decided('countersign.action.approved.v1', intentId)));
  return stage.decided('countersign.action.escalated.v1', intentId);
}

async function yes(
  { data }: { data: EventData<'countersign.action.escalated.v1'> },
  by: Name,
  change = {},
  token?: string,
  seal: (token: string) => Promise<string> = stage.sealed,
): Promise<EventDraft> {
  const sealed = await seal(token ?? (await stage.token(by)));
  const { intentId, actionId, revision, actionHash, tenant } = data;
  return {
    ...envelope(intentId, 'countersign.approval.granted.v1', by, JSON.stringify(change)),
    type: 'countersign.approval.granted.v1',
    data: {
      ...{
        approvalId: deriveId('apr', actionId, revision, actionHash),
        intentId,
        actionId,
        revision,
        actionHash,
        tenant,
      },
      ...{ approver: { sub: by, roles: ['support-lead'] }, reason: 'checked', decidedAt: '2026-03-01T10:00:00Z' },
      tokenDigest: sealedDigest(sealed),
      ...change,
    },
    authorization: `Bearer ${sealed}`,
  };
}

type Warrant = { data: EventData<'countersign.action.approved.v1'> };

function doubted({ data }: Warrant): EventDraft {
  const { intentId, actionId, tenant, tool, toolVersion, jti, idempotencyKey } = data;
  const type = 'countersign.action.in-doubt.v1';
  const executed = { attempts: 1, endedAt: '2026-03-01T10:00:00Z', idempotencyKey, known: 'sent once' };
  return {
    ...{ ...envelope(intentId, type, jti), type },
    data: {
      ...{ intentId, actionId, revision: 0, tenant, tool, toolVersion, jti, grant: 'commit' as const, ...executed },
      ...{ code: 'IN_DOUBT', detail: 'no answer', nextStep: 'Look.' },
    },
  };
}

async function verdict({ data }: Warrant, by: Name, reason: string, token?: string): Promise<EventDraft> {
  const sealed = await stage.sealed(token ?? (await stage.token(by)));
  const { intentId, actionId, tenant } = data;
  const type = 'countersign.approval.settled.v1';
  return {
    ...{ ...envelope(intentId, type, reason), type },
    data: {
      ...{ intentId, actionId, revision: 0, tenant, outcome: 'committed', reason, tokenDigest: sealedDigest(sealed) },
      ...{ approver: { sub: by, roles: ['support-lead'] }, decidedAt: '2026-03-01T10:00:00Z' },
    },
    authorization: `Bearer ${sealed}`,
  };
}

describe('policy on real Kafka and PostgreSQL', () => {
  it('accepts and grants once, however often and on whatever partition the intent comes', async () => {
    const intentId = await ask('repeat-1', refund('18.00'));
    await stage.decided('countersign.action.approved.v1', intentId);
    await ask('repeat-1', refund('18.00'));
    await ask('repeat-1', refund('18.00'), 'alice', { key: 'acme/elsewhere' });
    await ask('repeat-1', refund('19.00'), 'alice', { key: 'acme/somewhere' });
    const last = await Promise.all(
      ['s-1', 'elsewhere', 'somewhere'].map((session) =>
        ask(`after-${session}`, refund('1.00'), 'alice', { key: `acme/${session}` }),
      ),
    );
    await Promise.all(last.map((id) => stage.decided('countersign.action.approved.v1', id)));
    const events = await about(intentId);
    expect(types(events)).toEqual(['intent.accepted', 'action.approved']);
    expect(events[1]!.data).toMatchObject({
      grant: 'commit',
      arguments: refund('18.00').arguments,
      actor: { sub: 'alice' },
    });
  });

  it('keeps that over a kill in the middle of a burst', async () => {
    const ids = Array.from({ length: 60 }, (_, at) => `burst-${at}`);
    const token = await stage.token('alice');
    const sent = Promise.all(ids.map((id, at) => ask(id, refund('2.00'), { token }, { key: `acme/b-${at % 7}` })));
    await stage.crash();
    const intentIds = await sent;
    await Promise.all(ids.map((id, at) => ask(id, refund('2.00'), { token }, { key: `acme/b-${at % 7}` })));
    await stage.start();
    const done = await ask('burst-end', refund('3.00'), { token });
    for (const id of [...intentIds, done]) await stage.decided('countersign.action.approved.v1', id);
    const decisions = (await stage.decisions()).filter(({ correlationid }) => intentIds.includes(correlationid));
    // A crash between the commit and the outbox publishes again: the same ids, never others.
    expect(new Set(decisions.map(({ id }) => id)).size).toBe(2 * ids.length);
  });

  it('refuses a token that had expired when the broker took it, whatever time the client claims', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const token = await stage.token('alice', { exp: nowSeconds - 60 });
    await ask('late', refund('18.00'), { token }, { timestamp: String((nowSeconds - 120) * 1000) });
    const refused = await stage.decided('countersign.intent.refused.v1', intentIdOf(UNVERIFIED, '/shop', 'late'));
    expect(refused).toMatchObject({
      tenantid: 'unverified',
      data: { code: 'UNAUTHENTICATED', detail: expect.stringContaining('EXPIRED') },
    });
    expect(await about(intentIdOf('acme', '/shop', 'late'))).toEqual([]);
  });

  it('refuses a service account, a forged token and none, in nobody’s name', async () => {
    const service = await stage.token('alice', { sub: 'assistant', client_id: 'assistant' });
    const [head, , signature] = (await stage.token('alice')).split('.');
    const forged = `${head}.${Buffer.from(JSON.stringify({ sub: 'bob', tenant: 'acme' })).toString('base64url')}.${signature}`;
    for (const [id, token] of [
      ['svc', service],
      ['forged', forged],
      ['none', undefined],
    ] as const) {
      await ask(id, refund('18.00'), { token });
      const refused = await stage.decided('countersign.intent.refused.v1', intentIdOf(UNVERIFIED, '/shop', id));
      expect(refused.data.code).toBe('UNAUTHENTICATED');
      expect(JSON.stringify(refused)).not.toContain(token ?? 'Bearer');
    }
  });

  it("refuses a record keyed for another tenant than its token's", async () => {
    await ask('mixed', refund('18.00'), 'erin');
    const refused = await stage.decided('countersign.intent.refused.v1', intentIdOf('globex', '/shop', 'mixed'));
    expect(refused).toMatchObject({ tenantid: 'globex', actorid: 'erin', data: { code: 'TENANT_MISMATCH' } });
    const own = await ask('mixed', refund('18.00'));
    await stage.decided('countersign.action.approved.v1', own);
  });

  it('moves only on results that executor signed', async () => {
    const intentId = await ask('forged-result', refund('900.00'));
    const draft = previewed(await stage.decided('countersign.action.approved.v1', intentId));
    const unsigned = (record: OutRecord) => ({ ...record, headers: { ...record.headers, ce_signature: '' } });
    const altered = (record: OutRecord) => ({ ...record, value: record.value.replace('100.00', '999.00') });
    await stage.emit('executor', draft, unsigned);
    await stage.emit('executor', draft, altered);
    await stage.emit('stranger', draft);
    await stage.emit('approval', draft);
    await stage.emit('executor', draft);
    const asked = await stage.decided('countersign.action.escalated.v1', intentId);
    expect(asked.data.preview).toEqual(preview);
    expect(types(await about(intentId))).toEqual(['intent.accepted', 'action.approved', 'action.escalated']);
  });

  it('commits on the word of a person it verified itself, and on no other', async () => {
    const asked = await escalated('approvals');
    const { correlationid: intentId } = asked;
    const reworded = (record: OutRecord) => ({ ...record, value: record.value.replace('checked', 'Checked') });
    await stage.emit('approval', await yes(asked, 'bob'), reworded);
    await stage.emit('stranger', await yes(asked, 'bob', { reason: 'a stranger' }));
    await stage.emit('executor', await yes(asked, 'bob', { reason: 'another service' }));
    await stage.emit(
      'approval',
      await yes(asked, 'alice', { reason: 'self' }, await stage.token('alice', { roles: ['support-lead'] })),
    );
    await stage.emit('approval', await yes(asked, 'gil', { reason: 'other tenant' }));
    await stage.emit(
      'approval',
      await yes(asked, 'bob', { reason: "somebody else's token" }, await stage.token('alice')),
    );
    await stage.emit('approval', await yes(asked, 'bob', { reason: 'expired' }, await stage.token('bob', { exp: 1 })));
    await stage.emit(
      'approval',
      await yes(asked, 'bob', { reason: 'unsealed' }, undefined, (token) => Promise.resolve(token)),
    );
    const others = await stage.sealed(await stage.token('bob'));
    await stage.emit('approval', await yes(asked, 'bob', { reason: "another's token" }), (record) => ({
      ...record,
      headers: { ...record.headers, authorization: `Bearer ${others}` },
    }));
    await stage.emit('approval', await yes(asked, 'bob', { reason: 'another effect', actionHash: 'x' }));
    await stage.emit('approval', await yes(asked, 'bob', { reason: 'the real one' }));
    await stage.emit('approval', await yes(asked, 'bob', { reason: 'once more' }));
    const commit = await stage.decided('countersign.action.approved.v1', intentId, 1);
    expect(commit.data).toMatchObject({
      grant: 'commit',
      preview,
      approvers: [{ sub: 'bob', roles: ['support-lead'], reason: 'the real one' }],
    });
    expect(commit.data.exp * 1000 - Date.parse(commit.data.decidedAt)).toBeLessThanOrEqual(60_000);
    await stage.decided('countersign.action.approved.v1', await ask('approvals-end', refund('1.00')));
    // Whatever approval itself signed and is not taken is answered: people are asked again, and told why.
    const said = await about(intentId);
    const again = said.flatMap(({ type, data }) =>
      type === 'countersign.action.escalated.v1' && data.because ? [data.because] : [],
    );
    expect(again).toEqual([
      'SELF_APPROVAL: the approver asked for it',
      'the approver is of another tenant',
      'the token is of somebody else than the approver named',
      expect.stringContaining('EXPIRED'),
      'the sealed token cannot be opened',
    ]);
    expect(types(said)).toEqual([
      ...['intent.accepted', 'action.approved', 'action.escalated'],
      ...again.map(() => 'action.escalated'),
      'action.approved',
    ]);
  });

  it('settles a doubt on the word of a person it verified itself, and on no other', async () => {
    const intentId = await ask('doubt', refund('19.00'));
    const warrant = await stage.decided('countersign.action.approved.v1', intentId);
    await stage.emit('executor', doubted(warrant));
    const bobs = await stage.sealed(await stage.token('bob'));
    await stage.emit('stranger', await verdict(warrant, 'bob', 'a stranger'));
    await stage.emit('executor', await verdict(warrant, 'bob', 'another service'));
    await stage.emit('approval', await verdict(warrant, 'bob', "another's token"), (record) => ({
      ...record,
      headers: { ...record.headers, authorization: `Bearer ${bobs}` },
    }));
    await stage.emit(
      'approval',
      await verdict(warrant, 'alice', 'self', await stage.token('alice', { roles: ['support-lead'] })),
    );
    await stage.emit('approval', await verdict(warrant, 'gil', 'other tenant'));
    await stage.emit('approval', await verdict(warrant, 'sam', 'no role'));
    await stage.emit('approval', await verdict(warrant, 'bob', 'expired', await stage.token('bob', { exp: 1 })));
    await stage.emit('approval', await verdict(warrant, 'bob', 'the real one'));
    await stage.emit('approval', await verdict(warrant, 'bob', 'once more'));
    const settled = await stage.decided('countersign.action.settled.v1', intentId);
    expect(settled.data).toMatchObject({ outcome: 'committed', by: 'bob', reason: 'the real one' });
    await stage.decided('countersign.action.approved.v1', await ask('doubt-end', refund('1.00')));
    const said = (await about(intentId)).slice(2);
    expect(said.map(({ data }) => ('code' in data ? data.code : 'settled'))).toEqual([
      ...['SELF_APPROVAL', 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'UNAUTHENTICATED', 'settled'],
    ]);
  });

  it('takes an edit on the same terms, and asks on its effect anew', async () => {
    const asked = await escalated('edited');
    const { correlationid: intentId } = asked;
    const edit = async (amount: string, token?: string) => {
      const { authorization, ...said } = await yes(asked, 'bob', { reason: amount }, token);
      const data = { ...said.data, arguments: refund(amount).arguments };
      const type = 'countersign.approval.edited.v1';
      return { ...said, ...envelope(intentId, type, amount), type, data, authorization } as EventDraft;
    };
    await stage.emit('stranger', await edit('899.00'));
    await stage.emit('approval', await edit('898.00', await stage.token('alice')));
    await stage.emit('approval', await edit('5.00'));
    const fresh = await stage.decided('countersign.action.approved.v1', intentId, 1);
    expect(fresh.data).toMatchObject({
      ...{ grant: 'preview', revision: 1, arguments: { amount: '5.00' } },
      edits: [{ by: 'bob', arguments: { amount: '900.00' }, narrowing: true }],
    });
    await stage.emit('executor', previewed(fresh));
    const anew = await stage.decided('countersign.action.escalated.v1', intentId, 2);
    expect(anew.data).toMatchObject({ revision: 1, provenance: { amount: { origin: 'approver' } } });
    await stage.emit('approval', await yes(anew, 'bob'));
    expect((await stage.decided('countersign.action.approved.v1', intentId, 2)).data.grant).toBe('commit');
  });

  it('lets a token wait for a provider that is away, and nothing else wait behind it', async () => {
    const asked = await ask('before-outage', refund('900.00'));
    const warrant = await stage.decided('countersign.action.approved.v1', asked);
    await stage.provider.makeKey('k-new');
    stage.provider.setUp(false);
    await stage.request(
      'countersign.action.requested.v1',
      'outage',
      refund('18.00'),
      await stage.token('alice', {}, 'k-new'),
    );
    await stage.emit('executor', previewed(warrant));
    await stage.decided('countersign.action.escalated.v1', asked);
    // The same partition: whoever's key is known is not held up.
    await stage.decided('countersign.action.approved.v1', await ask('beside-outage', refund('18.00')));
    const waiting = intentIdOf('acme', '/shop', 'outage');
    expect([...(await about(waiting)), ...(await about(intentIdOf(UNVERIFIED, '/shop', 'outage')))]).toEqual([]);
    stage.provider.publish('k1', 'k-new');
    stage.provider.setUp(true);
    await stage.decided('countersign.action.approved.v1', waiting);
  });

  it('hears the planner alone, and nothing of it after its reply', async () => {
    const token = await stage.token('alice');
    const words = { workflow: 'support-desk', session: 's-1', text: 'look at ord_1001' };
    await stage.request('countersign.intent.requested.v1', 'planned-1', words, token);
    const intentId = intentIdOf('acme', '/shop', 'planned-1');
    await stage.decided('countersign.intent.accepted.v1', intentId);
    const proposal = (index: number): EventDraft => ({
      ...envelope(intentId, 'countersign.action.proposed.v1', String(index)),
      type: 'countersign.action.proposed.v1',
      data: {
        ...{ intentId, actionId: actionIdOf(intentId, 0, index), turn: 0, index, workflow: 'support-desk' },
        ...{ tool: 'get_order', arguments: { orderId: 'ord_1001' }, dryRun: false, callId: `c${index}` },
      },
    });
    await stage.emit('stranger', proposal(0));
    await stage.emit('executor', proposal(1));
    await stage.emit('planner', proposal(2));
    await stage.decided('countersign.action.approved.v1', intentId);
    const reply = { intentId, tenant: 'acme', text: 'Done.', fromModel: true, turns: 1, actions: [] };
    await stage.emit('planner', {
      ...envelope(intentId, 'countersign.reply.sent.v1'),
      type: 'countersign.reply.sent.v1',
      data: { ...reply, outcome: 'answered' },
    });
    // The reply comes on a topic of its own: proposals before it are still heard.
    let index = 3;
    const denied = async () => {
      await stage.emit('planner', proposal(index++));
      return (await about(intentId)).find(({ type }) => type === 'countersign.action.denied.v1');
    };
    const refusal = await until(denied, { what: 'a proposal to be refused', everyMs: 100 });
    expect(refusal.data).toMatchObject({ code: 'INTENT_ENDED', final: true });
    const places = (await about(intentId)).flatMap(({ data }) => ('actionId' in data ? data.actionId : []));
    expect(places).toContain(actionIdOf(intentId, 0, 2));
    for (const forged of [0, 1]) expect(places).not.toContain(actionIdOf(intentId, 0, forged));
  });
});
