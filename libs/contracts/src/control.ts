import { z } from 'zod';
import { classified } from './data-class.js';
import type { Json } from './canonical.js';
import { cut, wellFormed } from './payload.js';

const MAX_REASON = 500;
const MAX_NAME = 200;
const note = classified('internal', z.string().max(MAX_REASON));
const who = classified('internal', z.string().max(MAX_NAME));

/** Values on `countersign.control.v1`, by the kind its key begins with. */
export const killValue = z.strictObject({ killed: z.boolean(), reason: note.optional(), by: who.optional() });
export const STAGES = ['read-only', 'draft-only', 'scoped'] as const;
export type Stage = (typeof STAGES)[number];
export const stageValue = z.strictObject({ stage: z.enum(STAGES), reason: note.optional(), by: who.optional() });
export const releaseValue = z.strictObject({
  fingerprint: z.string().min(1).max(200),
  report: z.record(z.string(), z.json()),
  signature: z.string().min(1).max(4096),
});
export type KillValue = z.infer<typeof killValue>;
export type StageValue = z.infer<typeof stageValue>;
export type ReleaseValue = z.infer<typeof releaseValue>;

const name = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}';
const SCOPES = {
  kill: new RegExp(`^kill/(\\*|(?:tenant|workflow|tool)/${name})$`),
  stage: new RegExp(`^stage/workflow/${name}(?:/tenant/${name})?$`),
  release: new RegExp(`^release/workflow/${name}$`),
};

export type ControlRecord =
  | { kind: 'kill'; scope: string; value: KillValue }
  | { kind: 'stage'; scope: string; value: StageValue }
  | { kind: 'release'; scope: string; value: ReleaseValue };

/** What a tool call belongs to: the switches that stop it and the stage that bounds it. */
export interface ControlTarget {
  tenant: string;
  workflow: string;
  tool: string;
}
/** The kill switches that stop a tool call. */
export const killScopesOf = ({ tenant, workflow, tool }: ControlTarget): string[] => [
  'kill/*',
  `kill/tenant/${tenant}`,
  `kill/workflow/${workflow}`,
  `kill/tool/${tool}`,
];
/** Where a workflow's stage for a tenant is said, the narrower first. */
export const stageScopesOf = ({ tenant, workflow }: Pick<ControlTarget, 'tenant' | 'workflow'>): string[] => [
  `stage/workflow/${workflow}/tenant/${tenant}`,
  `stage/workflow/${workflow}`,
];

/**
 * A control record from its key (the scope) and value; undefined if either is not of the contract's form. What it answers can be signed
 * and stored as it stands.
 */
export function parseControl(scope: string, given: unknown): ControlRecord | undefined {
  const value = wellFormed((given ?? null) as Json);
  if (scope.length > MAX_NAME) return undefined;
  if (SCOPES.kill.test(scope)) {
    const parsed = killValue.safeParse(tripOf(value) ?? value);
    return parsed.success ? { kind: 'kill', scope, value: parsed.data } : undefined;
  }
  if (SCOPES.stage.test(scope)) {
    const parsed = stageValue.safeParse(value);
    return parsed.success ? { kind: 'stage', scope, value: parsed.data } : undefined;
  }
  if (SCOPES.release.test(scope)) {
    const parsed = releaseValue.safeParse(value);
    return parsed.success ? { kind: 'release', scope, value: parsed.data } : undefined;
  }
  return undefined;
}

/** Stopping is always safe: whoever says `killed: true` means it, whatever else is said. Of that only what fits is kept. */
function tripOf(value: Json): KillValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value['killed'] !== true) return undefined;
  const { reason, by } = value;
  return {
    killed: true,
    ...(typeof reason === 'string' ? { reason: cut(reason, MAX_REASON) } : {}),
    ...(typeof by === 'string' ? { by: cut(by, MAX_NAME) } : {}),
  };
}
