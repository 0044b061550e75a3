import { beforeAll, expect, it } from '@jest/globals';
import { loadedIn, releaseAs } from '@countersign/testing';
import { caseOf, runWith } from '../told-run.js';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { tabTo } from './keyboard.js';
import { tellRun, type Shown } from './tell-run.js';

const LIMIT = 'A refund over 1000.00 is denied by the rules';
const PROBLEM = 'expected the decision issue_refund denied LIMIT_EXCEEDED, found issue_refund approved (commit)';

/** A release engineer asks why the run of today released nothing, beside what is released. */
export function evalsScenario(open: () => ConsoleWorld): void {
  beforeAll(async () => {
    const { world } = open();
    const { fingerprint } = (await loadedIn(world.system)).find(({ name }) => name === 'support-desk')!;
    const before = runWith(fingerprint, [caseOf(LIMIT), caseOf('Nothing is paid twice'), caseOf('It was dropped')]);
    const { report } = await tellRun(open(), before);
    expect(await releaseAs(world.system, 'support-desk', fingerprint, report)).toMatchObject({ tag: 'in-force' });
    const now = [caseOf(LIMIT, 'fail', [PROBLEM]), caseOf('Nothing is paid twice'), caseOf('A <b>freeze</b> holds')];
    await tellRun(open(), runWith('f'.repeat(64), now));
  });

  it('finds the case that newly fails, what was expected and what came, by keyboard alone', async () => {
    const world = open();
    await world.inWindow('ruth', '/evals', {}, async (page) => {
      const failed = page
        .getByRole('listitem')
        .filter({ hasText: /1 failed.*Released nothing/ })
        .first();
      await tabTo(page, failed.getByRole('link'));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Run of support-desk' }).waitFor();
      // What is released stands beside it without being asked for; what nobody signed says so.
      await page.getByText('Not signed: as ruth told it').waitFor();
      const newly = page.getByRole('radio', { name: 'Newly failing 1' });
      await newly.waitFor({ state: 'attached' });
      for (const name of ['New 1', 'No longer run 1', 'Unchanged 1'])
        expect(await page.getByRole('radio', { name, exact: true }).count()).toBe(1);
      await tabTo(page, page.getByRole('radio', { name: 'All' }));
      await page.keyboard.press('ArrowRight');
      await page.waitForFunction(() => location.search.includes('change=newly-failing'));
      expect(await newly.isChecked()).toBe(true);
      await tabTo(page, page.getByRole('button', { name: LIMIT }));
      await page.keyboard.press('Enter');
      const detail = page.getByRole('dialog', { name: LIMIT });
      const row = detail.getByRole('row', { name: /LIMIT_EXCEEDED/ });
      await row.waitFor();
      expect(await row.getByRole('cell').allTextContents()).toEqual([
        'the decision issue_refund denied LIMIT_EXCEEDED',
        'issue_refund approved (commit)',
      ]);
      expect(await detail.textContent()).toContain('In the other run: passed.');
      expect(await axe(page)).toEqual([]);
      // The address is the whole of it: whoever is given it sees the same.
      const { pathname, search } = new URL(page.url());
      await world.inWindow('sam', pathname + search, { width: 390 }, (other) =>
        other.getByRole('dialog', { name: LIMIT }).waitFor(),
      );
      await page.keyboard.press('Escape');
      await detail.waitFor({ state: 'detached' });
    });
  });

  it('shows to another tenant that something was released, and no case of it', async () => {
    const { id } = (await runs(open(), 'sam'))[0]!;
    await open().inWindow('gil', '/evals', {}, async (page) => {
      await page.getByRole('listitem').filter({ hasText: 'Released, may act' }).waitFor();
      expect(await page.getByText('Released nothing', { exact: true }).count()).toBe(0);
    });
    await open().inWindow('gil', `/evals?run=${id}`, {}, async (page) => {
      await page.getByRole('alert').waitFor();
      expect(await page.textContent('main')).not.toContain(LIMIT);
    });
  });
}

async function runs({ world }: ConsoleWorld, person: string): Promise<Shown[]> {
  return ((await (await world.person(person)).call('GET', '/v1/evals/runs')).body as { data: Shown[] }).data;
}
