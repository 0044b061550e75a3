import { afterAll, beforeAll, describe } from '@jest/globals';
import { demoScenario } from './demo.scenario.js';
import { forgeryScenario } from './forgery.scenario.js';
import { poisonScenario } from './poison.scenario.js';
import { readmeScenario } from './readme.scenario.js';
import { staleScenario } from './stale.scenario.js';
import { World } from './world.js';

/** The whole system, real engines, looked at from outside. One start serves all of these. */
describe('the path', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open();
  });
  afterAll(async () => {
    await world?.close();
  });

  describe('the demo and its explanations', () => demoScenario(() => world));
  describe('forged records', () => forgeryScenario(() => world));
  describe('a world that moves', () => staleScenario(() => world));
  describe('the README', () => readmeScenario(() => world));
  describe('poison', () => poisonScenario(() => world));
});
