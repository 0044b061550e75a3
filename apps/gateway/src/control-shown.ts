import { z } from 'zod';
import { STAGES, type Code, type Stage } from '@countersign/contracts';
import { applyControl, ControlView } from '@countersign/control';
import { saysOf, tenantOfScope, type Ack, type Says } from './control-acks.js';

const text = z.string();
const heard = z.object({ acknowledged: z.int(), instances: z.int() });
/** `at`: when the broker took the record. `tookMs`: from then until it was in force; null while it is not. */
const change = {
  reason: text.nullable(),
  by: text.nullable(),
  at: text.nullable(),
  epoch: z.int(),
  inForce: z.boolean(),
  tookMs: z.int().nullable(),
  applied: heard,
};
const switchShown = z.object({ scope: text, killed: z.boolean(), ...change, inDoubt: z.array(text).optional() });
const stageShown = z.object({ workflow: text, tenant: text.nullable(), stage: z.enum(STAGES), ...change });
const refused = z.object({ code: text, detail: text, nextStep: text });
const pastChange = z.object({
  scope: text,
  killed: z.boolean().optional(),
  stage: z.enum(STAGES).optional(),
  ...change,
  refused: refused.optional(),
});
export const controlSchema = z.object({
  switches: z.array(switchShown),
  stages: z.array(stageShown),
  history: z.array(pastChange),
});
/** What a change is answered with: once it is in force, or at once where nobody wants to wait. */
export const changedSchema = z.object({
  ...{ scope: text, killed: z.boolean().optional(), stage: z.enum(STAGES).optional(), reason: text, eventId: text },
  ...{ inForce: z.boolean(), epoch: z.int().optional(), at: text.nullable().optional() },
  ...{ tookMs: z.int().nullable().optional(), inDoubt: z.array(text).optional(), applied: heard.optional() },
});
export type Heard = z.infer<typeof heard>;
export type ControlShown = z.infer<typeof controlSchema>;

type Applied = Extract<Ack, { tag: 'applied' }>;

/** When the broker heard that a change is in force, in ms; undefined while it is not: see `Executing` in the design. */
export function inForceAt(says: Says, acks: readonly Ack[]): number | undefined {
  const first = (service: string) => {
    const heard = acks.filter(({ tag, data }) => tag === 'applied' && data.service === service);
    return heard.length > 0 ? Math.min(...heard.map(({ ackedAt }) => ackedAt)) : undefined;
  };
  const drained = first('executor');
  if (says === 'trip' || drained === undefined) return drained;
  const judged = first('policy');
  return judged === undefined ? undefined : Math.max(judged, drained);
}

/** Instances heard, of all that run: by the highest number each service gave. One that was replaced since is not counted beside its successor. */
export function heardOf(acks: readonly Ack[]): Heard {
  const sum = { acknowledged: 0, instances: 0 };
  for (const service of new Set(acks.map(({ data }) => data.service))) {
    const own = acks.filter(({ data }) => data.service === service).map(({ data }) => data);
    const heard = new Set(own.map(({ instance }) => instance)).size;
    const told = Math.max(0, ...own.map(({ instances = 0 }) => instances)) || heard;
    sum.acknowledged += Math.min(heard, told);
    sum.instances += told;
  }
  return sum;
}

/** Milliseconds from the broker's taking the record to its taking the word that it is in force. */
export function tookMs(says: Says, acks: readonly Ack[]): number | null {
  const end = inForceAt(says, acks);
  const begun = acks.find(({ data }) => data.appendedAt)?.data.appendedAt;
  return end === undefined || !begun ? null : Math.max(0, Math.round(end - Date.parse(begun)));
}

/** Ids of what was sent before a trip and has no known end. */
export const inDoubtOf = (acks: readonly Ack[]): string[] => [
  ...new Set(acks.flatMap((ack) => (ack.tag === 'applied' ? (ack.data.inDoubt ?? []) : []))),
];

const isApplied = (ack: Ack): ack is Applied => ack.tag === 'applied';
/** Policy's word where it is there: it alone says who a person is. */
const tellerOf = (acks: readonly Applied[]) => acks.find(({ data }) => data.service === 'policy') ?? acks[0]!;

