import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Incident } from '@countersign/contracts';
import { until } from '@countersign/testing';
import { countersign, type Ended } from './incidents/command.js';
import { DeskCopy } from './incidents/desk-copy.js';
import { calls, putScript } from './target.js';
import type { World } from './world.js';

const ORDER = 'ord_18801';
const REFUND = { orderId: ORDER, amount: '20.00', currency: 'EUR', reason: 'It came late.' };
const PASSED = {
  ...{
    kind: 'release',
    at: '2026-03-01T10:00:00.000Z',
    verdict: 'pass',
    generated: 0,
    casesDigest: 'none',
    model: 'recorded',
  },
  cases: { passed: 1, failed: 0, errors: 0, skipped: 0 },
};
const MAIL = 'nobody.knows@example.net';

interface Loaded {
  name: string;
  release: { current: string };
}

interface Result {
  workflow: string;
  verdict: string;
}

/** From something having gone wrong to the release that passes its case: by the routes and commands that people have. */
export function incidentsScenario(open: () => World): void {
  let desk: DeskCopy;
  let mended: DeskCopy;
  let wrong: Incident;
  beforeAll(() => {
    [desk, mended] = [new DeskCopy(), new DeskCopy('mended-desk')];
    mended.change('rules/small-refund.js', /lessThanOrEqualTo\(over\)/, "lessThanOrEqualTo('10.00')");
  });
  afterAll(() => {
    desk.remove();
    mended.remove();
  });

  const report = () => path.join(desk.folder, 'report.json');
  const commands = async (user: string, ...args: string[]): Promise<Ended> => {
    const { urls } = open().system;
    const token = await open().token(user);
    return countersign({ COUNTERSIGN_WORKFLOWS: desk.folder }, ...args, '--url', urls.gateway, '--token', token);
  };
  it('what a person says went wrong becomes a case with one command', async () => {
    const { intentId, actionId } = await refunded(open());
    const opened = await (
      await open().person('sam')
    ).call('POST', '/v1/incidents', { intentId, actionId, note: 'paid already' });
    expect(opened.status).toBe(201);
    wrong = opened.body as Incident;
    expect(wrong).toMatchObject({ cause: 'opened', state: 'open', by: 'sam', workflow: 'support-desk' });
    const captured = await commands('sam', 'incidents', 'capture', wrong.id);
    expect(captured).toMatchObject({ code: 0, stdout: expect.stringContaining('captured') });
    const text = readFileSync(desk.incident(wrong.id), 'utf8');
    expect(text).toContain(ORDER);
    expect(text).not.toMatch(new RegExp(`${MAIL}|tok_`));
  }, 30_000);

  it('the case fails as the incident failed, and passes once the rule is mended', async () => {
    mended.addIncident(wrong.id, desk);
    const { code, stdout, stderr } = await countersign(
      // On a database of its own in the system's PostgreSQL.
      { COUNTERSIGN_WORKFLOWS: `${desk.folder},${mended.folder}`, DATABASE_URL: open().system.urls.postgres },
      ...['evals', 'run', '--case', wrong.id, '--no-boundary', '--report', report()],
    );
    const ended = { code, last: stdout.trimEnd().split('\n').at(-1), why: code === 3 ? '' : stderr };
    expect(ended).toEqual({ code: 3, last: 'verdict: fail', why: '' });
    const { results } = JSON.parse(readFileSync(report(), 'utf8')) as { results: Result[] };
    expect(results.sort((a, b) => (a.workflow < b.workflow ? -1 : 1))).toMatchObject([
      { workflow: 'mended-desk', verdict: 'pass', attempts: [{ problems: [] }] },
      {
        ...{ workflow: 'support-desk', verdict: 'fail' },
        attempts: [{ problems: [expect.stringMatching(/expected no effect, found .*refund/)] }],
      },
    ]);
  }, 30_000);

  it('it is closed once a release is in force that passed its case', async () => {
    const ruth = await open().person('ruth');
    const list = await ruth.call('GET', '/v1/incidents?state=captured&limit=200');
    const { case: became } = (list.body as { data: Incident[] }).data.find(({ id }) => id === wrong.id)!;
    const { body } = await ruth.call('GET', '/v1/workflows');
    const [loaded] = (body as { data: Loaded[] }).data.filter(({ name }) => name === wrong.workflow);
    const passed = [`${became!.file}#${became!.title}`];
    const closures = { workflow: wrong.workflow, fingerprint: loaded!.release.current, passed };
    expect(await ruth.call('POST', '/v1/incidents/closures', closures)).toMatchObject({
      status: 200,
      body: { closed: [{ id: wrong.id, state: 'closed', closedBy: 'ruth' }] },
    });
  });

  it('a person’s no opens one by rule, and a day later it is overdue and lets nothing be released', async () => {
    const world = open();
    const { intentId, actionId } = await rejected(world);
    const ruth = await world.person('ruth');
    const list = async (query: string) =>
      ((await ruth.call('GET', `/v1/incidents?limit=200&${query}`)).body as { data: Incident[] }).data;
    const find = async () => (await list('state=open')).find((one) => one.actionId === actionId);
    const incident = await until(find, { what: 'the incident to be opened by rule' });
    expect(incident).toMatchObject({ cause: 'override', intentId, by: null, overdue: false, workflow: 'support-desk' });
    const overdue = async () => (await list('overdue=true')).map(({ id }) => id);
    expect(await overdue()).not.toContain(incident.id);
    await world.owner.query(`UPDATE audit.incidents SET opened_at = opened_at - interval '25 hours' WHERE id = $1`, [
      incident.id,
    ]);
    expect(await overdue()).toContain(incident.id);
    // It would have passed, and been signed: nobody looks at that any more.
    expect(await commands('ruth', 'release', 'publish', passing(report()), '--workflow', 'support-desk')).toMatchObject(
      {
        ...{ code: 3, stdout: '' },
        stderr: expect.stringMatching(new RegExp(`NOT_RELEASED[^]*${incident.id}`)),
      },
    );
    const capture = async (body: object) =>
      (await ruth.call('POST', `/v1/incidents/${incident.id}/capture`, body)).body;
    const { text } = (await capture({})) as { text: string };
    expect(await capture({ text })).toMatchObject({ state: 'captured', overdue: false });
    expect(await overdue()).not.toContain(incident.id);
  }, 30_000);
}

