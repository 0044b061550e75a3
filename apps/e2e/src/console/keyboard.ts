import type { Locator, Page } from 'playwright-core';
import { until } from '@countersign/testing';

/** Tabs on until the element has the focus, as somebody without a mouse does. Throws when it cannot be reached. */
export async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  // A radio button behind its label has the focus, and no size.
  await target.waitFor({ state: 'attached' });
  for (let pressed = 0; pressed <= 150; pressed++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${String(target)} cannot be reached with ${key}`);
}

/** Waits for the element to have the focus: a dialog gives it a moment after it is drawn. */
export async function focusOn(target: Locator): Promise<void> {
  const has = () => target.evaluate((element) => element === document.activeElement);
  await until(has, { what: `${String(target)} to have the focus`, timeoutMs: 10_000 });
}
