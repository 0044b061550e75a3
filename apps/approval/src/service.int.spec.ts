import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openToken, sealedDigest } from '@countersign/identity';
import { checkSignature, loadKeyRing } from '@countersign/signing';
import { until } from '@countersign/testing';
import { Webhook } from 'standardwebhooks';
import { approvalIdOf, type Escalated } from './state.js';
import { World, type Answer } from './world.spec-support.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const hooks: { text: string; headers: Record<string, string> }[] = [];
let receiver: Server;
let world: World;
beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    hooks.push({ text: Buffer.concat(chunks).toString('utf8'), headers: request.headers as Record<string, string> });
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  world = await World.open({ COUNTERSIGN_WEBHOOK_URL: url, COUNTERSIGN_WEBHOOK_SECRET: SECRET });
});
afterAll(async () => {
  await world.close();
  receiver.close();
  receiver.closeAllConnections();
});

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

  it('waits for people, and hears them, with characters in its effect and their words that no database takes', async () => {
    const of = world.escalated('act_nul');
    const id = await world.open({ ...of, preview: { ...of.preview!, effect: { note: 'nul \u0000' } } });
    const answer = await decide('bob', id, decision(of, { decision: 'reject', reason: 'nul \u0000' }));
    expect(answer).toMatchObject({ status: 200, body: { status: 'decided' } });
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

  it('needs a reason and a known verb', async () => {
    const of = world.escalated('act_form');
    const id = await world.open(of);
    expect(await decide('bob', id, decision(of, { reason: ' ' }))).toMatchObject({
      status: 422,
      body: { code: 'INVALID_ARGUMENTS' },
    });
    expect(await decide('bob', id, decision(of, { decision: 'maybe' }))).toMatchObject({ status: 422 });
    // Nothing could be signed with it: it is the sender's to correct, not our failure.
    expect(await decide('bob', id, decision(of, { reason: 'half \ud83d' }))).toMatchObject({ status: 422 });
    expect(await world.ask('bob', 'POST', `/v1/approvals/${id}/claim`, { leaseSeconds: 5 })).toMatchObject({
      status: 422,
    });
    expect(await world.ask('bob', 'POST', `/v1/approvals/${id}/delegate`, {})).toMatchObject({ status: 422 });
    expect(await world.ask('bob', 'POST', '/v1/approvals/decisions', {})).toMatchObject({ status: 422 });
  });
});

describe('an edit', () => {
  it('goes to policy whole, fitting the tool it is for; the item that comes of it is another one', async () => {
    const of = world.escalated('act_edited');
    const id = await world.open(of);
    const edit = (args: object) => decide('bob', id, decision(of, { decision: 'edit', arguments: args }));
    expect(await edit({ ...of.arguments, amount: 500 })).toMatchObject({
      status: 422,
      body: { code: 'INVALID_ARGUMENTS', fields: [{ path: 'amount' }] },
    });
    const args = { ...of.arguments, amount: '500.00' };
    expect(await edit(args)).toMatchObject({
      status: 200,
      body: { status: 'decided', decisions: [{ arguments: args }] },
    });
    const edited = (await world.said('act_edited')).at(-1)!;
    expect(edited.event).toMatchObject({ type: 'countersign.approval.edited.v1', data: { arguments: args } });
    expect(checkSignature(loadKeyRing(world.keys.dir), 'approval', edited)).toMatchObject({ ok: true });

    const before = { by: 'bob', roles: [], reason: 'less', at: new Date().toISOString(), narrowing: false };
    const edits = [{ ...before, arguments: of.arguments }];
    const next = { ...world.escalated('act_edited', { amount: '500.00', revision: 1 }), edits };
    const nextId = await world.open(next);
    expect(await decide('carol', id, decision(of))).toMatchObject({
      status: 409,
      body: { code: 'APPROVAL_STALE', currentApprovalId: nextId, item: { editorMayApprove: false } },
    });
    expect(await decide('bob', nextId, decision(next))).toMatchObject({ status: 403, body: { code: 'SELF_APPROVAL' } });
    expect((await decide('carol', nextId, decision(next))).status).toBe(200);
  });
});

describe('a claim', () => {
  it('keeps the item for one person, who may hand it on', async () => {
    const of = world.escalated('act_claimed');
    const id = await world.open(of);
    const lease = (who: 'bob' | 'carol' | 'alice', verb: string, body: object = {}) =>
      world.ask(who, 'POST', `/v1/approvals/${id}/${verb}`, body);
    expect(await lease('bob', 'claim')).toMatchObject({
      status: 200,
      body: { claimedByMe: true, claim: { by: 'bob' } },
    });
    const taken = { status: 409, body: { code: 'APPROVAL_STALE', claim: { by: 'bob' } } };
    expect(await decide('carol', id, decision(of))).toMatchObject(taken);
    expect(await lease('carol', 'claim')).toMatchObject(taken);
    expect(await lease('alice', 'claim')).toMatchObject({ status: 403, body: { code: 'SELF_APPROVAL' } });
    expect(await lease('bob', 'delegate', { to: 'alice', reason: 'hers' })).toMatchObject({ status: 403 });
    expect(await lease('bob', 'delegate', { to: 'carol', reason: 'knows her' })).toMatchObject({
      body: { claimedByMe: false, claim: { by: 'carol', delegatedBy: 'bob', reason: 'knows her' } },
    });
    expect((await decide('bob', id, decision(of))).status).toBe(409);
    expect(await decide('carol', id, decision(of))).toMatchObject({ status: 200, body: { claim: null } });
  });
});

