import type { AnyEvent, CloudEvent, EventType, Incoming, JsonObject, Person } from '@countersign/contracts';
import type { ControlView } from '@countersign/control';
import type { LoadedWorkflow } from '@countersign/workflow-kit';

/** What was found of a record before the transaction: whose token it carries, or whether its writer signed it. */
export type Checked =
  | { tag: 'person'; person: Person; expiresAt: number; said?: Said }
  | { tag: 'no-person'; because: string }
  /** Its key is not known yet: the token, for policy alone. */
  | { tag: 'waiting'; sealed: string }
  | { tag: 'signed' }
  | { tag: 'approver'; person: Person; said?: Said }
  /** Approval signed it; the token beside it proves nobody. */
  | { tag: 'no-approver'; because: string }
  | { tag: 'not-trusted'; because: string };

/** What a person said, with the values of known shapes sealed: text, subject and arguments as they go on, and the tokens in them. */
export interface Said {
  text?: string;
  subject?: { type: string; id: string };
  arguments?: JsonObject;
  tokens: readonly string[];
}

export interface Facts {
  workflows: ReadonlyMap<string, LoadedWorkflow>;
  /** By `placeOf` the record. */
  checked: ReadonlyMap<string, Checked>;
  /** After an approval that took longer, roles and effect are looked at again. */
  freshAfterMs: number;
  /** The switches and stages in force, as of at most a moment ago. */
  control: ControlView;
}

export type Of<T extends EventType> = Incoming & { event: CloudEvent<T> };

export const placeOf = ({ record }: Incoming<AnyEvent>) => `${record.topic}/${record.partition}/${record.offset}`;

export function checkedOf(incoming: Incoming<AnyEvent>, { checked }: Facts): Checked {
  const found = checked.get(placeOf(incoming));
  if (!found) throw new Error(`${placeOf(incoming)} came without its facts`);
  return found;
}
