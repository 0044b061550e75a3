import { afterAll, beforeAll, describe } from '@jest/globals';
import { bigTraceScenario } from './big-trace.js';
import { approvalsScenario } from './approvals.scenario.js';
import { auditScenario } from './audit.scenario.js';
import { ConsoleWorld } from './console-world.js';
import { evalsScenario } from './evals.scenario.js';
import { firstLoadScenario } from './first-load.scenario.js';
import { incidentsScenario } from './incidents.scenario.js';
import { killScenario } from './kill.scenario.js';
import { pipelineScenario } from './pipeline.scenario.js';
import { overviewScenario } from './overview.scenario.js';
import { shellScenario } from './shell.scenario.js';
import { signInScenario } from './sign-in.scenario.js';
import { tracesScenario } from './traces.scenario.js';
import {
  darkViewsScenario,
  deniedViewsScenario,
  emptyViewsScenario,
  failedViewsScenario,
  narrowViewsScenario,
  viewsScenario,
} from './views.scenario.js';
import { workflowsScenario } from './workflows.scenario.js';

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
    describe('approvals', () => approvalsScenario(open));
    describe('incidents', () => incidentsScenario(open));
    describe('evals', () => evalsScenario(open));
    describe('traces', () => tracesScenario(open));
    describe('kill switch', () => killScenario(open));
    describe('workflows', () => workflowsScenario(open));
    describe('pipeline', () => pipelineScenario(open));
    describe('overview', () => overviewScenario(open));
    describe('audit', () => auditScenario(open));
    // It is put into the store past the topics: from here on the record is not whole, and says so.
    describe('a trace of 5,000 events', () => bigTraceScenario(open));
    describe('around the views', () => shellScenario(open));
    describe('views', () => viewsScenario(open));
    describe('dark views', () => darkViewsScenario(open));
    describe('narrow views', () => narrowViewsScenario(open));
    describe('denied views', () => deniedViewsScenario(open));
    describe('views without an answer', () => failedViewsScenario(open));
  });
});