describe('a batch', () => {
  it('has a result for each item, each bound to its own hash; what is of another rule is no part of it', async () => {
    const many = ['act_b1', 'act_b2', 'act_b3'].map((actionId) => world.escalated(actionId));
    const items = many.map((of) => ({ approvalId: approvalIdOf(of), actionHash: of.actionHash }));
    for (const of of many) await world.open(of);
    const say = (given: object[]) =>
      world.ask('bob', 'POST', '/v1/approvals/decisions', { decision: 'approve', reason: 'seen all', items: given });
    const swapped = [
      items[0]!,
      { ...items[1]!, actionHash: items[2]!.actionHash },
      { ...items[2]!, approvalId: 'apr_x' },
    ];
    expect(await say(swapped)).toMatchObject({
      status: 200,
      body: {
        results: [
          { approvalId: items[0]!.approvalId, status: 'recorded' },
          { approvalId: items[1]!.approvalId, status: 'refused', problem: { code: 'APPROVAL_STALE', status: 409 } },
          { approvalId: 'apr_x', status: 'refused', problem: { code: 'NOT_FOUND' } },
        ],
      },
    });
    expect((await world.said('act_b1')).at(-1)!.event.type).toBe('countersign.approval.granted.v1');
    expect(await world.said('act_b2')).toHaveLength(1);
    const odd = { ...world.escalated('act_b4'), rules: [{ rule: 'other', outcome: 'escalate' as const, reason: '' }] };
    const oddId = await world.open(odd);
    const mixed = await say([items[1]!, { approvalId: oddId, actionHash: odd.actionHash }]);
    expect(mixed).toMatchObject({ status: 422, body: { code: 'INVALID_ARGUMENTS' } });
    expect(mixed.body['detail']).toContain(oddId);
    expect(await say([items[1]!, items[1]!])).toMatchObject({ status: 422 });
    for (const approvalId of ['apr_x', 'half \ud800'])
      expect(await say([{ approvalId, actionHash: 'x' }])).toMatchObject({
        status: 200,
        body: { results: [{ status: 'refused', problem: { code: 'NOT_FOUND' } }] },
      });
    expect(await world.said('act_b2')).toHaveLength(1);
  });
});

describe('a switch', () => {
  it('that policy has applied stops the item and its time; another service\u2019s word does not', async () => {
    const of = world.escalated('act_killed');
    const id = await world.open(of);
    const scope = 'kill/tenant/acme';
    const shown = async () => (await world.ask('bob', 'GET', `/v1/approvals/${id}`)).body;
    await world.applied(scope, { killed: true, reason: 'INC-41' }, 1, 'executor');
    await world.applied(scope, { killed: true, reason: 'INC-42' }, 2);
    await until(async () => (await shown())['paused'] === true, { what: 'its time to stand still' });
    expect(await shown()).toMatchObject({
      killed: { scope, by: 'sam', reason: 'INC-42' },
      expiresAt: null,
      decidable: false,
    });
    expect(await decide('bob', id, decision(of))).toMatchObject({
      status: 503,
      body: { code: 'KILLED', killed: { scope, by: 'sam', reason: 'INC-42' } },
    });
    await world.applied(scope, { killed: false }, 3, 'executor');
    await world.applied(scope, { killed: false }, 4);
    await until(async () => (await shown())['decidable'] === true, { what: 'its time to go on' });
    expect(String((await shown())['expiresAt']) > of.expiresAt).toBe(true);
    expect((await decide('bob', id, decision(of))).status).toBe(200);
  });
});

describe('whoever wants to know', () => {
  it('was told of the items, in messages that the library can check', async () => {
    await until(() => hooks.some(({ text }) => text.includes('approval.decided')), { what: 'word of a decision' });
    const told = hooks.map(({ text, headers }) => new Webhook(SECRET).verify(text, headers) as { type: string });
    expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(['approval.opened', 'approval.decided']));
    expect(JSON.stringify(hooks)).not.toContain('ord_1002');
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

  it('has what one decided oneself, and begins with what has waited longest when asked', async () => {
    const ofs = ['act_waited', 'act_mine'].map((actionId) => world.escalated(actionId));
    const [waited = '', mine = ''] = [await world.open(ofs[0]!), await world.open(ofs[1]!)];
    expect((await decide('carol', mine, decision(ofs[1]!))).status).toBe(200);
    const list = async (who: 'bob' | 'carol', query: string) =>
      (await world.ask(who, 'GET', `/v1/approvals?limit=200&${query}`)).body.data!;
    const ids = async (who: 'bob' | 'carol') => (await list(who, 'decidedBy=me')).map(({ approvalId }) => approvalId);
    expect(await ids('carol')).toContain(mine);
    expect(await ids('carol')).not.toContain(waited);
    expect(await ids('bob')).not.toContain(mine);
    const oldest = (await list('bob', 'sort=oldest')).map(({ openedAt }) => openedAt);
    expect(oldest).toEqual([...oldest].sort());
    expect((await world.ask('bob', 'GET', '/v1/approvals?decidedBy=carol')).status).toBe(422);
  });

  it('pages on from what has waited longest', async () => {
    const first = (await world.ask('bob', 'GET', '/v1/approvals?sort=oldest&limit=1')).body;
    const second = (await world.ask('bob', 'GET', `/v1/approvals?sort=oldest&limit=1&cursor=${first.nextCursor}`)).body;
    expect(String(second.data![0]!['openedAt']) >= String(first.data![0]!['openedAt'])).toBe(true);
    expect(second.data![0]!['approvalId']).not.toBe(first.data![0]!['approvalId']);
  });

  it('says what is wrong with a query', async () => {
    expect(await world.ask('bob', 'GET', '/v1/approvals?status=perhaps')).toMatchObject({
      status: 422,
      body: { code: 'INVALID_ARGUMENTS' },
    });
    expect(await world.ask('bob', 'GET', '/v1/approvals?cursor=abc')).toMatchObject({ status: 422 });
  });
});
