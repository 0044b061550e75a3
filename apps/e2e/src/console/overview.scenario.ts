import { expect, it } from '@jest/globals';
import type { Download, Page } from 'playwright-core';
import type { MetricsSummary } from '@countersign/contracts';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { tabTo } from './keyboard.js';

const HOUR = 3_600_000;
const REASON = 'INC-77: the overview is looked at';

/** What a lead and an SRE see of everything together. */
export function overviewScenario(open: () => ConsoleWorld): void {
  it('shows the figures that the API counts, and its files hold what its tables show', async () => {
    const { from, to, summary } = await summaryOf(open());
    const shown = { range: 'custom', from, to, tables: JSON.stringify(['denials', 'funnel', 'tool-errors']) };
    await open().inWindow('bob', `/?${new URLSearchParams(shown).toString()}`, {}, async (page) => {
      await page.locator('[data-plot=funnel] table').waitFor();
      const { funnel, denials, refused, drifted, inDoubt, incidents, parked } = summary;
      expect(await keyFigures(page)).toEqual({
        ...{ 'Intents accepted': funnel.intents, 'Actions committed': funnel.committed },
        ...{ 'Actions denied': denials.total, 'Intents refused': refused.total, 'In doubt': inDoubt.ever },
        ...{ 'Previews that drifted': drifted, 'Incidents opened': incidents.opened, 'Unreadable records': parked },
      });
      for (const plot of ['denials', 'funnel', 'tool-errors'])
        expect(await fileOf(page, plot)).toEqual(await tableOf(page, plot));
      const [, ...denied] = await tableOf(page, 'denials');
      expect(denied.reduce((sum, cells) => sum + Number(cells.at(-1)), 0)).toBe(denials.total);
      const { intents, proposed, approved, committed } = funnel;
      expect((await tableOf(page, 'funnel')).slice(1).map(([, count]) => count)).toEqual(
        [intents, proposed, approved, committed].map(String),
      );
      expect(await axe(page)).toEqual([]);
    });
  });

  it('marks a trip and its end on the axis of time, with how long it took, and is read by keyboard alone', async () => {
    const world = open();
    const sam = await world.world.person('sam');
    for (const killed of [true, false]) {
      const path = `/v1/control/kill/${encodeURIComponent('tool/delete_customer')}`;
      const { status } = await sam.call('PUT', path, { killed, reason: REASON });
      expect(status).toBe(200);
    }
    await world.inWindow('sam', '/?range=hour', {}, async (page) => {
      const marks = page.getByRole('list', { name: 'What was changed' });
      for (const [kind, words] of [
        ['trip', `sam stopped the tool delete customer: ${REASON}`],
        ['re-arm', `sam let the tool delete customer go on: ${REASON}`],
      ])
        expect(await marks.locator(`[data-mark=${kind}]`).last().textContent()).toContain(words);
      await page.getByRole('heading', { name: /trips?, .*in force after [\d.]+ m?s$/ }).waitFor();
      expect(await page.locator('[data-plot=denials] .recharts-reference-line').count()).toBeGreaterThan(0);
      const trips = page.locator('[data-plot=trips]');
      await tabTo(page, trips.getByRole('button', { name: 'As a table' }));
      await page.keyboard.press('Enter');
      await trips.getByRole('row', { name: new RegExp(`the tool delete customer sam ${REASON}`) }).waitFor();
      expect(page.url()).toContain('trips');
      await page.locator('[data-plot=lag]').getByRole('heading').waitFor();
      expect(await axe(page)).toEqual([]);
    });
  });
}

async function summaryOf(world: ConsoleWorld) {
  const now = Date.now();
  const [from, to] = [new Date(now - HOUR).toISOString(), new Date(now).toISOString()];
  await world.world.recorded(new Date(now));
  const bob = await world.world.person('bob');
  const { body } = await bob.call('GET', `/v1/metrics/summary?${new URLSearchParams({ from, to }).toString()}`);
  return { from, to, summary: body as MetricsSummary };
}

async function keyFigures(page: Page): Promise<Record<string, number>> {
  const figures = await page.locator('[data-figure]').all();
  const read = figures.map(async (figure): Promise<[string, number]> => {
    const value = await figure.locator('dd').first().textContent();
    return [(await figure.getAttribute('data-figure'))!, Number(value!.replaceAll(',', ''))];
  });
  return Object.fromEntries(await Promise.all(read));
}

async function tableOf(page: Page, plot: string): Promise<string[][]> {
  const rows = await page.locator(`[data-plot=${plot}] tr`).all();
  return Promise.all(rows.map(async (row) => (await row.locator('th, td').allTextContents()).map(comparable)));
}

async function fileOf(page: Page, plot: string): Promise<string[][]> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator(`[data-plot=${plot}]`).getByRole('button', { name: 'CSV' }).click(),
  ]);
  const lines = (await textOf(download)).trimEnd().split('\r\n');
  return lines.map((line) =>
    [...line.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g)].map(([, text, number]) => fileCell(text, number)),
  );
}

async function textOf(download: Download): Promise<string> {
  const chunks = await (await download.createReadStream()).toArray();
  return Buffer.concat(chunks as Buffer[]).toString();
}

const fileCell = (text: string | undefined, number: string | undefined) =>
  comparable(text === undefined ? number! : text.replaceAll('""', '"') || '—');

/** Times and rates are written for people in the table, and for machines in the file. */
function comparable(cell: string): string {
  if (/^\d{4}-\d\d-\d\dT/.test(cell)) return cell.slice(11, 16);
  // A whole rate is no fraction in the file.
  if (cell === '0 %' || cell === '100 %') return cell === '0 %' ? '0' : '1';
  if (cell.endsWith(' %')) return cell;
  return /^0\.\d+$/.test(cell) ? percent(Number(cell)) : cell.replaceAll(/(?<=\d),(?=\d{3})/g, '');
}

const percent = (rate: number): string => {
  const value = rate * 100;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} %`;
};
