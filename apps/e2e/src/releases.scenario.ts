import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadedIn, releaseAs, until } from '@countersign/testing';
import { countersign } from './incidents/command.js';
import { caseOf, runWith } from './told-run.js';
import type { World } from './world.js';

const WORKFLOW = 'support-desk';
const EXECUTORS = ['executor-1', 'executor-2'];

/** What is not released only reads: as policy decides, and as an executor finds what was decided before. */
export function releasesScenario(open: () => World): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'releases-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const call = async (session: string, tool: string, args: object) => {
    const { product, token } = open();
    const data = { workflow: WORKFLOW, session, tool, arguments: args };
    const of = { id: session, tenant: 'acme', session, token: await token.call(open(), 'alice'), data };
    const [intentId = ''] = await product.publish(of);
    return intentId;
  };
  const ticket = (session: string) =>
    call(session, 'create_ticket', { customerId: 'cus_001', subject: session, body: 'It came open.' });
  const endOf = async (intentId: string) => (await (await open().person('alice')).intent(intentId, 20))?.actions.at(-1);
  const standing = async () => (await loadedIn(open().system)).find(({ name }) => name === WORKFLOW)!;
  const releaseAnother = async (fingerprint: string) =>
    expect(await releaseAs(open().system, WORKFLOW, fingerprint)).toMatchObject({ tag: 'in-force' });

  it('a warrant of what is withdrawn before it is sent is blocked, and nothing more is granted', async () => {
    const { system } = open();
    // What runs is still the one before it.
    await releaseAnother('a'.repeat(64));
    await Promise.all(EXECUTORS.map((instance) => system.hold(instance, 'KILL')));
    const intentId = await ticket('withdrawn');
    const alice = await open().person('alice');
    await until(async () => (await alice.intent(intentId, 0))?.actions[0]?.state === 'executing', {
      what: 'the warrant to be out',
    });
    const withdrawn = releaseAnother('b'.repeat(64));
    await until(async () => (await standing()).release?.current === 'b'.repeat(64), { what: "policy's word" });
    await Promise.all(EXECUTORS.map((instance) => system.release(instance)));
    await withdrawn;
    expect((await standing()).release).toMatchObject({ previous: 'a'.repeat(64), serves: false });
    expect(await endOf(intentId)).toMatchObject({ outcome: 'blocked', code: 'NOT_RELEASED' });
    expect(await endOf(await ticket('unreleased'))).toMatchObject({ outcome: 'denied', code: 'NOT_RELEASED' });
    expect(await endOf(await call('unreleased-read', 'get_order', { orderId: 'ord_1001' }))).toMatchObject({
      outcome: 'read',
    });
  }, 60_000);

  it('one command goes back to what was released before', async () => {
    const { system, token } = open();
    const { fingerprint } = await standing();
    const key = path.join(system.dataDir, 'keys/release/sign.pem');
    const connection = ['--url', system.urls.gateway, '--token', await token.call(open(), 'ruth')];
    const env = { KAFKA_BROKERS: system.urls.kafka, TOPIC_PREFIX: system.topicPrefix };
    const undone = [
      'release',
      'rollback',
      WORKFLOW,
      '--to',
      fingerprint.slice(0, 12),
      '--reason',
      'INC-7',
      '--key',
      key,
    ];
    expect(await countersign(env, ...undone, ...connection)).toMatchObject({ code: 0 });
    expect((await standing()).release).toMatchObject({ current: fingerprint, previous: null, serves: true });
    expect(await endOf(await ticket('rolled-back'))).toMatchObject({ outcome: 'committed' });
    const shown = await countersign(env, 'release', 'show', WORKFLOW, ...connection);
    expect(shown.stdout).toMatch(/rollback: INC-7/);
  }, 30_000);

  it('a report with a failing case releases nothing, and says so with 3', async () => {
    const { system, token } = open();
    const file = path.join(folder, 'report.json');
    const { fingerprint } = await standing();
    const run = runWith(fingerprint, [
      caseOf('A refund over the limit is denied', 'fail'),
      caseOf('Nothing is paid twice'),
    ]);
    writeFileSync(file, JSON.stringify(run));
    const connection = ['--url', system.urls.gateway, '--token', await token.call(open(), 'ruth')];
    const before = (await standing()).release;
    const { code, stderr } = await countersign({}, 'release', 'publish', file, ...connection);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('1 of its cases failed') });
    expect((await standing()).release).toEqual(before);
    // Why, case by case, is there to be looked at.
    const { body } = await (await open().person('sam')).call('GET', '/v1/evals/runs');
    expect((body as { data: object[] }).data[0]).toMatchObject({
      epoch: null,
      by: 'ruth',
      report: { verdict: 'fail' },
    });
  }, 30_000);
}
