import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { findChromium, NO_BROWSER } from './console/browser.js';
import { staleApprovalScenario } from './console/approvals.scenario.js';
import { ConsoleWorld } from './console/console-world.js';
import { firstLoadScenario } from './console/first-load.scenario.js';
import { signInScenario } from './console/sign-in.scenario.js';
import { viewsScenario } from './console/views.scenario.js';

/** The console in short; `npm run e2e:console` is all of it. */
if (findChromium()) {
  describe('the console', () => {
    let world: ConsoleWorld;
    const open = () => world;
    beforeAll(async () => {
      world = await ConsoleWorld.open();
      await world.playDemo();
    });
    afterAll(() => world?.close());

    describe('the first load', firstLoadScenario);
    describe('signing in', () => signInScenario(open));
    describe('an approval', () => staleApprovalScenario(open));
    describe('views', () => viewsScenario(open));
  });
} else {
  console.warn(`the console is not tried: ${NO_BROWSER}`);
  it.skip(`the console: ${NO_BROWSER}`, () => undefined);
}
