import { describe, expect, it } from '@jest/globals';
import { controlRecord, controlRequest, killBody, killScope, stageScope, unknownName } from './control-requests.js';

const sam = { sub: 'sam', tenant: 'acme', roles: ['sre'] };
const now = new Date('2026-03-01T10:00:00.000Z');
const kill = (scope: string, killed = true) => controlRequest(killScope(scope), { killed, reason: 'INC-42' }, sam);

describe('a change of a switch', () => {
  it('is the record that any Kafka client would write, in the name of who is verified', () => {
    const request = kill('tool/issue_refund')!;
    expect(controlRecord(request, 'a.b.c', now)).toEqual({
      ...{ topic: 'control', key: 'kill/tool/issue_refund' },
      value: JSON.stringify({ killed: true, reason: 'INC-42', by: 'sam' }),
      headers: {
        ...{ 'content-type': 'application/json', ce_specversion: '1.0', ce_source: '/gateway', ce_id: request.id },
        ...{ ce_type: 'countersign.control.set.v1', ce_time: now.toISOString(), ce_subject: 'kill/tool/issue_refund' },
      },
    });
  });

  it('carries the token where policy has to know the person, and leaves none behind where it has not', () => {
    const token = (request: typeof kill extends (...args: never[]) => infer R ? R : never) =>
      controlRecord(request!, 'a.b.c', now).headers['authorization'];
    expect([token(kill('*')), token(kill('*', false))]).toEqual([undefined, 'Bearer a.b.c']);
    const stage = controlRequest(stageScope('desk', 'acme'), { stage: 'scoped', reason: 'x' }, sam);
    expect(token(stage)).toBe('Bearer a.b.c');
  });

  it('is of one of the known scopes, with or without the kind in front', () => {
    const scopes = ['*', 'kill/*', 'tenant/acme', 'workflow/desk', 'tool/a.b-c_d'].map((scope) => kill(scope)?.scope);
    expect(scopes).toEqual(['kill/*', 'kill/*', 'kill/tenant/acme', 'kill/workflow/desk', 'kill/tool/a.b-c_d']);
    const none = ['', 'tool/', 'tool/a/b', 'tool/*', 'stage/workflow/desk', 'user/alice', '../*', 'tool/a b', '**'];
    expect(none.map((scope) => kill(scope))).toEqual(none.map(() => undefined));
    expect(controlRequest(stageScope('desk', 'a/b'), { stage: 'scoped', reason: 'x' }, sam)).toBeUndefined();
  });

  it('says why without what looks like personal data: its topic is kept for ever', () => {
    const { reason } = killBody.parse({ killed: true, reason: 'dana@example.com called about 4111 1111 1111 1111' });
    expect(reason).toBe('[personal] called about [financial]');
  });

  it('needs a reason that a person can read', () => {
    const flawed = ['', '  ', 'two\nlines', 'nul\u0000', 'half \ud800', 'x'.repeat(501)];
    for (const reason of flawed) expect(killBody.safeParse({ killed: true, reason }).success).toBe(false);
    expect(killBody.parse({ killed: true, reason: ' INC-42 ' })).toEqual({
      killed: true,
      reason: 'INC-42',
      waitSeconds: 5,
    });
    expect(killBody.safeParse({ killed: true, reason: 'x', by: 'bob' }).success).toBe(false);
    expect(killBody.safeParse({ killed: true, reason: 'x', waitSeconds: 31 }).success).toBe(false);
  });
});

describe('a kill switch that stops nothing', () => {
  const loaded = { workflows: ['desk'], tools: ['issue_refund'] };
  const code = (scope: string, killed = true) => unknownName(kill(scope, killed)!, loaded)?.code;

  it('is not tripped: a name that nobody loaded is answered with those that are', () => {
    expect(unknownName(kill('tool/issue_refnd')!, loaded)).toEqual({
      code: 'UNKNOWN_TOOL',
      detail: 'no tool issue_refnd is loaded here; there is: issue_refund',
    });
    expect([code('workflow/dask'), code('workflow/desk'), code('tool/issue_refund')]).toEqual([
      'UNKNOWN_WORKFLOW',
      undefined,
      undefined,
    ]);
    expect([code('*'), code('tenant/anybody')]).toEqual([undefined, undefined]);
  });

  it('can be re-armed, whoever tripped it', () => {
    expect(code('tool/issue_refnd', false)).toBeUndefined();
  });

  it('is no stage of a workflow either', () => {
    const request = controlRequest(stageScope('dask'), { stage: 'scoped', reason: 'x' }, sam)!;
    expect(unknownName(request, loaded)?.code).toBe('UNKNOWN_WORKFLOW');
  });
});
