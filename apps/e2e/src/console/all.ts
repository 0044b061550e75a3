import { afterAll, beforeAll, describe } from '@jest/globals';
import { ConsoleWorld } from './console-world.js';
import { evalsScenario } from './evals.scenario.js';
import { firstLoadScenario } from './first-load.scenario.js';
import { incidentsScenario } from './incidents.scenario.js';
import { signInScenario } from './sign-in.scenario.js';
import {
  darkViewsScenario,
  deniedViewsScenario,
  emptyViewsScenario,
  failedViewsScenario,
  narrowViewsScenario,
  viewsScenario,
} from './views.scenario.js';

/** The console whole: one system, from its first minute to the loss of its database. */
describe('the console', () => {
  let world: ConsoleWorld;
  const open = () => world;
  beforeAll(async () => {
    world = await ConsoleWorld.open();
  });
  afterAll(() => world?.close());

  describe('the first load', firstLoadScenario);
  describe('signing in', () => signInScenario(open));
  describe('empty views', () => emptyViewsScenario(open));
  describe('after the demo', () => {
    beforeAll(() => world.playDemo());
    describe('incidents', () => incidentsScenario(open));
    describe('evals', () => evalsScenario(open));
    describe('views', () => viewsScenario(open));
    describe('dark views', () => darkViewsScenario(open));
    describe('narrow views', () => narrowViewsScenario(open));
    describe('denied views', () => deniedViewsScenario(open));
    describe('views without an answer', () => failedViewsScenario(open));
  });
});
