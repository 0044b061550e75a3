import { afterAll, beforeAll, describe } from '@jest/globals';
import { accessScenario } from './access.scenario.js';
import { booksScenario } from './books.scenario.js';
import { clientScenario } from './client.scenario.js';
import { examplesScenario } from './examples.scenario.js';
import { conformanceScenario } from './conformance.scenario.js';
import { contextScenario } from './context.scenario.js';
import { demoScenario } from './demo.scenario.js';
import { doubtScenario } from './doubt.scenario.js';
import { explanationsScenario } from './explanations.scenario.js';
import { forgeryScenario } from './forgery.scenario.js';
import { gatesScenario } from './gates.scenario.js';
import { doubtfulDesk, generateWorkflow, hastyDesk, rationedDesks, type Generated } from './generated.js';
import { generatedScenario } from './generated.scenario.js';
import { incidentsScenario } from './incidents.scenario.js';
import { hostileModelScenario } from './hostile-model.scenario.js';
import { lyingPlannerScenario } from './lying-planner.scenario.js';
import { matrixScenario } from './matrix.scenario.js';
import { mcpScenario } from './mcp.scenario.js';
import { personalScenario } from './personal.scenario.js';
import { poisonScenario } from './poison.scenario.js';
import { readmeScenario } from './readme.scenario.js';
import { recordScenario } from './record.scenario.js';
import { releasesScenario } from './releases.scenario.js';
import { staleScenario } from './stale.scenario.js';
import { World } from './world.js';

const GENERATED = 'parcel-desk';

/** The whole system, real engines, looked at from outside. One start serves all of these. */
describe('the path', () => {
  let world: World;
  let generated: Generated[] = [];
  beforeAll(async () => {
    generated = [generateWorkflow(GENERATED), hastyDesk(), doubtfulDesk(), ...rationedDesks()];
    const workflows = ['@countersign/support-desk', ...generated.map(({ folder }) => folder)];
    world = await World.open({ workflows, instances: { executor: 2 } });
  });
  afterAll(async () => {
    await world?.close();
    for (const one of generated) one.remove();
  });

  describe('the demo and its explanations', () => demoScenario(() => world));
  describe('a mixed run and its explanations', () => explanationsScenario(() => world));
  describe('a generated workflow', () => generatedScenario(() => world, GENERATED));
  describe('context', () => contextScenario(() => world, GENERATED));
  describe('the client', () => clientScenario(() => world));
  describe('the examples', () => examplesScenario(() => world));
  describe('an agent over MCP', () => mcpScenario(() => world));
  describe('the MCP conformance suite', () => conformanceScenario(() => world));
  describe('questions by AuthZEN', () => accessScenario(() => world));
  describe('the books', () => booksScenario(() => world));
  describe('forged records', () => forgeryScenario(() => world));
  describe('the gates', () => gatesScenario(() => world, 'hasty-desk'));
  describe('a lying planner', () => lyingPlannerScenario(() => world));
  describe('a hostile model', () => hostileModelScenario(() => world));
  describe('a doubt', () => doubtScenario(() => world));
  describe('a world that moves', () => staleScenario(() => world));
  describe('incidents', () => incidentsScenario(() => world));
  describe('releases', () => releasesScenario(() => world));
  describe('the README', () => readmeScenario(() => world));
  describe('every route, tool, id, tenant and role', () => matrixScenario(() => world));
  describe('poison', () => poisonScenario(() => world));
  describe('the record of it all', () => recordScenario(() => world));
  // It forgets people the others speak of, and what it plants is no JSON.
  describe('personal values', () => personalScenario(() => world));
});
