import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  cut,
  encodeEvent,
  parseControl,
  STAGES,
  type ControlRecord,
  type OutRecord,
  type Person,
} from '@countersign/contracts';
import { currentTraceparent } from '@countersign/messaging';
import { maskWords } from '@countersign/sealing';
import { SOURCE } from './ingress.js';
import { saysOf, type Says } from './control-acks.js';

const reason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'one line of text, without control characters')
  .transform((text) => cut(maskWords(text), 500));
/** 0: answered as soon as it is published. */
const waitSeconds = z.number().min(0).max(30).default(5);
export const killBody = z.strictObject({ killed: z.boolean(), reason, waitSeconds });
export const stageBody = z.strictObject({
  stage: z.enum(STAGES),
  reason,
  tenant: z.string().min(1).max(100).optional(),
  waitSeconds,
});

/** A change of a switch or stage as one person asks for it. */
export interface ControlRequest {
  scope: string;
  says: Says;
  record: ControlRecord;
  /** Id of the event that asks for it. */
  id: string;
}

/** The change if its scope is of the contract's form. `scope` as on the topic. */
export function controlRequest(scope: string, value: object, { sub }: Person): ControlRequest | undefined {
  const record = parseControl(scope, { ...value, by: sub });
  const says = record && saysOf(scope, record.value);
  return record && says && { scope, says, record, id: `ctl_${randomUUID()}` };
}

/** With or without the kind in front, as it stands in a path. */
export const killScope = (given: string) => (given.startsWith('kill/') ? given : `kill/${given}`);
export const stageScope = (workflow: string, tenant?: string) =>
  `stage/workflow/${workflow}${tenant === undefined ? '' : `/tenant/${tenant}`}`;

/**
 * The record on the control topic. Whoever lets something go on again has to be somebody: the token goes with it, for policy. A trip
 * needs none, so none stays on a topic that is kept for ever.
 */
export function controlRecord({ scope, says, record, id }: ControlRequest, token: string, now: Date): OutRecord {
  const nobodys = { tenantid: '', actorid: '', session: '', correlationid: '', causationid: '' };
  const traceparent = currentTraceparent();
  const draft = {
    ...{ type: 'countersign.control.set.v1' as const, id, time: now.toISOString(), subject: scope, ...nobodys },
    data: { scope, value: record.value },
    ...(says === 'trip' ? {} : { authorization: `Bearer ${token}` }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return encodeEvent(SOURCE, draft, JSON.stringify(record.value));
}

/** What a switch stops here, by the workflows that are loaded: a name nobody knows would stop nothing and look as if it did. */
export interface Loaded {
  workflows: readonly string[];
  tools: readonly string[];
}

export type Unknown = { code: 'UNKNOWN_TOOL' | 'UNKNOWN_WORKFLOW'; detail: string };

/** Why a change names nothing that is loaded. A switch that is on can always be re-armed. */
export function unknownName({ scope, says }: ControlRequest, { workflows, tools }: Loaded): Unknown | undefined {
  if (says === 're-arm') return undefined;
  const [, kind, name = ''] = scope.split('/');
  const list = (names: readonly string[]) => [...new Set(names)].join(', ') || 'none';
  if (kind === 'workflow' && !workflows.includes(name))
    return { code: 'UNKNOWN_WORKFLOW', detail: `no workflow ${name} is loaded here; there is: ${list(workflows)}` };
  if (kind === 'tool' && !tools.includes(name))
    return { code: 'UNKNOWN_TOOL', detail: `no tool ${name} is loaded here; there is: ${list(tools)}` };
  return undefined;
}
