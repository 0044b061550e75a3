import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicName, type OutRecord } from '@countersign/contracts';
import { until } from '@countersign/testing';
import type { ControlShown } from './control-shown.js';
import { World, type Who } from './world.spec-support.js';

const WORKFLOW = `
  import { z } from 'zod';
  import { classified } from '@countersign/contracts';
  import { defineToolContract } from '@countersign/tool-sdk';
  const id = classified('internal', z.string());
  const contract = defineToolContract({
    name: 'close_order', version: '1.0.0', description: 'Closes an order.', effect: 'write', class: 'D', reversible: false,
    target: 'shop', input: z.strictObject({ id }), output: z.object({ id }), permissions: { roles: ['clerk'] },
  });
  export default {
    name: 'a-desk', version: '1.0.0', title: 'A desk', prompt: 'Help.', roles: ['clerk'], tools: [contract],
    rules: [{ name: 'all', title: 'All', decide: () => ({ outcome: 'pass', reason: '' }) }],
    limits: { amountPerAction: {}, recordsPerAction: 1 }, approval: { expiresInMs: 1000 },
    model: { temperature: 0, maxTurns: 4, tokenBudget: 1000, timeoutMs: 1000 },
  };`;

let world: World;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'workflow-'));
  mkdirSync(path.join(folder, 'dist'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module", "exports": { ".": "./dist/index.js" } }');
  writeFileSync(path.join(folder, 'dist/index.js'), WORKFLOW);
  symlinkSync(path.resolve(import.meta.dirname, '../../../node_modules'), path.join(folder, 'node_modules'));
  world = await World.open(folder);
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const put = (who: Who, what: string, body: object) => world.ask(who, 'PUT', `/v1/control/${what}`, body);
const shown = async (who: Who) => (await world.get(who, '/v1/control')).body as unknown as ControlShown;
const send = (...records: OutRecord[]) =>
  world.kafka.produce(
    topicName('control-acks', world.prefix),
    ...records.map(({ key, value, headers }) => ({ key, value, headers })),
  );

/** The record that a request put on the control topic. */
const written = (scope: string) =>
  until(
    async () => {
      const record = (await world.records('control')).findLast(({ key }) => key === scope);
      return (
        record && {
          epoch: Number(record.offset),
          record,
          id: record.headers['ce_id']!,
          value: JSON.parse(record.value!.toString()) as object,
        }
      );
    },
    { what: `a record of ${scope}` },
  );

/** What a service that applied it says. */
const applied = (
  { epoch, value, record }: Awaited<ReturnType<typeof written>>,
  service: string,
  more: object = {},
) => ({
  ...{ scope: record.key!, epoch, service, instance: `${service}-1`, at: new Date().toISOString(), instances: 1 },
  ...{ appendedAt: new Date(record.timestamp).toISOString(), value, ...more },
});

describe('a trip over HTTP', () => {
  it('is answered once an executor has drained, with its time and the ids in doubt, and shown with who and why', async () => {
    const answer = put('sam', `kill/${encodeURIComponent('tool/close_order')}`, {
      killed: true,
      reason: 'INC-42',
      waitSeconds: 30,
    });
    const record = await written('kill/tool/close_order');
    expect(record.value).toEqual({ killed: true, reason: 'INC-42', by: 'sam' });
    expect(record.record.headers).not.toHaveProperty('authorization');
    const policy = world.ack(record.id, applied(record, 'policy'), 'policy');
    const executor = world.ack(record.id, applied(record, 'executor', { inDoubt: ['act_1'] }), 'executor');
    await send(policy, executor, executor);
    expect(await answer).toMatchObject({
      status: 200,
      body: {
        ...{ scope: 'kill/tool/close_order', killed: true, epoch: record.epoch, inForce: true, inDoubt: ['act_1'] },
        ...{ tookMs: expect.any(Number), applied: { acknowledged: 2, instances: 2 } },
      },
    });
    expect((await shown('alice')).switches).toMatchObject([
      { scope: 'kill/tool/close_order', killed: true, by: 'sam', reason: 'INC-42', inForce: true },
    ]);
  });

  it('is not in force by a forged word: it waits for a genuine one', async () => {
    let isAnswered = false;
    const answer = put('sam', 'kill/workflow%2Fa-desk', { killed: true, reason: 'x', waitSeconds: 30 });
    void answer.then(() => (isAnswered = true));
    const record = await written('kill/workflow/a-desk');
    const executor = applied(record, 'executor');
    await send(
      world.ack(record.id, executor),
      world.ack(record.id, { ...executor, instance: 'signed by policy' }, 'policy'),
      world.ack(record.id, { ...executor, service: 'planner' }, 'planner'),
      { ...world.ack(record.id, executor, 'executor'), key: 'kill/tool/moved' },
      world.ack(record.id, applied(record, 'policy'), 'policy'),
    );
    const find = async () => (await shown('sam')).switches.find(({ scope }) => scope === 'kill/workflow/a-desk');
    // Policy's word came after the forged ones.
    expect(await until(find, { what: "policy's word" })).toMatchObject({ killed: true, inForce: false, inDoubt: [] });
    expect(isAnswered).toBe(false);
    await send(world.ack(record.id, { ...executor, instance: 'genuine' }, 'executor'));
    expect(await answer).toMatchObject({ status: 200, body: { applied: { acknowledged: 2, instances: 2 } } });
  });

  it('that nobody has applied in time is 504, with what was heard', async () => {
    const answer = await put('sam', 'kill/tenant%2Facme', { killed: true, reason: 'x', waitSeconds: 0.1 });
    expect(answer).toMatchObject({
      status: 504,
      body: { code: 'UPSTREAM_TIMEOUT', inForce: false, applied: { acknowledged: 0, instances: 0 }, epoch: null },
    });
  });

  it('that is not to be waited for is 202', async () => {
    const answer = await put('sam', 'kill/tenant%2Fglobex', { killed: true, reason: 'x', waitSeconds: 0 });
    expect(answer).toMatchObject({ status: 202, body: { scope: 'kill/tenant/globex', inForce: false } });
  });
});

describe('a re-arm and a stage', () => {
  it('travel with the token, and what policy refuses is refused with its code', async () => {
    const answer = put('sam', 'kill/*', { killed: false, reason: 'over', waitSeconds: 30 });
    const record = await written('kill/*');
    expect(record.record.headers['authorization']).toMatch(/^Bearer .+\..+\..+$/);
    const { value: _, ...rest } = applied(record, 'policy');
    const no = { code: 'PERMISSION_DENIED', detail: 'sam is no sre any more', nextStep: 'Ask an sre.' };
    await send(world.ack(record.id, { ...rest, ...no }, 'policy'));
    expect(await answer).toMatchObject({ status: 403, body: { ...no, inForce: false } });
    expect((await shown('sam')).history[0]).toMatchObject({ scope: 'kill/*', refused: no });
    expect(JSON.stringify(await shown('alice'))).not.toContain('no sre any more');
  });

  it('a stage holds for its tenant, in the catalog too, and is no business of another', async () => {
    expect((await world.get('alice', '/v1/workflows')).body['data']).toMatchObject([{ stage: 'read-only' }]);
    const answer = put('sam', 'stage/a-desk', { stage: 'scoped', tenant: 'acme', reason: 'go', waitSeconds: 30 });
    const record = await written('stage/workflow/a-desk/tenant/acme');
    await send(
      ...(['policy', 'executor'] as const).map((pen) => world.ack(record.id, applied(record, pen, { by: 'sam' }), pen)),
    );
    expect(await answer).toMatchObject({ status: 200, body: { stage: 'scoped', epoch: record.epoch } });
    const stages = async (who: Who) =>
      await Promise.all(['/v1/workflows', '/v1/tools'].map(async (list) => (await world.get(who, list)).body['data']));
    expect(await stages('alice')).toMatchObject([[{ stage: 'scoped' }], [{ stage: 'scoped' }]]);
    expect(await stages('erin')).toMatchObject([[{ stage: 'read-only' }], [{ stage: 'read-only' }]]);
    expect((await shown('alice')).stages).toMatchObject([
      { workflow: 'a-desk', tenant: 'acme', stage: 'scoped', by: 'sam' },
    ]);
    expect(JSON.stringify(await shown('erin'))).not.toContain('acme');
  });
});

describe('who changes what', () => {
  it.each<[Who, string, object, number, string]>([
    ['alice', 'kill/*', { killed: true, reason: 'x' }, 403, 'PERMISSION_DENIED'],
    ['gil', 'stage/a-desk', { stage: 'scoped', reason: 'x' }, 403, 'PERMISSION_DENIED'],
    ['sam', 'kill/*', { killed: true }, 422, 'INVALID_ARGUMENTS'],
    ['sam', 'kill/user%2Falice', { killed: true, reason: 'x' }, 422, 'INVALID_ARGUMENTS'],
    ['sam', 'kill/tool%2Fclose_ordr', { killed: true, reason: 'x' }, 404, 'UNKNOWN_TOOL'],
    ['sam', `kill/tool%2F${'x'.repeat(100)}`, { killed: true, reason: 'x' }, 404, 'UNKNOWN_TOOL'],
    ['sam', 'stage/nobodys', { stage: 'scoped', reason: 'x' }, 404, 'UNKNOWN_WORKFLOW'],
  ])('%s, PUT %s %j: %i', async (who, what, body, status, code) => {
    const before = (await world.records('control')).length;
    expect(await put(who, what, body)).toMatchObject({ status, body: { code } });
    expect((await world.records('control')).length).toBe(before);
  });
});

describe('a flood on the control topic', () => {
  it('pushes out nothing that holds, and does not grow the table', async () => {
    const junk = (epoch: number, more: { scope: string; [said: string]: unknown }) => ({
      ...{ epoch, service: 'policy', instance: 'policy-1', at: new Date().toISOString(), ...more },
    });
    const no = { code: 'INVALID_ARGUMENTS', detail: 'no such scope', nextStep: 'None.' };
    const refused = Array.from({ length: 520 }, (_, n) =>
      world.ack('junk', junk(10_000 + n, { scope: 'kill/tool/close_order', ...no }), 'policy'),
    );
    const value = { killed: true, reason: 'again' };
    const flips = Array.from({ length: 60 }, (_, n) =>
      world.ack('flip', junk(20_000 + n, { scope: 'kill/tool/flipped', value }), 'policy'),
    );
    await send(...refused, ...flips);
    const last = await until(
      async () =>
        (await shown('sam')).switches.find(({ scope, epoch }) => scope === 'kill/tool/flipped' && epoch === 20_059),
      { what: 'the last of the flood' },
    );
    expect(last.killed).toBe(true);
    expect((await shown('alice')).switches).toContainEqual(
      expect.objectContaining({ scope: 'kill/tool/close_order', killed: true, by: 'sam' }),
    );
    const { rows } = await world.sql.query<{ refused: string; flipped: string }>(
      `select count(*) filter (where tag = 'refused') as refused, count(*) filter (where scope = 'kill/tool/flipped') as flipped
         from control_acks`,
    );
    expect([Number(rows[0]!.refused) <= 500, rows[0]!.flipped]).toEqual([true, '50']);
  });
});
