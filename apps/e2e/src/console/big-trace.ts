import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { repoRoot } from '@countersign/embedded';
import type { ConsoleWorld } from './console-world.js';

const EVENTS = 5_000;
const MOST_ROWS = 150;
const MOST_MS = 50;

interface Scrolled {
  steps: number;
  rows: number;
  longest: number;
  last: boolean;
}

/** A trace of 5,000 events, stored as the ingest stores it, is scrolled from its top to its end. */
export function bigTraceScenario(open: () => ConsoleWorld): void {
  let intentId: string;
  it('is stored', () => {
    const command = path.join(repoRoot(), 'apps/audit/dist/scale/long-trace.js');
    const env = { ...process.env, DATABASE_URL: open().world.system.urls.postgres };
    const { stdout, stderr } = spawnSync(process.execPath, [command, '--events', String(EVENTS)], { env });
    intentId = stdout.toString().trim();
    expect([intentId, stderr.toString()]).toEqual([expect.stringMatching(/^int_\w+$/), '']);
  });

  it.each([
    ['events', '[role=list] > [role=listitem]', 'aria-posinset', EVENTS],
    ['timeline', '[role=treegrid] [role=row]', 'aria-rowindex', undefined],
  ])('as %s: few rows are mounted, and nothing holds the page up', async (tab, rows, place, count) => {
    await open().inWindow('audra', `/traces/${intentId}?tab=${tab}`, {}, async (page) => {
      await page.locator(rows).nth(5).waitFor();
      const last = count ?? Number(await page.getByRole('treegrid').getAttribute('aria-rowcount'));
      expect(last).toBeGreaterThan(EVENTS / 2);
      const scrolled = await scrolledThrough(page, `${rows}[${place}="${last}"]`, rows);
      console.log(
        `a trace of ${EVENTS} events as ${tab}: at most ${scrolled.rows} rows mounted, the longest task ${scrolled.longest.toFixed(0)} ms in ${scrolled.steps} steps of scrolling`,
      );
      expect(scrolled).toEqual({ ...scrolled, last: true });
      expect(scrolled.rows).toBeLessThanOrEqual(MOST_ROWS);
      expect(scrolled.longest).toBeLessThanOrEqual(MOST_MS);
    });
  });
}

/** By the wheel of a mouse, top to bottom; what takes longer than 50 ms the browser tells by itself. */
async function scrolledThrough(page: Page, last: string, rows: string): Promise<Scrolled> {
  await page.evaluate((rows) => {
    const seen = { rows: 0, longest: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
    }).observe({ type: 'longtask' });
    const count = () => {
      seen.rows = Math.max(seen.rows, document.querySelectorAll(rows).length);
      requestAnimationFrame(count);
    };
    count();
  }, rows);
  await page.mouse.move(700, 600);
  let steps = 0;
  const atEnd = () => page.evaluate<boolean>('scrollY + innerHeight >= document.documentElement.scrollHeight - 2');
  for (; steps < 2_000 && !(await atEnd()); steps++) await page.mouse.wheel(0, 1_500);
  await page
    .locator(last)
    .waitFor({ timeout: 5_000 })
    .catch(() => undefined);
  const seen = await page.evaluate<{ rows: number; longest: number }>('window.seen');
  return { ...seen, steps, last: (await page.locator(last).count()) === 1 };
}
