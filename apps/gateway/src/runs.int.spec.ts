import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { releaseReportOf, type RunReport } from '@countersign/evals';
import { until } from '@countersign/testing';
import type { RunShown } from './releases.js';
import { runDetailSchema } from './run-shown.js';
import { caseOf, runWith } from './run.fixture.js';
import { World, type Who } from './world.spec-support.js';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

const PATH = '/v1/evals/runs';
const list = async (who: Who, query = '') =>
  (await world.get(who, `${PATH}${query}`)).body as unknown as { data: RunShown[]; nextCursor: string | null };
const tell = (who: Who, run: unknown) => world.ask(who, 'POST', PATH, run);
const passed = runWith('f1', [caseOf('a', 'pass'), caseOf('b', 'pass')]);
const failed = runWith('f2', [caseOf('a', 'fail'), caseOf('c', 'pass')], '2026-03-01T12:00:00.000Z');

/** As policy says it, in its own pen. */
const release = (run: RunReport, epoch: number) =>
  world.produce(
    world.ack(
      `cause-${epoch}`,
      {
        ...{
          scope: 'release/workflow/desk',
          epoch,
          service: 'policy',
          instance: 'policy-1',
          at: '2026-03-01T10:00:00.000Z',
        },
        value: {
          fingerprint: run.workflows[0]!.fingerprint,
          report: releaseReportOf(run, run.workflows[0]!),
          signature: 's',
        },
      },
      'policy',
    ),
  );

describe('runs of the evals', () => {
  it('are told by people who release, whole and true to their cases, and told again they are the same (2, 4)', async () => {
    expect((await tell('sam', passed)).status).toBe(403);
    for (const wrong of [{}, { ...failed, verdict: 'pass' }, { ...passed, partial: true }])
      expect(await tell('ruth', wrong)).toMatchObject({
        status: 422,
        body: { code: 'INVALID_ARGUMENTS', nextStep: expect.stringContaining('evals run') },
      });
    const { status, body } = await tell('ruth', passed);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { data: [{ workflow: 'desk', epoch: null, by: 'ruth' }] },
    });
    expect((await tell('ruth', passed)).body).toEqual(body);
    expect((await list('ruth')).data).toHaveLength(1);
  });

  it('are the release that policy applied, by the digest of their cases; others released nothing (3)', async () => {
    await tell('ruth', failed);
    await release(passed, 7);
    const all = await until(
      async () => ((await list('sam')).data.some(({ epoch }) => epoch === 7) ? list('sam') : undefined),
      {
        what: 'the release to be shown',
      },
    );
    expect(all.data).toMatchObject([
      { fingerprint: 'f2', epoch: null, standing: null, report: { verdict: 'fail' } },
      { fingerprint: 'f1', epoch: 7, standing: 'current', id: expect.any(String) },
    ]);
    const first = await list('sam', '?limit=1&workflow=desk');
    expect((await list('sam', `?limit=1&workflow=desk&cursor=${first.nextCursor}`)).data).toEqual(all.data.slice(1));
    expect((await world.get('sam', `${PATH}?cursor=never`)).status).toBe(422);
  });

  it('are shown case by case, beside another run, to who oversees the tenant and to no other tenant (1)', async () => {
    const [now, before] = (await list('sam')).data as [RunShown, RunShown];
    const path = `${PATH}/${now.id}`;
    const { body } = await world.get('sam', `${path}?baseline=${before.id}`);
    expect(runDetailSchema.parse(body)).toMatchObject({
      ...{ id: now.id, baseline: { id: before.id }, model: 'recorded' },
      cases: [
        { title: 'a', change: 'newly-failing', was: 'pass' },
        { title: 'c', change: 'new' },
        { title: 'b', change: 'gone' },
      ],
    });
    expect((await world.get('alice', path)).status).toBe(403);
    const absent = await world.get('gil', `${PATH}/run_0`);
    expect((await world.get('gil', path)).body['detail']).toBe(String(absent.body['detail']).replace('run_0', now.id!));
    expect((await world.get('sam', `${path}?baseline=run_0`)).status).toBe(404);
    expect((await world.get('sam', `${PATH}/nul%00`)).status).toBe(404);
    // What is released is everybody's to know, who ran what on it is not.
    expect((await list('gil')).data).toMatchObject([{ fingerprint: 'f1', epoch: 7, id: null, by: null }]);
  });
});
