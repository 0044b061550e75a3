import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type DemoRow } from '@countersign/demo';
import type { SystemOptions } from '@countersign/embedded';
import { World } from '../world.js';
import { openBrowser, settled, signIn } from './browser.js';

export interface Window {
  width?: number;
  height?: number;
  dark?: boolean;
}

type SignedIn = Awaited<ReturnType<BrowserContext['storageState']>>;

/** What a page says on its console when a service refuses or is away: the view says it too, in words. */
const EXPECTED = /^Failed to load resource/;

/** The running system with a browser before it. Whoever comes has signed in through the real pages. */
export class ConsoleWorld {
  /** What pages complained of: violations of the policy for content, errors of scripts. None is as it should be. */
  readonly flaws: string[] = [];
  /** Of the demo, once it was played. */
  rows: DemoRow[] = [];
  readonly #sessions = new Map<string, Promise<SignedIn>>();
  readonly #windows = new Map<string, Promise<BrowserContext>>();

  private constructor(
    readonly world: World,
    readonly browser: Browser,
  ) {}

  static async open(options: SystemOptions = {}): Promise<ConsoleWorld> {
    const world = await World.open(options);
    try {
      return new ConsoleWorld(world, await openBrowser());
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  get gateway(): string {
    return this.world.system.urls.gateway;
  }

  async playDemo(): Promise<void> {
    this.rows = await this.world.playDemo();
  }

  /** A row of the demo by its words. */
  row(intent: string, person?: string): DemoRow {
    const row = this.rows.find((one) => one.intent === intent && (!person || one.person === person));
    if (!row) throw new Error(`the demo has no row "${intent}"`);
    return row;
  }

  /** A new window of a person's, at an address; closed by `page.context().close()`, or with the world. */
  async visit(person: string, address: string, window: Window = {}): Promise<Page> {
    const context = await this.context(await this.session(person), window);
    const page = await context.newPage();
    await page.goto(`${this.gateway}${address}`);
    await settled(page);
    return page;
  }

  /** As `visit`, and closed when the work in it has ended. */
  async inWindow<T>(person: string, address: string, window: Window, work: (page: Page) => Promise<T>): Promise<T> {
    const page = await this.visit(person, address, window);
    try {
      return await work(page);
    } finally {
      await page.context().close();
    }
  }

  /** As `inWindow`, in a window that stays: what it loaded once is there the next time. */
  async glance<T>(person: string, address: string, window: Window, work: (page: Page) => Promise<T>): Promise<T> {
    const key = JSON.stringify([person, window]);
    const opening = this.#windows.get(key) ?? this.session(person).then((state) => this.context(state, window));
    this.#windows.set(key, opening);
    const page = await (await opening).newPage();
    try {
      await page.goto(`${this.gateway}${address}`);
      await settled(page);
      return await work(page);
    } finally {
      await page.close();
    }
  }

  /** A window of nobody's. */
  stranger(window: Window = {}): Promise<BrowserContext> {
    return this.context(undefined, window);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.world.close();
  }

  private async context(storageState: SignedIn | undefined, { width = 1440, height = 900, dark }: Window) {
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
      ...(storageState ? { storageState } : {}),
    });
    context.setDefaultTimeout(30_000);
    context.on('page', (page) => this.listenTo(page));
    return context;
  }

  private listenTo(page: Page): void {
    const told = (what: string) => this.flaws.push(`${new URL(page.url(), this.gateway).pathname}: ${what}`);
    page.on('pageerror', (error) => told(error.message));
    page.on('console', (message) => {
      const { pathname } = new URL(message.location().url || this.gateway, this.gateway);
      if (message.type() === 'error' && !EXPECTED.test(message.text())) told(`${message.text()} (${pathname})`);
    });
  }

  /** Signed in once a person. */
  private session(person: string): Promise<SignedIn> {
    const known = this.#sessions.get(person) ?? this.signedIn(person);
    this.#sessions.set(person, known);
    return known;
  }

  private async signedIn(person: string): Promise<SignedIn> {
    const context = await this.stranger();
    await signIn(context, this.gateway, person);
    const state = await context.storageState();
    await context.close();
    return state;
  }
}
