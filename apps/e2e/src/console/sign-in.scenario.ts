import { expect, it } from '@jest/globals';
import { axe } from './browser.js';
import type { ConsoleWorld } from './console-world.js';
import { tabTo } from './keyboard.js';

/** In and out, as people do. */
export function signInScenario(open: () => ConsoleWorld): void {
  it('leads a stranger in and back to where they were going, by keyboard alone', async () => {
    const world = open();
    const context = await world.stranger();
    const page = await context.newPage();
    await page.goto(`${world.gateway}/traces?q=refund`);
    const signIn = page.getByRole('link', { name: 'Sign in' });
    await signIn.waitFor();
    expect(await axe(page)).toEqual([]);
    await tabTo(page, signIn);
    await page.keyboard.press('Enter');
    const audra = page.getByRole('button', { name: /^audra\b/ });
    await audra.waitFor();
    expect(await axe(page)).toEqual([]);
    await tabTo(page, audra);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    expect(page.url()).toBe(`${world.gateway}/traces?q=refund`);
    await context.close();
  });

  it('keeps the token where no script finds it', async () => {
    const world = open();
    await world.inWindow('bob', '/approvals', {}, async (page) => {
      const cookies = await page.context().cookies(world.gateway);
      expect(cookies.filter(({ name }) => name.startsWith('countersign-'))).toEqual([
        expect.objectContaining({ httpOnly: true, sameSite: 'Lax', path: '/' }),
      ]);
      const kept = await page.evaluate<string>(
        'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, history.state])',
      );
      expect(kept).not.toMatch(/eyJ|countersign-session/);
    });
  });

  it('says so when the provider lets nobody in', async () => {
    const world = open();
    const context = await world.stranger();
    const page = await context.newPage();
    await page.goto(`${world.gateway}/auth/callback?code=x&state=y`);
    await page.getByRole('alert').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: /^gil\b/ }).click();
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    expect(page.url()).toBe(`${world.gateway}/`);
    await context.close();
  });
}
