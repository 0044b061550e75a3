import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Person } from '@countersign/demo';
import { actionIdOf, idempotencyKeyOf } from '@countersign/contracts';
import { BillingTarget } from './billing-target.js';
import { Collector } from './otel/collector.js';
import { Imported, importedScenario } from './imported.scenario.js';
import { exportingTo, judged, played } from './otel/otel.js';
import { World } from './world.js';

const folder = fileURLToPath(new URL('../fixtures/second-workflow', import.meta.url));
const TOKEN = 'of-this-test-alone';

/** A workflow and a system of record that no service knows, named by settings alone. What its services do is told to OpenTelemetry. */
describe('a second workflow', () => {
  let world: World;
  let billing: BillingTarget;
  let collector: Collector;
  let imported: Imported;
  let alice: Person;

  beforeAll(async () => {
    billing = await BillingTarget.open(TOKEN);
    collector = await Collector.open();
    imported = new Imported();
    await imported.import();
    imported.review();
    world = await World.open({
      workflows: ['@countersign/support-desk', folder, imported.folder],
      env: { BILLING_URL: billing.url, ...imported.settings(), ...exportingTo(collector) },
    });
    imported.credential(world.system);
    const credentials = path.join(world.system.dataDir, 'credentials', 'billing');
    mkdirSync(credentials, { recursive: true });
    writeFileSync(path.join(credentials, 'acme.token'), TOKEN);
    alice = await world.person('alice');
  });
  afterAll(async () => {
    await world?.close();
    await billing?.close();
    await collector?.close();
    imported?.close();
  });

  const publish = async (id: string, data: { text: string } | { tool: string; arguments: object }): Promise<string> => {
    const session = `billing-${id}`;
    const intent = {
      id,
      tenant: 'acme',
      session,
      token: alice.token,
      data: { workflow: 'billing-desk', session, ...data },
    };
    const [intentId] = await world.product.publish(intent);
    return intentId!;
  };
  const waiversOf = (invoice: string) => [...billing.waivers].filter(([, { waiver }]) => waiver.invoiceId === invoice);

  it('is listed with its tools, beside the first', async () => {
    const { body } = await alice.call('GET', '/v1/workflows');
    expect(JSON.stringify(body)).toContain('"billing-desk"');
    expect(JSON.stringify(body)).toContain('"support-desk"');
  });

  it("takes a request in a user's words: the model reads the invoice and waives, a rule approves, once", async () => {
    const intentId = await publish('words', {
      text: 'Please waive 4.50 EUR of the late fee on invoice inv_7001, it was our mistake.',
    });
    const state = await alice.intent(intentId);
    expect(state).toMatchObject({
      state: 'ended',
      actions: [
        { tool: 'get_invoice', outcome: 'read' },
        { tool: 'waive_fee', outcome: 'committed' },
      ],
    });
    expect(waiversOf('inv_7001')).toMatchObject([
      [expect.any(String), { waiver: { amount: '4.50', currency: 'EUR' } }],
    ]);
    expect(billing.invoices.get('inv_7001')).toMatchObject({ version: 2, waived: { amount: '4.50' } });
  });

  it('takes a single call, with the key the system derived and the person it acts for', async () => {
    const intentId = await publish('call', {
      tool: 'waive_fee',
      arguments: { invoiceId: 'inv_7002', amount: '9.00', currency: 'EUR', reason: 'goodwill' },
    });
    expect(await alice.intent(intentId)).toMatchObject({ state: 'ended', actions: [{ outcome: 'committed' }] });
    const key = idempotencyKeyOf('acme', actionIdOf(intentId, 0, 0), 0);
    expect(waiversOf('inv_7002').map(([used]) => used)).toEqual([key]);
    expect(billing.requests.filter((request) => request.key === key)).toEqual([
      { method: 'POST', path: '/waivers', key, actor: 'alice' },
    ]);
  });

  it("keeps its own rules: more than 10.00 is a lead's to decide, and nothing is done before", async () => {
    const intentId = await publish('lead', {
      tool: 'waive_fee',
      arguments: { invoiceId: 'inv_7003', amount: '80.00', currency: 'EUR', reason: 'goodwill' },
    });
    const bob = await world.person('bob');
    const item = await bob.approvalOf(intentId);
    expect(item).toMatchObject({
      tool: 'waive_fee',
      preview: { effect: { waivedBefore: '0.00', waivedAfter: '80.00' } },
    });
    expect(waiversOf('inv_7003')).toEqual([]);
    await bob.decide(item!, 'approve', 'as agreed');
    expect(await alice.intent(intentId)).toMatchObject({ state: 'ended', actions: [{ outcome: 'committed' }] });
    expect(waiversOf('inv_7003')).toHaveLength(1);
  });

  it('refuses what its contract or limits do not allow, and sends nothing', async () => {
    const sent = billing.requests.length;
    const malformed = await publish('malformed', {
      tool: 'waive_fee',
      arguments: { invoiceId: 'ord_1001', amount: '4.50', currency: 'EUR', reason: 'x' },
    });
    const tooMuch = await publish('too-much', {
      tool: 'waive_fee',
      arguments: { invoiceId: 'inv_7003', amount: '500.00', currency: 'EUR', reason: 'x' },
    });
    const foreign = await publish('foreign', {
      tool: 'issue_refund',
      arguments: { orderId: 'ord_1001', amount: '4.50', currency: 'EUR', reason: 'x' },
    });
    expect(await alice.intent(malformed)).toMatchObject({
      actions: [{ outcome: 'denied', code: 'INVALID_ARGUMENTS' }],
    });
    expect(await alice.intent(tooMuch)).toMatchObject({ actions: [{ outcome: 'denied', code: 'LIMIT_EXCEEDED' }] });
    expect(await alice.intent(foreign)).toMatchObject({ actions: [{ outcome: 'denied', code: 'UNKNOWN_TOOL' }] });
    expect(billing.requests).toHaveLength(sent);
  });

  describe('that was imported from a tool server', () => {
    importedScenario(() => ({ world, imported }));
  });

  it('has told all of each request as one trace, from the request to the effect, by the time it has stopped', async () => {
    const seen = await played(world);
    await world.close();
    expect(judged(seen, collector)).toEqual([]);
    console.log(`${collector.spans.length} spans came when the services stopped`);
  });
});
