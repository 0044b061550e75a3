import { z } from 'zod';
import type { Json, JsonObject } from '../canonical.js';
import { CODE_NAMES } from '../codes.js';
import { classified, sealedSchema } from '../data-class.js';

/** The leaves every event is made of, each with its data class. */
export const id = classified('internal', z.string().min(1).max(200));
export const name = classified('public', z.string().min(1).max(100));
export const version = classified('public', z.string().min(1).max(200));
export const instant = classified('internal', z.iso.datetime({ offset: true }));
export const epochSeconds = classified('internal', z.int().nonnegative());
export const count = classified('internal', z.int().nonnegative());
export const flag = classified('internal', z.boolean());
/** Words of a person, a model or a target: hostile text, shapes we know sealed before it is published. */
export const words = classified('internal', z.string().max(32_768));
export const money = z.strictObject({
  amount: classified('internal', z.string().regex(/^-?\d{1,15}(\.\d{1,4})?$/)),
  currency: classified('internal', z.string().regex(/^[A-Z]{3}$/)),
});
export type Money = z.infer<typeof money>;

/** JSON whose own fields carry their class in a tool's schema; what is `personal` and up stands in it sealed. */
export const payload = classified(
  'internal',
  z.custom<Json>((value) => value !== undefined, 'required'),
);
export const payloadObject = classified(
  'internal',
  z.custom<JsonObject>((v) => typeof v === 'object' && v !== null && !Array.isArray(v), 'must be an object'),
);
/** A personal value as events carry it. Public and internal text may stand bare where no person is meant. */
export const sealedText = classified('personal', sealedSchema);

export const person = z.strictObject({
  sub: id,
  tenant: id,
  roles: z.array(name).max(50),
  /** RFC 8693 `act`: who acts for the person, kept and shown. */
  act: payloadObject.optional(),
});
export type Person = z.infer<typeof person>;

/** A person by name, with the roles they had. */
export const someone = z.strictObject({ sub: id, roles: z.array(name).max(50) });

/** A sealed value that somebody was shown: its token, and where it stands. */
export const openedValue = z.strictObject({ token: id, path: classified('internal', z.string().max(500)) });

export const recordRead = z.strictObject({ system: name, type: name, id, version, at: instant });
export type RecordRead = z.infer<typeof recordRead>;
/** A person as the directory has them at that instant. `active` false, or no roles: they may do nothing any more. */
export const memberSeen = z.strictObject({
  sub: id,
  roles: z.array(name).max(50),
  active: flag,
  system: name,
  at: instant,
});
export type MemberSeen = z.infer<typeof memberSeen>;

/** Whether a commit did what "done" means, as the system of record shows it afterwards. */
export const doneCheck = z.strictObject({
  holds: flag,
  statement: words,
  detail: words,
  checked: z.array(recordRead).max(64),
});
export type DoneCheck = z.infer<typeof doneCheck>;

export const recordChanged = z.strictObject({
  system: name,
  type: name,
  id,
  version,
  before: payload.nullable(),
  after: payload.nullable(),
});
export type RecordChanged = z.infer<typeof recordChanged>;

export const RULE_OUTCOMES = ['allow', 'escalate', 'deny', 'pass'] as const;
export const ruleResult = z.strictObject({
  rule: name,
  outcome: classified('public', z.enum(RULE_OUTCOMES)),
  reason: words,
});
export type RuleResult = z.infer<typeof ruleResult>;

export const refusalFields = {
  code: classified('public', z.enum(CODE_NAMES)),
  detail: words,
  nextStep: words,
};

/** `effect`: what would change. `basis`: the versions it rests on. The digest covers the effect. */
export const preview = z.strictObject({ effect: payload, basis: payloadObject, digest: id });
export type Preview = z.infer<typeof preview>;

/** Where an argument's value comes from, computed by policy from what this session has read. */
export const argumentProvenance = z.strictObject({
  origin: classified('public', z.enum(['record', 'user', 'model', 'approver'])),
  system: name.optional(),
  type: name.optional(),
  id: id.optional(),
  version: version.optional(),
  field: name.optional(),
  at: instant.optional(),
  /** Of the field: `untrusted` is a stranger's text, whatever record it stands in. */
  trust: classified('public', z.enum(['system', 'user', 'untrusted'])).optional(),
});
export type ArgumentProvenance = z.infer<typeof argumentProvenance>;
export const provenance = z.record(z.string(), argumentProvenance);

export const blast = z.strictObject({
  amount: money.optional(),
  records: count,
  reversible: flag,
  affected: z.array(id).max(100),
});
export type Blast = z.infer<typeof blast>;
