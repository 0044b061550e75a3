import { randomBytes } from 'node:crypto';
import { testIssuer } from '@countersign/testing';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { Ends } from './ends.js';
import { CURRENT, ModelServer } from './model-server.js';
import { RealWorld } from './real-world.js';
import type { RunOptions } from './run.js';
import { remembered, type Setting } from './setting.js';
import { SystemOfRecord } from './system-of-record.js';

/** A whole embedded system; one case at a time, for its model has one place for all intents. */
export function openReal(workflows: ReadonlyMap<string, LoadedWorkflow>, options: RunOptions): Promise<Setting> {
  const ends = new Ends();
  return ends.guard(async () => {
    const { packages, settings, mode } = options;
    const issuer = await testIssuer();
    ends.add(issuer.stop);
    const model = await ModelServer.start();
    ends.add(() => model.stop());
    const tokenOf = remembered((person) => issuer.token(person));
    const secret = randomBytes(24).toString('base64url');
    const recorded = {
      OPENAI_BASE_URL: model.urlFor(CURRENT),
      OPENAI_API_KEY: 'recorded',
      OPENAI_MODEL: settings.model,
    };
    const env = {
      ...{ OIDC_ISSUER: issuer.issuer, HELPDESK_FIXTURES: 'on', HELPDESK_FIXTURES_TOKEN: secret },
      ...(mode === 'recorded' ? recorded : {}),
    };
    const credentialFor = (tenant: string) => `${secret}.${tenant}`;
    const parts = { env, packages, workflows: [...workflows.keys()], credentialFor, tokenOf };
    const world = await RealWorld.start(parts, (text) => process.stderr.write(`evals: ${text}\n`));
    ends.add(() => world.stop());
    const helpdesk = new SystemOfRecord('helpdesk', world.system.urls.helpdesk, secret);
    ends.add(() => helpdesk.stop());
    return {
      ...{ world, systems: new Map([['helpdesk', helpdesk]]), model, tokenOf, atOnce: 1 },
      ...{ sweep: () => {}, stop: () => ends.close() },
    };
  });
}
