import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openToken, sealedDigest } from '@countersign/identity';
import { checkSignature, loadKeyRing } from '@countersign/signing';
import { approvalIdOf, type Escalated } from './state.js';
import { World, type Answer } from './world.spec-support.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

const decision = (of: Escalated, change: object = {}) => ({
  decision: 'approve',
  actionHash: of.actionHash,
  reason: 'seen the order',
  ...change,
});
const decide = (who: Parameters<World['ask']>[0], id: string, body: object) =>
  world.ask(who, 'POST', `/v1/approvals/${id}/decisions`, body);
const warrant = (of: Escalated) => ({
  ...of,
  provenance: undefined,
  recordsRead: undefined,
  approverRoles: undefined,
  approvalsNeeded: undefined,
  blast: undefined,
  actionHash: undefined,
  expiresAt: undefined,
  grant: 'commit',
  dryRun: false,
  idempotencyKey: 'key_1',
  approvers: [{ sub: 'bob', roles: ['support-lead'], reason: 'ok', at: new Date().toISOString() }],
  facts: {},
  epoch: 0,
  fingerprint: 'f',
  jti: 'jti_1',
  nbf: 1,
  exp: 2,
});

describe('an escalated action', () => {
  it('is announced and shown to those who may decide it, as it was hashed', async () => {
    const of = world.escalated('act_shown');
    const id = await world.open(of);
    const { status, body } = await world.ask('bob', 'GET', `/v1/approvals/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      approvalId: id,
      status: 'open',
      decidable: true,
      tool: 'issue_refund',
      arguments: of.arguments,
      preview: of.preview,
      diff: [
        { field: 'order', before: null, after: 'ord_1002' },
        { field: 'refunded', before: '0.00', after: '900.00' },
      ],
      recordsRead: of.recordsRead,
      provenance: of.provenance,
      cautions: expect.arrayContaining([{ argument: 'amount', says: expect.stringContaining('the model alone') }]),
      rules: of.rules,
      blast: of.blast,
      actionHash: of.actionHash,
      requestedBy: 'alice',
      claim: null,
    });
    const [opened] = await world.said('act_shown');
    expect(opened!.event).toMatchObject({
      type: 'countersign.approval.opened.v1',
      tenantid: 'acme',
      data: { approvalId: id, actionHash: of.actionHash },
    });
    expect(checkSignature(loadKeyRing(world.keys.dir), 'approval', opened!)).toMatchObject({ ok: true });
  });

  it('shows its requester how it stands and nothing more, and others nothing', async () => {
    const id = approvalIdOf(world.escalated('act_shown'));
    const { body } = await world.ask('alice', 'GET', `/v1/approvals/${id}`);
    expect(body).toMatchObject({ approvalId: id, status: 'open', requestedBy: 'alice' });
    expect(body).not.toHaveProperty('arguments');
    expect((await world.ask('sam', 'GET', `/v1/approvals/${id}`)).status).toBe(404);
    expect((await world.ask('gil', 'GET', `/v1/approvals/${id}`)).status).toBe(404);
    expect((await world.ask(undefined, 'GET', `/v1/approvals/${id}`)).status).toBe(401);
    expect((await world.ask('gil', 'GET', '/v1/approvals')).body.data).toEqual([]);
  });

  it('opens nothing when another service signed it', async () => {
    const of = world.escalated('act_forged');
    await world.publish('countersign.action.escalated.v1', of, 'executor');
    await world.open(world.escalated('act_after_forged'));
    expect((await world.ask('bob', 'GET', `/v1/approvals/${approvalIdOf(of)}`)).status).toBe(404);
    expect(await world.said('act_forged')).toEqual([]);
  });

  it('opens one item however often it comes', async () => {
    const of = world.escalated('act_again');
    await world.publish('countersign.action.escalated.v1', of);
    await world.open(of);
    await world.open(world.escalated('act_again_after'));
    expect(await world.said('act_again')).toHaveLength(1);
  });
});

describe('a decision', () => {
  it('goes to policy with the token sealed, and the item shows it as decided until policy has countersigned', async () => {
    const of = world.escalated('act_granted');
    const id = await world.open(of);
    const { status, body } = await decide('bob', id, decision(of));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'decided',
      decidable: false,
      decisions: [{ decision: 'approve', approver: { sub: 'bob' } }],
    });
    const granted = (await world.said('act_granted')).find(
      ({ event }) => event.type === 'countersign.approval.granted.v1',
    )!;
    const sealed = granted.headers['authorization']!.replace('Bearer ', '');
    const token = await openToken(createPrivateKey(world.keys.sealPem), sealed);
    expect(JSON.parse(Buffer.from(token!.split('.')[1]!, 'base64url').toString())).toMatchObject({
      sub: 'bob',
      tenant: 'acme',
    });
    expect(granted.event.data).toMatchObject({ tokenDigest: sealedDigest(sealed) });
    expect(granted.text).not.toContain(token!);
    expect(granted.text).not.toContain(sealed);
    await world.publish('countersign.action.approved.v1', warrant(of));
    await world.shown(id, 'approved');
  });

  it('that policy could not take is asked for again, with the reason', async () => {
    const of = world.escalated('act_reasked');
    const id = await world.open(of);
    await decide('bob', id, decision(of));
    const granted = (await world.said('act_reasked')).at(-1)!.event.id;
    const because = 'the token has expired';
    await world.publish('countersign.action.escalated.v1', { ...of, because }, 'policy', granted);
    await world.shown(id, 'open');
    const { body } = await world.ask('bob', 'GET', `/v1/approvals/${id}`);
    expect(body).toMatchObject({ decidable: true, reopened: { because } });
    expect((await decide('bob', id, decision(of))).status).toBe(200);
  });

  it('is refused on a hash that is not the item', async () => {
    const of = world.escalated('act_stale');
    const id = await world.open(of);
    const { status, body } = await decide('bob', id, decision(of, { actionHash: 'something-else' }));
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'APPROVAL_STALE', currentApprovalId: id, actionHash: of.actionHash });
  });

  it('is refused with the difference once the action was escalated anew', async () => {
    const first = world.escalated('act_changed');
    const id = await world.open(first);
    const second = world.escalated('act_changed', { amount: '950.00' });
    const next = await world.open(second);
    await world.shown(id, 'superseded');
    for (const target of [id, next]) {
      const { status, body } = await decide('bob', target, decision(first));
      expect(status).toBe(409);
      expect(body).toMatchObject({
        code: 'APPROVAL_STALE',
        currentApprovalId: next,
        difference: [
          { field: 'arguments.amount', before: '900.00', after: '950.00' },
          { field: 'effect.refundedAfter', before: '900.00', after: '950.00' },
        ],
      });
    }
    expect((await decide('bob', next, decision(second))).status).toBe(200);
  });

  it('is refused to the requester, to another role and to another tenant', async () => {
    const of = world.escalated('act_whose');
    const id = await world.open(of);
    expect(await decide('alice', id, decision(of))).toMatchObject({ status: 403, body: { code: 'SELF_APPROVAL' } });
    expect(await decide('sam', id, decision(of))).toMatchObject({ status: 403, body: { code: 'PERMISSION_DENIED' } });
    expect(await decide('gil', id, decision(of))).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await decide('bob', 'apr_unknown', decision(of))).toMatchObject({ status: 404 });
    expect(await world.said('act_whose')).toHaveLength(1);
  });

  it('is one of two when two people decide at once', async () => {
    const of = world.escalated('act_race');
    const id = await world.open(of);
    const answers = await Promise.all([
      decide('bob', id, decision(of)),
      decide('carol', id, decision(of, { decision: 'reject' })),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
    const said = (await world.said('act_race')).map(({ event }) => event.type);
    expect(said).toHaveLength(2);
  });

  it('comes too late on an item whose time is over, which expires by itself', async () => {
    const of = world.escalated('act_late', { expiresAt: new Date(Date.now() + 500) });
    const id = await world.open(of).catch(() => approvalIdOf(of));
    await world.shown(id, 'expired');
    expect(await decide('bob', id, decision(of))).toMatchObject({ status: 410, body: { code: 'APPROVAL_EXPIRED' } });
    expect((await world.said('act_late')).map(({ event }) => event.type)).toEqual([
      'countersign.approval.opened.v1',
      'countersign.approval.expired.v1',
    ]);
  });

  it('needs a reason and a known verb; editing is not built', async () => {
    const of = world.escalated('act_form');
    const id = await world.open(of);
    expect(await decide('bob', id, decision(of, { reason: ' ' }))).toMatchObject({
      status: 422,
      body: { code: 'INVALID_ARGUMENTS' },
    });
    expect(await decide('bob', id, decision(of, { decision: 'maybe' }))).toMatchObject({ status: 422 });
    // Nothing could be signed with it: it is the sender's to correct, not our failure.
    expect(await decide('bob', id, decision(of, { reason: 'half \ud83d' }))).toMatchObject({ status: 422 });
    expect(await decide('bob', id, decision(of, { decision: 'edit', arguments: {} }))).toMatchObject({
      status: 501,
      body: { code: 'NOT_BUILT' },
    });
    for (const path of [`${id}/claim`, `${id}/delegate`, 'decisions']) {
      expect(await world.ask('bob', 'POST', `/v1/approvals/${path}`, {})).toMatchObject({
        status: 501,
        body: { code: 'NOT_BUILT' },
      });
    }
  });
});

describe('the queue', () => {
  it('pages through everything once, newest first, and filters by status', async () => {
    const ids = ['act_q1', 'act_q2', 'act_q3'].map((actionId) => world.escalated(actionId));
    for (const of of ids) await world.open(of);
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Answer['body'] = (
        await world.ask('bob', 'GET', `/v1/approvals?status=open&limit=2${cursor && `&cursor=${cursor}`}`)
      ).body;
      seen.push(...page.data!.map(({ approvalId }) => approvalId));
      expect(page.data!.every(({ status }) => status === 'open')).toBe(true);
      cursor = page.nextCursor!;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 3)).toEqual(ids.map(approvalIdOf).reverse());
  });

  it('says what is wrong with a query', async () => {
    expect(await world.ask('bob', 'GET', '/v1/approvals?status=perhaps')).toMatchObject({
      status: 422,
      body: { code: 'INVALID_ARGUMENTS' },
    });
    expect(await world.ask('bob', 'GET', '/v1/approvals?cursor=abc')).toMatchObject({ status: 422 });
  });
});
