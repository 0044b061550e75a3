import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import { doubtsOf, openDoubts } from './doubts.js';
import type { World } from './world.js';

const CLI = path.resolve(import.meta.dirname, '../../cli/dist/main.js');
const SAID = 'it stands among the tickets of that order';

/** A commit nobody knows the outcome of, until a person has looked at its target and said so. */
export function doubtScenario(open: () => World): void {
  it('stays open for the one who asked, and ends with the word of somebody who may approve it', async () => {
    const world = open();
    const [alice, bob, carol, audra] = await Promise.all(
      ['alice', 'bob', 'carol', 'audra'].map((name) => world.person(name)),
    );
    const before = (await world.helpdesk.ledger()).length;
    const ticket = { id: 'doubt-1', tenant: 'acme' as const, token: alice!.token, orderId: 'ord_14001', body: SAID };
    const [doubt] = await doubtsOf(world, ticket);
    const { actionId, intentId } = doubt!;
    await until(async () => (await alice!.intent(intentId, 0))?.state === 'waiting', { what: 'the doubt to be shown' });
    expect(await alice!.intent(intentId, 0)).toMatchObject({ state: 'waiting', actions: [{ state: 'in-doubt' }] });

    const verdict = { outcome: 'failed', reason: 'I never saw a ticket' };
    const resolve = `/v1/in-doubt/${actionId}/resolve`;
    // Approval hears of a doubt a moment after the executor has listed it.
    const byAlice = () => alice!.call('POST', resolve, verdict);
    await until(async () => (await byAlice()).status === 403, { what: 'approval to hear of the doubt' });
    expect(await byAlice()).toMatchObject({ status: 403, body: { code: 'SELF_APPROVAL' } });
    expect(await audra!.call('POST', resolve, verdict)).toMatchObject({ body: { code: 'PERMISSION_DENIED' } });

    const cli = (...argv: string[]) => {
      const env = { ...process.env, COUNTERSIGN_URL: world.system.urls.gateway, COUNTERSIGN_TOKEN: bob!.token };
      const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...argv], { env, encoding: 'utf8' });
      return { status, stdout, stderr };
    };
    expect(cli('in-doubt', 'list')).toMatchObject({ status: 0, stdout: expect.stringContaining(actionId) });
    const said = cli('in-doubt', 'resolve', actionId, '--committed', '--reason', SAID, '--wait');
    expect(said).toMatchObject({ status: 0, stdout: expect.stringMatching(/resolved +committed, by a person/) });

    expect(await carol!.call('POST', resolve, verdict)).toMatchObject({ status: 410, body: { code: 'INTENT_ENDED' } });
    expect(await alice!.intent(intentId)).toMatchObject({
      ...{ state: 'ended', reply: expect.stringContaining('was in doubt and was found done by a person') },
      actions: [{ outcome: 'resolved', resolved: { outcome: 'committed', by: 'person' }, verdict: { by: 'bob' } }],
    });
    expect((await openDoubts(world)).has(actionId)).toBe(false);
    // The one effect is the one whose answer was lost: a verdict sends nothing.
    expect((await world.helpdesk.ledger()).slice(before)).toMatchObject([{ kind: 'ticket' }]);
    const explained = async () => (await audra!.call('GET', `/v1/actions/${actionId}/explanation`)).body;
    const whole = (body: unknown) => (body as { missing: unknown[] }).missing.length === 0;
    await until(async () => whole(await explained()), { what: 'audit to have stored all of it' });
    expect(await explained()).toMatchObject({
      did: expect.stringMatching(/^By the word of bob, open_ticket .* was committed/),
      outcome: expect.stringContaining(`bob (support-lead) said at `),
    });
  }, 30_000);
}
