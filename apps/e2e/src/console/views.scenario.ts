import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { until } from '@countersign/testing';
import { axe, settled } from './browser.js';
import type { ConsoleWorld, Window } from './console-world.js';
import { DENIED, SITES, type Site } from './sites.js';

/** What every view must be, whatever it shows. */
async function flawsOf(page: Page): Promise<string[]> {
  const headings = await page.getByRole('heading', { level: 1 }).count();
  const title = await page.title();
  // WCAG 1.4.10: nobody scrolls two ways to read a line.
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  return [
    ...(await axe(page)),
    ...(headings === 1 ? [] : [`${headings} headings of level 1`]),
    ...(/^.+ · Countersign$/.test(title) ? [] : [`the title is "${title}"`]),
    ...(wide > 0 ? [`it is ${wide} px wider than the window`] : []),
  ];
}

async function stands(world: ConsoleWorld, person: string, address: string, window: Window = {}): Promise<void> {
  const before = world.flaws.length;
  const flaws = await world.glance(person, address, window, flawsOf);
  expect([...flaws, ...world.flaws.slice(before)]).toEqual([]);
}

const withData = (open: () => ConsoleWorld, window: Window) => async (site: Site) => {
  await stands(open(), site.person, await site.address(open()), window);
};

/** Before anything was ever asked of the system; of single things, one that does not exist. */
export function emptyViewsScenario(open: () => ConsoleWorld): void {
  it.each(SITES)('$view: nothing to show', async ({ person, address, empty }) => {
    await stands(open(), person, empty ?? (await address(open())));
  });
}

export function viewsScenario(open: () => ConsoleWorld): void {
  it.each(SITES)('$view: what the demo left', withData(open, {}));
}

export function darkViewsScenario(open: () => ConsoleWorld): void {
  it.each(SITES)('$view: dark', withData(open, { dark: true }));
}

export function narrowViewsScenario(open: () => ConsoleWorld): void {
  it.each(SITES)('$view: on 320 px', withData(open, { width: 320, height: 640 }));
}

export function deniedViewsScenario(open: () => ConsoleWorld): void {
  it.each(DENIED)('$view: denied to $person', async ({ person, address }) => {
    await stands(open(), person, address);
    await open().glance(person, address, {}, async (page) => {
      await expect(page.getByRole('alert').first().textContent()).resolves.toMatch(/may not|not allowed|needs one of/i);
    });
  });
}

/** The database is gone, for every service: each view says so, and stands again once it is back and asked to try again. */
export function failedViewsScenario(open: () => ConsoleWorld): void {
  const addresses = new Map<Site, string>();
  it('loses its database', async () => {
    for (const site of SITES) addresses.set(site, await site.address(open()));
    await open().world.system.hold('postgres', 'KILL');
  });

  it.each(SITES)('$view: the answer is an error', async (site) => {
    const flaws = await open().glance(site.person, addresses.get(site)!, {}, async (page) => {
      await page.getByRole('alert').first().waitFor();
      return flawsOf(page);
    });
    expect(flaws).toEqual([]);
  });

  it('stands again, without a reload, once there is an answer', async () => {
    const page = await open().visit('audra', '/traces');
    await page.getByRole('alert').first().waitFor();
    await open().world.system.release('postgres');
    const alert = page.getByRole('alert').first();
    const triedAgain = async () => {
      if ((await alert.count()) === 0) return true;
      await page.getByRole('button', { name: 'Try again' }).first().click({ timeout: 1_000 });
      await settled(page);
      return (await alert.count()) === 0;
    };
    await until(triedAgain, { what: 'an answer', timeoutMs: 60_000, everyMs: 500 });
    await page.context().close();
  });
}
