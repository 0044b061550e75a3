import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ask } from './asked.js';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';

/** A release engineer takes a workflow back a stage, and promotes it. */
export function workflowsScenario(open: () => ConsoleWorld): void {
  it('takes a stage back and promotes it again, each in two steps, with what speaks for it in sight', async () => {
    const world = open();
    const bob = await world.world.person('bob');
    const outcome = async () => {
      const { intentId } = { intentId: await ask(world, 'bob', 'Refund 18 € on ord_1007.') };
      return (await bob.intent(intentId))?.actions.at(-1);
    };
    await world.inWindow('ruth', '/workflows/support-desk', {}, async (page) => {
      await page.getByText('What runs is released').waitFor();
      await set(page, 'Take back to draft-only…', 'draft-only', 'a look at last night first');
      await page.getByText('draft-only: now').waitFor();
      expect(await outcome()).toMatchObject({ outcome: 'drafted' });
      await set(page, 'Promote to scoped…', 'scoped', 'two weeks without an override');
      await page.getByText('scoped: now').waitFor();
      expect(await outcome()).toMatchObject({ outcome: 'committed' });
    });
    await world.inWindow('sam', '/kill', {}, async (page) => {
      await page.getByText('set support-desk of acme to scoped: two weeks without an override').waitFor();
    });
  }, 60_000);

  it('offers nobody else a change of stage', async () => {
    await open().inWindow('bob', '/workflows/support-desk', {}, async (page) => {
      await page.getByText('The roles sre and release set stages.').waitFor();
      expect(await page.getByRole('button', { name: /^(Promote|Take back)/ }).count()).toBe(0);
    });
  });
}

async function set(page: Page, button: string, stage: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  const dialog = page.getByRole('dialog', { name: `Support desk: ${stage}` });
  await dialog.getByLabel(/^Reason/).fill(reason);
  expect(await axe(page)).toEqual([]);
  await dialog.getByRole('button', { name: `Set ${stage}` }).click();
  await dialog.getByText(`${stage} is in force`).waitFor();
  await dialog.getByRole('button', { name: 'Done' }).click();
}