/** The report of a run as if all cases had passed. */
function passing(file: string): string {
  const run = JSON.parse(readFileSync(file, 'utf8')) as { workflows: { fingerprint: string }[] };
  const of = ({ fingerprint, ...one }: (typeof run.workflows)[number]) => ({
    ...{ ...one, fingerprint, verdict: 'pass' },
    release: { fingerprint, report: PASSED, signature: 'x' },
  });
  const passed = `${file}.passed.json`;
  writeFileSync(passed, JSON.stringify({ ...run, partial: false, verdict: 'pass', workflows: run.workflows.map(of) }));
  return passed;
}

/** A small refund that a rule lets through. */
async function refunded(world: World): Promise<{ intentId: string; actionId: string }> {
  const alice = await world.person('alice');
  await putScript(world, 'incident', [
    calls(['get_order', { orderId: ORDER }]),
    calls(['issue_refund', REFUND]),
    { content: 'It is refunded.' },
  ]);
  const session = 'incident-refunded';
  const text = `Refund 20 EUR of ${ORDER} and tell ${MAIL}. [[script incident]]`;
  const data = { workflow: 'support-desk', session, text };
  const [intentId] = await world.product.publish({ id: session, tenant: 'acme', session, token: alice.token, data });
  const ended = await alice.intent(intentId!, 20);
  const action = ended?.actions.find(({ tool }) => tool === 'issue_refund');
  expect(action).toMatchObject({ outcome: 'committed' });
  const sam = await world.person('sam');
  // Audit has stored all of it.
  const isStored = (body: unknown) => (body as { state: string }).state === 'ended';
  expect(await sam.sees(`/v1/traces/${intentId}`, isStored)).toBe(true);
  return { intentId: intentId!, actionId: action!.actionId };
}

async function rejected(world: World): Promise<{ intentId: string; actionId: string }> {
  const [alice, bob] = [await world.person('alice'), await world.person('bob')];
  const session = 'incident-rejected';
  const data = { workflow: 'support-desk', session, tool: 'issue_refund', arguments: { ...REFUND, amount: '90.00' } };
  const [intentId] = await world.product.publish({ id: session, tenant: 'acme', session, token: alice.token, data });
  const item = await bob.approvalOf(intentId!);
  if (!item) throw new Error(`nobody was asked: ${JSON.stringify(await alice.intent(intentId!, 0))}`);
  const { approvalId, actionHash, actionId } = item;
  const decision = { decision: 'reject', actionHash, reason: 'It is not theirs to ask.' };
  expect(await bob.call('POST', `/v1/approvals/${approvalId}/decisions`, decision)).toMatchObject({ status: 200 });
  return { intentId: intentId!, actionId };
}
