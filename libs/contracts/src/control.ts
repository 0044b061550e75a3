import { z } from 'zod';
import { classified } from './data-class.js';

const note = classified('internal', z.string().max(500));

/** Values on `countersign.control.v1`, by the kind its key begins with. */
export const killValue = z.strictObject({ killed: z.boolean(), reason: note.optional(), by: note.optional() });
export const STAGES = ['read-only', 'draft-only', 'scoped'] as const;
export type Stage = (typeof STAGES)[number];
export const stageValue = z.strictObject({ stage: z.enum(STAGES), reason: note.optional(), by: note.optional() });
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

/** A control record from its key (the scope) and value; undefined if either is not of the contract's form. */
export function parseControl(scope: string, value: unknown): ControlRecord | undefined {
  if (SCOPES.kill.test(scope)) {
    const parsed = killValue.safeParse(value);
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
