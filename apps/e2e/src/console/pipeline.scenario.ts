import { expect, it } from '@jest/globals';
import { doubtShown, parkedRecord, serviceHealth, topicName } from '@countersign/contracts';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';

/** What could not be handled is found, and tried again by a person. */
export function pipelineScenario(open: () => ConsoleWorld): void {
  it('shows a parked record with its reason, and what came of trying it again', async () => {
    const { world } = open();
    const headers = {
      ce_specversion: '1.0',
      ce_id: 'half',
      ce_source: '/shop',
      ce_type: 'countersign.intent.requested.v1',
    };
    const record = { key: 'acme/s-half', value: '{"half": ', headers };
    await world.plain.produce(topicName('intents', world.system.topicPrefix), record);
    await open().inWindow('sam', '/pipeline?part=parked', {}, async (page) => {
      const row = page.getByRole('row').filter({ hasText: 'policy' }).filter({ hasText: 'NOT_JSON' }).first();
      await page.waitForFunction(
        () => document.querySelector('table') !== null || document.body.innerText.includes('Nothing is parked'),
      );
      while (!(await row.isVisible())) {
        await page.reload();
        await page.getByRole('heading', { level: 1 }).waitFor();
        await row.waitFor({ timeout: 2_000 }).catch(() => undefined);
      }
      await row.getByRole('button', { name: /^Redrive/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Try this record again' });
      expect(await axe(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Redrive' }).click();
      await dialog.getByText('It is parked still').waitFor();
      await dialog.getByRole('button', { name: 'Done' }).click();
      await page
        .getByText(/Tried again, and/)
        .first()
        .waitFor();
    });
  }, 60_000);

  it('is answered as the documents say', async () => {
    const sam = await open().world.person('sam');
    const listed = async (path: string) => {
      const { status, body } = await sam.call('GET', path);
      expect({ path, status }).toEqual({ path, status: 200 });
      return (body as { data: unknown[] }).data;
    };
    expect(
      parkedRecord
        .array()
        .min(1)
        .safeParse(await listed('/v1/parked')).error,
    ).toBeUndefined();
    expect(
      serviceHealth
        .array()
        .length(6)
        .safeParse(await listed('/v1/pipeline')).error,
    ).toBeUndefined();
    expect(doubtShown.array().safeParse(await listed('/v1/in-doubt')).error).toBeUndefined();
  });

  it('says of every service whether it gets on', async () => {
    await open().inWindow('sam', '/pipeline', {}, async (page) => {
      const services = page.getByRole('table', { name: 'Services' });
      for (const service of ['gateway', 'policy', 'planner', 'approval', 'executor', 'audit'])
        await services.getByRole('row').filter({ hasText: service }).getByText('ready').first().waitFor();
    });
  });
}
