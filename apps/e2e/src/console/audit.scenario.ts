import { expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { tabTo } from './keyboard.js';

const REASON = 'The customer disputes what was read of them.';

/** An auditor sees that nothing was altered, opens what is sealed, and that is seen too. */
export function auditScenario(open: () => ConsoleWorld): void {
  it('says in words that nothing was altered, and proves one event, by keyboard alone', async () => {
    const world = open();
    const { rows } = await world.world.owner.query<{ id: string }>(
      `SELECT id FROM audit.records WHERE tenant = 'acme' AND type = 'countersign.action.committed.v1' ORDER BY appended_at LIMIT 1`,
    );
    await world.inWindow('audra', '/audit', {}, async (page) => {
      await tabTo(page, page.getByRole('button', { name: 'Check the record' }));
      await page.keyboard.press('Enter');
      await page.getByText('Nothing was altered').waitFor();
      await page.getByText(/^\d[\d,]* records are the ones that were stored/).waitFor();
      await tabTo(page, page.getByLabel('Event id'));
      await page.keyboard.type(rows[0]!.id);
      await page.keyboard.press('Enter');
      await page.getByText('It stands in the tree as it was stored').waitFor();
      const steps = page.getByRole('list', { name: 'The proof, step by step' });
      expect(await steps.getByRole('listitem').count()).toBe(4);
      expect(page.url()).toContain(rows[0]!.id);
      expect(await axe(page)).toEqual([]);
    });
  });

  it('names what was altered, and does not call it good', async () => {
    const world = open();
    const { owner } = world.world;
    const [row] = (
      await owner.query<{ topic: string; partition: number; offset: string; value: string }>(
        `SELECT topic, partition, "offset", value FROM audit.records
          WHERE tenant = 'acme' AND type = 'countersign.action.committed.v1' ORDER BY appended_at DESC LIMIT 1`,
      )
    ).rows;
    const write = (value: string) =>
      owner.query('UPDATE audit.records SET value = $1 WHERE topic = $2 AND partition = $3 AND "offset" = $4', [
        ...[value, row!.topic, row!.partition, row!.offset],
      ]);
    await write(`${row!.value} `);
    try {
      await world.inWindow('audra', '/audit', {}, async (page) => {
        await page.getByRole('button', { name: 'Check the record' }).click();
        await page.locator('[data-verdict=bad]').waitFor();
        await page.getByRole('row', { name: /^A record was changed/ }).waitFor();
        expect(await axe(page)).toEqual([]);
      });
    } finally {
      await write(row!.value);
    }
  });

  it('lists who was shown sealed values of what, and why', async () => {
    const world = open();
    const audra = await world.world.person('audra');
    const found = await audra.call('GET', '/v1/traces?tool=get_customer&limit=1');
    const { intentId } = (found.body as { data: { intentId: string }[] }).data[0]!;
    const { body } = await audra.call('POST', `/v1/traces/${intentId}/reveals`, { reason: REASON });
    const { eventId } = body as { eventId: string };
    const isTold = async () => {
      const told = await audra.call('GET', '/v1/reveals?limit=5');
      return (told.body as { data: { eventId: string }[] }).data.some((one) => one.eventId === eventId);
    };
    await until(isTold, { what: 'the reveal to be stored' });
    await world.inWindow('adam', '/audit?tab=reveals', {}, async (page) => {
      const line = page.getByRole('list', { name: 'Reveals' }).getByRole('listitem').first();
      await line.getByText(`“${REASON}”`).waitFor();
      expect(await line.textContent()).toMatch(/^audra \(auditor\) opened \d+ sealed values? in a request of \w+/);
      expect(await line.textContent()).toContain('result › email');
      expect(await axe(page)).toEqual([]);
    });
  });

  it('erases a data subject only once its id is typed again, and shows it', async () => {
    await open().inWindow('adam', '/audit?tab=erasures', {}, async (page) => {
      await page.getByRole('textbox', { name: 'Data subject' }).fill('cus_nobody');
      await page.getByRole('textbox', { name: 'Reason' }).fill('They asked for it in writing.');
      await page.getByRole('button', { name: 'Erase…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Erase cus_nobody' });
      const erase = dialog.getByRole('button', { name: 'Erase cus_nobody for good' });
      expect(await erase.isDisabled()).toBe(true);
      await dialog.getByLabel(/^Type/).fill('cus_nobody');
      await erase.click();
      await page.getByText('cus_nobody is erased').waitFor();
      await page.getByRole('list', { name: 'Erasures' }).getByText('They asked for it in writing.').waitFor();
      expect(await axe(page)).toEqual([]);
    });
  });
}
