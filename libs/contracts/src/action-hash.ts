import { digest, type JsonObject } from './canonical.js';

/** Everything of an action that a person's decision binds to. */
export interface HashedAction {
  tenant: string;
  actor: { sub: string };
  workflow: string;
  policyVersion: string;
  tool: string;
  toolVersion: string;
  arguments: JsonObject;
  actionId: string;
  revision: number;
  preview?: { digest: string } | undefined;
}

/** The action hash: another argument, effect, tool version or set of rules has another, so an approval of one never serves the other. */
export function actionHashOf(of: HashedAction): string {
  const { tenant, workflow, policyVersion, tool, toolVersion, actionId, revision } = of;
  return digest({
    ...{ tenant, actor: of.actor.sub, workflow, policyVersion, tool, toolVersion, actionId, revision },
    ...{ arguments: of.arguments, preview: of.preview?.digest ?? null },
  });
}
