import { Circuit, Target, Toolbox } from '@countersign/executor/parts';
import { createVerifier } from '@countersign/identity';
import { testIssuer } from '@countersign/testing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { Ends } from './ends.js';
import { startEngines, type Engines } from './engines.js';
import { makeKeys } from './keys.js';
import { ModelServer } from './model-server.js';
import type { ModelEndpoint } from './planning.js';
import type { RunOptions } from './run.js';
import { remembered, type Setting } from './setting.js';
import { World } from './world.js';

const LIVE_RETRIES = 5;
const TARGET_CONCURRENCY = 32;

/** The services in this process, with real systems of record around them. */
export function openOwn(workflows: ReadonlyMap<string, LoadedWorkflow>, options: RunOptions): Promise<Setting> {
  const ends = new Ends();
  return ends.guard(async () => {
    const { packages, settings, mode, env, databaseUrl, concurrency } = options;
    const toolbox = await Toolbox.load(packages, settings);
    const targets = toolbox.targets();
    const recorded = toolbox.importedTargets();
    const engines = await startEngines({ databaseUrl, targets, recorded, standIn: mode === 'stand-in', env });
    ends.add(engines.stop);
    const issuer = await testIssuer();
    ends.add(issuer.stop);
    const model = await ModelServer.start();
    ends.add(() => model.stop());
    const verifier = createVerifier({ ...issuer, tenantClaim: 'tenant', rolesClaim: 'roles' });
    await verifier.warm();
    const tokenOf = remembered((person) => issuer.token(person));
    const parts = { keys: makeKeys(), workflows, toolbox, verifier, sealing: engines.sealing };
    const made = { ...parts, model: endpointOf(options, engines, model), targets: targetsOf(engines) };
    const world = new World(made, tokenOf);
    ends.add(() => world.stop());
    await world.start();
    return {
      ...{ world, systems: engines.systems, model, tokenOf, atOnce: concurrency },
      ...{ sweep: () => world.sweep(), stop: () => ends.close() },
    };
  });
}

function endpointOf(
  { mode, settings, apiKey = 'none' }: RunOptions,
  { standInUrl }: Engines,
  recorded: ModelServer,
): ModelEndpoint {
  const common = { apiKey, model: settings.model, maxRetries: LIVE_RETRIES };
  switch (mode) {
    case 'recorded':
      return { ...common, urlFor: (intent) => recorded.urlFor(intent) };
    case 'stand-in':
      return { ...common, urlFor: () => standInUrl! };
    case 'live':
      return { ...common, urlFor: () => settings.baseUrl };
    default:
      return mode satisfies never;
  }
}

const targetsOf = ({ systems }: Engines) =>
  new Map(
    [...systems].map(([name, system]) => {
      const circuit = new Circuit(name, () => {});
      const target = new Target({
        name,
        url: system.url,
        concurrency: TARGET_CONCURRENCY,
        circuit,
        credentials: system,
      });
      return [name, { target, circuit }] as const;
    }),
  );
