import { describe, expect, it } from '@jest/globals';
import type { SqlTx } from '@countersign/messaging';
import { expiredUnsent } from './automaton.js';
import { Gate, Opening, SEND_WINDOW_MS } from './gate.js';
import { givenTool, givenWarrant, NOW } from './given.spec-support.js';
import type { Warrant } from './state.js';

const at = (seconds: number) => new Opening({ now: NOW.getTime() + seconds * 1000, at: performance.now() });
const tools = [givenTool('get_order', { effect: 'read', class: undefined }), givenTool('issue_refund')];
const toolOf = ({ tool }: Warrant) => tools.find(({ contract }) => contract.name === tool);
const none = () => {
  throw new Error('no database here');
};
const gate = new Gate(none, toolOf, (workflow) => (workflow === 'support-desk' ? 'f-1' : undefined));
const judged = (change: Partial<Warrant>, seconds = 0) => gate.judge(givenWarrant(change), at(seconds));

describe('the gate before a first send (numbers: the guarantees of gate.ts)', () => {
  it('lets a warrant through that is alive, known and used for what it grants', () => {
    expect(judged({})).toMatchObject({ tag: 'pass' });
    expect(judged({ grant: 'read', tool: 'get_order' })).toMatchObject({ tag: 'pass' });
    expect(judged({ grant: 'preview', dryRun: true })).toMatchObject({ tag: 'pass' });
  });

  it('1: asks the database for the time, and returns a warrant that expired by its clock', async () => {
    const sql: SqlTx = { query: <R>() => Promise.resolve([{ now: String(NOW.getTime() + 61_000) }] as R[]) };
    const opening = await new Gate(
      () => sql,
      toolOf,
      () => 'f-1',
    ).open();
    expect(gate.judge(givenWarrant(), opening)).toEqual({ tag: 'ended', ending: expiredUnsent });
    expect(judged({}, 59)).toMatchObject({ tag: 'pass' });
  });

  it('1: holds one back that is not valid yet', () => {
    expect(judged({}, -10)).toEqual({ tag: 'early', inMs: expect.closeTo(5_000, -2) });
  });

  it.each<[string, Partial<Warrant>]>([
    ['another fingerprint', { fingerprint: 'f-2' }],
    ['another version of the tool', { toolVersion: '2.0.0' }],
    ['a workflow it does not run', { workflow: 'billing-desk' }],
    ['a tool it does not have', { tool: 'wire_money' }],
  ])('2: blocks %s', (_, change) => {
    expect(judged(change)).toMatchObject({
      tag: 'ended',
      ending: { tag: 'blocked', refusal: { code: 'NOT_RELEASED' } },
    });
  });

  it.each<[string, Partial<Warrant>]>([
    ['a commit with a tool that only reads', { tool: 'get_order' }],
    ['a read with a tool that changes', { grant: 'read' }],
    ['a commit of a dry run', { dryRun: true }],
    ['the key of another action', { idempotencyKey: 'key_0' }],
    ['the key of another revision', { revision: 1 }],
  ])('3: blocks %s', (_, change) => {
    expect(judged(change)).toMatchObject({ ending: { tag: 'blocked', refusal: { code: 'WARRANT_INVALID' } } });
  });

  it('allows no send after its window, nor after the end of the warrant', () => {
    expect(at(0).notAfter(givenWarrant())).toBe(NOW.getTime() + SEND_WINDOW_MS);
    expect(at(59).notAfter(givenWarrant())).toBe(NOW.getTime() + 60_000);
  });
});
