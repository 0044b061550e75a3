import { expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { tabTo } from './keyboard.js';

const MOST_MS = 30_000;

/** An auditor asks what was done, what was read, and why. */
export function tracesScenario(open: () => ConsoleWorld): void {
  it('finds a refund by its record and explains it within half a minute, by keyboard alone', async () => {
    const world = open();
    const { intentId, record, approver } = await approvedRefund(world);
    await world.inWindow('audra', '/traces', {}, async (page) => {
      const began = performance.now();
      await tabTo(page, page.getByRole('textbox', { name: 'Record' }));
      await page.keyboard.type(record);
      await page.keyboard.press('Enter');
      await page.waitForURL(/[?&]record=/);
      const found = page.getByRole('list', { name: /^Traces/ }).getByRole('link');
      await tabTo(page, found.first());
      await page.keyboard.press('Space');
      const peek = page.getByRole('dialog', { name: 'Peek' });
      await peek.getByRole('heading', { name: 'Who approved' }).last().waitFor();
      expect(await axe(page)).toEqual([]);
      await tabTo(page, peek.getByRole('link', { name: 'Open the whole trace' }));
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/traces/${intentId}**`);

      const story = page.getByRole('region', { name: 'Issue refund: committed' });
      await story.getByText(`${approver} (support-lead)`).first().waitFor();
      await story.getByText(new RegExp(`^Committed issue_refund .*${record}`)).waitFor();
      await story
        .getByText(/asked for a person: amount: over 50.00/)
        .first()
        .waitFor();
      await tabTo(page, story.getByRole('link', { name: 'Evidence: approval granted' }));
      await page.keyboard.press('Enter');
      const evidence = page.getByRole('listitem').filter({ has: page.getByRole('button', { expanded: true }) });
      await evidence.getByText('countersign.approval.granted.v1', { exact: true }).first().waitFor();
      await evidence.getByText('signed', { exact: true }).waitFor();
      const took = performance.now() - began;
      console.log(`a refund was found by its record and explained in ${(took / 1000).toFixed(1)} s`);
      expect(took).toBeLessThan(MOST_MS);
      expect(await axe(page)).toEqual([]);
    });
  });

  it('narrows a search by what there is, and says so in the address', async () => {
    await open().inWindow('audra', '/traces?range=today', {}, async (page) => {
      const list = page.getByRole('list', { name: /^Traces/ });
      const denied = page.getByRole('region', { name: 'Outcome' }).getByRole('button', { name: /^denied/ });
      const counted = Number(/\d+/.exec((await denied.textContent()) ?? '')?.[0]);
      await denied.click();
      await page.waitForURL(/[?&]outcome=denied/);
      await denied.and(page.locator('[aria-pressed=true]')).waitFor();
      await until(async () => (await list.getByRole('link').count()) === counted, { what: 'the narrowed list' });
      await page.reload();
      await list.waitFor();
      expect(await list.getByRole('link').count()).toBe(counted);
      await page.getByRole('button', { name: /Outcome: denied/ }).click();
      await page.waitForURL((url) => !url.search.includes('outcome'));
    });
  });

  it('walks the timeline by the keys of a treegrid and finds events by what they hold', async () => {
    const world = open();
    const { intentId, record } = await approvedRefund(world);
    await world.inWindow('audra', `/traces/${intentId}?tab=timeline`, { width: 390, height: 800 }, async (page) => {
      const grid = page.getByRole('treegrid', { name: 'Timeline' });
      const focused = () => page.evaluate<string>('document.activeElement.textContent');
      await tabTo(page, grid.getByRole('row').nth(1));
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('End');
      await until(async () => /^The user was told/.test(await focused()), { what: 'the focus on the row' });
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowLeft');
      await until(async () => (await grid.getByRole('row').count()) === 2, { what: 'a folded tree' });
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      await until(async () => /^Policy accepted the request/.test(await focused()), { what: 'the focus on the row' });
      await page.keyboard.press('Enter');
      const search = page.getByRole('searchbox', { name: 'Search the events' });
      // The key of the one commit stands in what events hold, in no line of the list.
      await search.fill(`"refundId"`);
      await page.getByText(/^[1-9]\d* of \d+ events$/).waitFor();
      await page.getByRole('list', { name: 'Events' }).getByRole('button', { expanded: false }).first().click();
      await page.getByRole('group', { name: 'What it holds' }).getByText(record).first().waitFor();
      await page.getByRole('group', { name: 'Headers' }).waitFor();
      expect(await axe(page)).toEqual([]);
    });
  });
}

/** A refund of the demo that a person approved as it was: its record, and who that was. */
async function approvedRefund(world: ConsoleWorld) {
  const row = world.rows.find(
    ({ intent, person, executor }) => /900/.test(intent) && /: approved$/.test(person) && /^committed/.test(executor),
  );
  if (!row) throw new Error('the demo has no refund that a person approved');
  const audra = await world.world.person('audra');
  const { body } = await audra.call('GET', `/v1/traces/${row.intentId}`);
  const record = /ord_\d+/.exec((body as { text: string }).text)![0];
  return { intentId: row.intentId, record, approver: /^\w+/.exec(row.person)![0] };
}
