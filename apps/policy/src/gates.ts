/*
 * The switches and the stage, as decisions go by them. What they guarantee:
 * 1. What a kill switch stops is not granted, whatever its kind; it may be asked for again once the scope is re-armed.
 * 2. A tool that changes state is granted its commit at the stage `scoped` alone: at `draft-only` it gets a draft, at `read-only` nothing.
 *    Reads and dry runs are granted at every stage.
 * 3. What was not released changes nothing: of a fingerprint that is neither the one released last nor the one before it, only reads and dry
 *    runs are granted.
 */
import { killScopesOf, type JsonObject } from '@countersign/contracts';
import type { ToolContract } from '@countersign/tool-sdk';
import type { Case, Denial } from './drafts.js';

type Asked = Pick<Case, 'intent' | 'control' | 'loaded'>;

export const targetOf = ({ intent: { tenant, workflow } }: Pick<Case, 'intent'>, tool: string) => ({
  ...{ tenant, workflow, tool },
});

/** Guarantee 1. A trip's reason stays out of it: anybody may have written it, and this goes on to the model. */
export function killDenial(of: Asked, tool: string): Denial | undefined {
  const kill = of.control.killedBy(targetOf(of, tool));
  if (!kill) return undefined;
  return { code: 'KILLED', detail: `${kill.scope} is on` };
}

type Called = { dryRun: boolean };
const changesState = ({ effect }: ToolContract, { dryRun }: Called) => effect !== 'read' && !dryRun;

/** Guarantee 2. */
export function stageDenial(of: Asked, contract: ToolContract, action: Called): Denial | undefined {
  const { tenant, workflow } = of.intent;
  if (!changesState(contract, action) || of.control.stageOf(of.intent) !== 'read-only') return undefined;
  return { code: 'STAGE_FORBIDS', detail: `${workflow} is at the stage read-only for ${tenant}` };
}

/** Guarantee 3. */
export function releaseDenial(of: Asked, contract: ToolContract, action: Called): Denial | undefined {
  const { workflow } = of.intent;
  const { fingerprint } = of.loaded;
  if (!changesState(contract, action) || of.control.isReleased(workflow, fingerprint)) return undefined;
  return { code: 'NOT_RELEASED', detail: `${workflow} runs as ${fingerprint.slice(0, 12)}, which is not released` };
}

/** Guarantee 2: nothing is done, so nobody has to be asked. */
export const onlyDrafted = (of: Asked, contract: ToolContract, action: Called): boolean =>
  changesState(contract, action) && of.control.stageOf(of.intent) === 'draft-only';

/** What of it stands in a decision's facts: no other tenant's switch, nor any of what is not there. */
export function gatesOf({ control, intent, loaded }: Asked): Gates & JsonObject {
  const stopsOne = (scope: string) =>
    loaded.workflow.tools.some(({ name }) => killScopesOf(targetOf({ intent }, name)).includes(scope));
  const released = control.isReleased(intent.workflow, loaded.fingerprint);
  return { stage: control.stageOf(intent), released, switches: control.switchesOn().filter(stopsOne) };
}

interface Gates {
  stage: string;
  released: boolean;
  switches: string[];
}
