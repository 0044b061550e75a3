import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { axe, settled } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { tabTo } from './keyboard.js';

const PEOPLE = ['alice', 'bob', 'sam', 'ruth', 'audra', 'adam', 'gil'] as const;
/** What a view shows first; of several, who is answered one is offered the view. */
const SHOWS: Record<string, readonly string[]> = {
  '/': ['/v1/metrics/summary'],
  '/approvals': ['/v1/approvals'],
  '/traces': ['/v1/traces'],
  '/kill': ['/v1/control'],
  '/workflows': ['/v1/workflows'],
  '/evals': ['/v1/evals/runs'],
  '/incidents': ['/v1/incidents'],
  '/pipeline': ['/v1/pipeline', '/v1/in-doubt'],
  '/audit': ['/v1/access-review'],
};

const views = (page: Page) => page.getByRole('navigation', { name: 'Views' });
const focused = (page: Page) => page.evaluate<string>('document.activeElement.innerText');

/** What is around every view: the way from one to another, who one is, and whether what is shown is how it stands. */
export function shellScenario(open: () => ConsoleWorld): void {
  it.each(PEOPLE)('offers %s no view that the API refuses them', async (person) => {
    const world = open();
    const asking = await world.world.person(person);
    const offered = await world.glance(person, '/approvals', {}, (page) =>
      views(page)
        .getByRole('link')
        .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? '')),
    );
    for (const view of offered) {
      const answers = await Promise.all(SHOWS[view]!.map((path) => asking.call('GET', path)));
      expect({ view, answered: answers.some(({ status }) => status === 200) }).toEqual({ view, answered: true });
    }
  });

  it('is walked by keyboard: past the navigation, to a view, to an action by its id, and nothing is changed by a key', async () => {
    const world = open();
    const [actionId] = world.row('a refund of 900 €').actionIds;
    await world.inWindow('audra', '/audit', {}, async (page) => {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe('Skip to the content');
      await page.keyboard.press('g');
      await page.keyboard.press('a');
      await page.waitForURL('**/approvals');
      await settled(page);
      expect(await focused(page)).toBe('Approvals');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('Control+k');
      await page.getByRole('textbox', { name: 'Go to' }).fill(actionId!);
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/traces?subject=${actionId}`);
      await page.getByText(/900/).first().waitFor();
      expect(await focused(page)).toBe('Traces');
    });
  });

  it('keeps its navigation out of reach on a phone until it is asked for', async () => {
    await open().inWindow('bob', '/approvals', { width: 320, height: 640 }, async (page) => {
      expect(await views(page).count()).toBe(0);
      await tabTo(page, page.getByRole('button', { name: 'Views' }));
      await page.keyboard.press('Enter');
      await views(page).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await views(page).waitFor({ state: 'hidden' });
    });
  });

  it('says who one is, and lets one out', async () => {
    await open().inWindow('carol', '/approvals', { dark: true }, async (page) => {
      await tabTo(page, page.getByRole('button', { name: 'carol' }));
      await page.keyboard.press('Enter');
      const out = page.getByRole('button', { name: 'Sign out' });
      await out.waitFor();
      expect(await axe(page)).toEqual([]);
      await tabTo(page, out);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Sign in' }).waitFor();
    });
  });

  it('says when it is not live, keeps what was begun to be written, and goes on by itself', async () => {
    const world = open();
    await world.inWindow('sam', '/kill', {}, async (page) => {
      await page.getByRole('button', { name: /^Trip/ }).first().click();
      const reason = page.getByRole('dialog').getByRole('textbox').first();
      await reason.fill('half of a reason');
      await world.world.system.hold('gateway-1', 'KILL');
      const notice = page.getByText(/connection to the gateway is lost/);
      await notice.waitFor();
      await world.world.system.release('gateway-1');
      await notice.waitFor({ state: 'detached', timeout: 60_000 });
      expect(await reason.inputValue()).toBe('half of a reason');
      await page.getByRole('button', { name: 'Cancel' }).click();
    });
  });
}
