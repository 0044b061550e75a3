import { expect, it } from '@jest/globals';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { focusOn, tabTo } from './keyboard.js';

const NOTE = 'The order had been refunded by hand the day before.';

/** An SRE makes an incident of what the demo did, and a case of the incident. */
export function incidentsScenario(open: () => ConsoleWorld): void {
  it('is opened of a request and captured as a case, by keyboard alone', async () => {
    const world = open();
    const { intentId } = world.row('a refund of 18 €');
    await world.inWindow('sam', '/incidents', {}, async (page) => {
      await tabTo(page, page.getByRole('button', { name: 'Open an incident' }));
      await page.keyboard.press('Enter');
      const asking = page.getByRole('dialog', { name: 'Open an incident' });
      // Nothing is done by a key that was pressed too long.
      await focusOn(asking.getByRole('button', { name: 'Cancel' }));
      await tabTo(page, asking.getByLabel(/^Intent/), 'Shift+Tab');
      await page.keyboard.type(intentId);
      await tabTo(page, asking.getByLabel(/^What went wrong/));
      await page.keyboard.type(NOTE);
      expect(await axe(page)).toEqual([]);
      await tabTo(page, asking.getByRole('button', { name: 'Open the incident' }));
      await page.keyboard.press('Enter');

      await page.getByRole('heading', { level: 1, name: /^Incident: / }).waitFor();
      await page.getByText(NOTE).waitFor();
      await page.getByText(/^23 h \d\d min left$/).waitFor();
      await tabTo(page, page.getByRole('button', { name: 'Capture as a case' }));
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Capture the incident as a case' });
      const file = dialog.getByRole('textbox', { name: 'The case' });
      expect(await file.inputValue()).toMatch(/workflow: support-desk[^]*by: alice[^]*effects: \[\]/);
      expect(await axe(page)).toEqual([]);
      // What no file of cases can say is refused, and said.
      await tabTo(page, file);
      await page.keyboard.press('ControlOrMeta+End');
      await page.keyboard.type('nonsense: true\n');
      await tabTo(page, dialog.getByRole('button', { name: 'Take it down as the case' }));
      await page.keyboard.press('Enter');
      await dialog
        .getByRole('alert')
        .getByText(/nonsense/)
        .waitFor();
      await tabTo(page, file, 'Shift+Tab');
      for (let typed = 0; typed < 'nonsense: true\n'.length; typed++) await page.keyboard.press('Backspace');
      await page.keyboard.type('# Looked at by sam.');
      const text = await file.inputValue();
      await tabTo(page, dialog.getByRole('button', { name: 'Take it down as the case' }));
      await page.keyboard.press('Enter');

      const done = page.getByRole('dialog', { name: 'The incident is captured' });
      await done.waitFor();
      expect(await axe(page)).toEqual([]);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        tabTo(page, done.getByRole('button', { name: 'Download' }), 'Shift+Tab').then(() =>
          page.keyboard.press('Enter'),
        ),
      ]);
      expect(download.suggestedFilename()).toMatch(/^inc_\w+\.evals\.yaml$/);
      const chunks = await (await download.createReadStream()).toArray();
      expect(Buffer.concat(chunks as Buffer[]).toString()).toBe(text);
      await tabTo(page, done.getByRole('button', { name: 'Done' }));
      await page.keyboard.press('Enter');
      await page.getByText(/^captured after /).waitFor();
      await page
        .getByText(/by sam/)
        .first()
        .waitFor();
    });
    const ruth = await world.world.person('ruth');
    const { body } = await ruth.call('GET', '/v1/incidents?state=captured');
    expect((body as { data: object[] }).data).toMatchObject([{ intentId, by: 'sam', capturedBy: 'sam', note: NOTE }]);
  });

  it('is shown overdue as soon as its time is up', async () => {
    const { world } = open();
    const back = `UPDATE audit.incidents SET opened_at = opened_at - interval '25 hours'
      WHERE id = (SELECT id FROM audit.incidents WHERE tenant = 'acme' AND captured_at IS NULL ORDER BY id LIMIT 1)`;
    await world.owner.query(back);
    await open().inWindow('audra', '/incidents?state=overdue', { width: 390 }, async (page) => {
      await page.getByText(/^overdue by 1 h|^overdue by 1\.0 h/).waitFor();
      expect(await page.getByRole('list', { name: 'Incidents' }).getByRole('listitem').count()).toBe(1);
      expect(await axe(page)).toEqual([]);
    });
  });
}