function changeOf(acks: readonly Applied[]) {
  const { scope, epoch, value, by, appendedAt } = tellerOf(acks).data;
  const says = saysOf(scope, value)!;
  const said = value as { reason?: string; by?: string };
  const took = tookMs(says, acks);
  return {
    ...{ says, scope, value: said as { killed?: boolean; stage?: Stage } },
    shown: {
      ...{ reason: said.reason ?? null, by: by ?? said.by ?? null, at: appendedAt ?? null, epoch },
      ...{ inForce: inForceAt(says, acks) !== undefined, tookMs: took, applied: heardOf(acks) },
    },
  };
}

/** Acks of the same change together, in the order they come in. */
function changesOf<A extends Ack>(acks: readonly A[]): A[][] {
  const changes = new Map<string, A[]>();
  for (const ack of acks) {
    const key = `${ack.data.epoch} ${ack.data.scope}`;
    changes.set(key, [...(changes.get(key) ?? []), ack]);
  }
  return [...changes.values()];
}

/** Switches, stages and the last changes, for people. What is in doubt of whom is for those who settle it. */
export function controlShown(latest: readonly Ack[], history: readonly Ack[], showsDoubt: boolean): ControlShown {
  const shown: ControlShown = { switches: [], stages: [], history: changesOf(history).flatMap(pastOf) };
  for (const acks of changesOf(latest.filter(isApplied))) {
    const { says, scope, value, shown: change } = changeOf(acks);
    if (says === 'stage')
      shown.stages.push({
        ...{ workflow: scope.split('/')[2]!, tenant: tenantOfScope(scope) ?? null },
        stage: value.stage!,
        ...change,
      });
    else
      shown.switches.push({
        scope,
        killed: says === 'trip',
        ...change,
        ...(showsDoubt ? { inDoubt: inDoubtOf(acks) } : {}),
      });
  }
  return shown;
}

function pastOf(acks: readonly Ack[]): ControlShown['history'] {
  const applied = acks.filter(isApplied).filter(({ data }) => saysOf(data.scope, data.value));
  if (applied.length > 0) {
    const { says, scope, value, shown } = changeOf(applied);
    return [{ scope, ...(says === 'stage' ? { stage: value.stage! } : { killed: says === 'trip' }), ...shown }];
  }
  const no = acks.find(({ tag }) => tag === 'refused');
  if (no?.tag !== 'refused') return [];
  const { scope, epoch, by = null, appendedAt = null, code, detail, nextStep } = no.data;
  const nothing = { reason: null, inForce: false, tookMs: null, applied: heardOf([]) };
  return [{ ...{ scope, by, at: appendedAt, epoch }, ...nothing, refused: { code, detail, nextStep } }];
}

/** The stage of each workflow for a tenant. */
export function stagesFor(latest: readonly Ack[], tenant: string): (workflow: string) => Stage {
  const rows = changesOf(latest.filter(isApplied)).flatMap((acks) => {
    const { scope, epoch, value, at, by } = tellerOf(acks).data;
    return applyControl(undefined, { scope, value, epoch, at, by }) ?? [];
  });
  const view = new ControlView(rows);
  return (workflow) => view.stageOf({ tenant, workflow });
}

/** What became of a change that somebody waits for. */
export type Verdict =
  | { tag: 'in-force'; epoch: number; tookMs: number | null; inDoubt: string[]; applied: Heard; at: string | null }
  | { tag: 'refused'; code: Code; detail: string; nextStep: string }
  | { tag: 'pending'; applied: Heard; epoch: number | null };

/** From the acks of one control event, the first record of that id alone: somebody else may have used the id since. */
export function verdictOf({ says, scope }: { says: Says; scope: string }, all: readonly Ack[]): Verdict {
  const epoch = all[0]?.data.epoch;
  const acks = all.filter(({ data }) => data.epoch === epoch && data.scope === scope);
  const no = acks.find((ack) => ack.tag === 'refused' && ack.data.service === 'policy');
  if (no?.tag === 'refused') {
    const { code, detail, nextStep } = no.data;
    return { tag: 'refused', code, detail, nextStep };
  }
  const applied = acks.filter(isApplied).filter(({ data }) => saysOf(data.scope, data.value) === says);
  if (epoch === undefined || inForceAt(says, applied) === undefined)
    return { tag: 'pending', applied: heardOf(applied), epoch: epoch ?? null };
  const at = applied.find(({ data }) => data.appendedAt)?.data.appendedAt ?? null;
  return {
    ...{ tag: 'in-force', epoch, at, tookMs: tookMs(says, applied) },
    inDoubt: inDoubtOf(applied),
    applied: heardOf(applied),
  };
}
