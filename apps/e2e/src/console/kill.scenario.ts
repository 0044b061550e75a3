import { expect, it } from '@jest/globals';
import { ask } from './asked.js';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { focusOn, tabTo } from './keyboard.js';

const REASON = 'INC-77: refunds go to the wrong card';

/** An SRE stops a tool and lets it go on, and everybody sees it. */
export function killScenario(open: () => ConsoleWorld): void {
  it('stops a tool by keyboard alone, is seen on every open page, and goes on once the scope was typed', async () => {
    const world = open();
    const bob = await world.visit('bob', '/approvals');
    await world.inWindow('sam', '/kill', {}, async (page) => {
      await tabTo(page, page.getByRole('button', { name: 'Trip tool/issue_refund' }));
      await page.keyboard.press('Enter');
      const trip = page.getByRole('dialog', { name: 'Stop: Tool issue refund' });
      // Nothing is done by a key that was pressed too long, and nothing without a reason.
      const cancel = trip.getByRole('button', { name: 'Cancel' });
      await focusOn(cancel);
      expect(await trip.getByRole('button', { name: 'Trip' }).isDisabled()).toBe(true);
      await tabTo(page, trip.getByLabel(/^Reason/), 'Shift+Tab');
      await page.keyboard.type(REASON);
      expect(await axe(page)).toEqual([]);
      await tabTo(page, trip.getByRole('button', { name: 'Trip' }));
      await page.keyboard.press('Enter');
      await trip.getByText(/^In force after \d+ ms, heard by 2 of 2 instances\. Nothing is in doubt\.$/).waitFor();
      await page.keyboard.press('Escape');
      await page.getByText('The tool issue refund is stopped by sam').first().waitFor();

      await bob.getByText('A kill switch is on').waitFor();
      await bob.getByText(REASON).waitFor();
      expect(await axe(bob)).toEqual([]);
      const alice = await world.world.person('alice');
      const denied = await alice.intent(await ask(world, 'alice', 'Refund 18 € on ord_1006.'));
      expect(denied?.actions).toMatchObject([{ state: 'ended' }, { code: 'KILLED' }]);

      await tabTo(page, page.getByRole('button', { name: 'Re-arm tool/issue_refund' }));
      await page.keyboard.press('Enter');
      const rearm = page.getByRole('dialog', { name: 'Let go on: Tool issue refund' });
      await tabTo(page, rearm.getByLabel(/^Reason/), 'Shift+Tab');
      await page.keyboard.type('INC-77 is over');
      expect(await rearm.getByRole('button', { name: 'Re-arm' }).isDisabled()).toBe(true);
      await tabTo(page, rearm.getByLabel('Type tool/issue_refund to go on'));
      await page.keyboard.type('tool/issue_refund');
      await tabTo(page, rearm.getByRole('button', { name: 'Re-arm' }));
      await page.keyboard.press('Enter');
      await rearm.getByText('It goes on').waitFor();
    });
    await bob.getByText('A kill switch is on').waitFor({ state: 'detached' });
    await bob.context().close();
    const alice = await world.world.person('alice');
    const done = await alice.intent(await ask(world, 'alice', 'Refund 18 € on ord_1006.'));
    expect(done?.actions).toMatchObject([{}, { outcome: 'committed' }]);
  }, 60_000);

  it('offers nobody else the switch, and says how anybody may stop something', async () => {
    await open().inWindow('bob', '/kill', {}, async (page) => {
      await page.getByText('countersign.control.v1').waitFor();
      expect(await page.getByRole('button', { name: /^Trip/ }).count()).toBe(0);
    });
  });
}
