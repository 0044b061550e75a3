import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { repoRoot } from '@countersign/embedded/places';
import type { ConsoleWorld } from './console-world.js';

const EVENTS = 5_000;
const MOST_ROWS = 150;
const MOST_MS = 50;

interface Scrolled {
  steps: number;
  rows: number;
  /** Of the page's own work, in ms. */
  longest: number;
  /** The same by the clock: whatever else runs on the machine is in it. */
  waited: number;
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
      const scrolled = await scrolledThrough(open(), page, `${rows}[${place}="${last}"]`, rows);
      console.log(
        `a trace of ${EVENTS} events as ${tab}: at most ${scrolled.rows} rows mounted, the longest task ${scrolled.longest.toFixed(0)} ms in ${scrolled.steps} steps of scrolling (${scrolled.waited.toFixed(0)} ms with what other processes of this machine took)`,
      );
      expect(scrolled).toEqual({ ...scrolled, last: true });
      expect(scrolled.rows).toBeLessThanOrEqual(MOST_ROWS);
      expect(scrolled.longest).toBeLessThanOrEqual(MOST_MS);
    });
  });
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds by the clock, and of the thread itself. */
  dur?: number;
  tdur?: number;
  args: { name?: string };
}

/** By the wheel of a mouse, top to bottom, while the browser notes every task of the page's main thread. */
async function scrolledThrough({ browser }: ConsoleWorld, page: Page, last: string, rows: string): Promise<Scrolled> {
  await page.evaluate((rows) => {
    const seen = { rows: 0 };
    Object.assign(window, { seen });
    const count = () => {
      seen.rows = Math.max(seen.rows, document.querySelectorAll(rows).length);
      requestAnimationFrame(count);
    };
    count();
  }, rows);
  await browser.startTracing(page, { categories: ['toplevel'] });
  await page.mouse.move(700, 600);
  let steps = 0;
  const atEnd = () => page.evaluate<boolean>('scrollY + innerHeight >= document.documentElement.scrollHeight - 2');
  for (; steps < 2_000 && !(await atEnd()); steps++) await page.mouse.wheel(0, 1_500);
  await page.locator(last).waitFor();
  const traced = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const seen = await page.evaluate<{ rows: number }>('window.seen');
  const longest = longestOf(traced.traceEvents);
  return { ...seen, ...longest, steps, last: (await page.locator(last).count()) === 1 };
}

function longestOf(events: readonly TraceEvent[]): Pick<Scrolled, 'longest' | 'waited'> {
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
  const isMain = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf),
  );
  const tasks = events.filter((event) => /RunTask$/.test(event.name) && isMain.has(threadOf(event)));
  if (tasks.length === 0) throw new Error('the browser noted no task of the page');
  const most = (of: (event: TraceEvent) => number | undefined) =>
    tasks.reduce((max, task) => Math.max(max, of(task) ?? 0), 0);
  return { longest: most(({ tdur }) => tdur) / 1_000, waited: most(({ dur }) => dur) / 1_000 };
}
