import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Said where there is none. */
export const NO_BROWSER =
  'no Chromium: install it (Debian: apt-get install chromium), or say where it is with CHROMIUM_PATH';

/** The browser of this machine; none is ever downloaded. */
export const findChromium = (): string | undefined => PLACES.find((place) => place && fs.existsSync(place));

const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(NO_BROWSER);
  // Chromium's own sandbox does not start for root.
  const args = process.getuid?.() === 0 ? [...QUIET, '--no-sandbox'] : QUIET;
  return chromium.launch({ executablePath, args });
}

/** Signs a person in as people do: the console's button, the provider's page, and back. Leaves the page open. */
export async function signIn(context: BrowserContext, gateway: string, person: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${gateway}/`);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: new RegExp(`^${person}\\b`) }).click();
  await page.getByRole('navigation', { name: 'Views' }).waitFor();
  return page;
}

/** The view stands: its heading is there, and nothing of it is on its way any more. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  // Functions, not text: the page's policy lets no text become a program.
  await page.waitForFunction(() => !document.querySelector('[role=status][aria-label^=Loading]'));
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(({ playState, effect }) => playState !== 'running' || effect?.getTiming().iterations === Infinity),
  );
}

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** What axe finds against WCAG 2.2 AA on the page as it is: a line for each element, none if all is well. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const options = JSON.stringify({ runOnly: { type: 'tag', values: TAGS }, resultTypes: ['violations'] });
  const found = await page.evaluate<Violation[]>(`axe.run(document, ${options}).then(({ violations }) => violations)`);
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${oneLine(failureSummary)}`),
  );
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 300);
