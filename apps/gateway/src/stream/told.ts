import type { Person } from '@countersign/contracts';
import { OVERSEERS } from '../routes.js';
import type { Change, Kind } from './changes.js';

/** What somebody is told of a change: that there was one, and of which intent where they may see it. */
export interface Told {
  kind: Kind;
  intentId?: string;
}

/** undefined: nothing. Of other people's intents only overseers hear; that the queue or the switches moved, everybody of the tenant. */
export function toldTo(
  person: Pick<Person, 'sub' | 'tenant' | 'roles'>,
  change: Omit<Change, 'tx' | 'id'>,
): Told | undefined {
  if (change.tenant !== null && change.tenant !== person.tenant) return undefined;
  const sees = change.actor === person.sub || person.roles.some((role) => OVERSEERS.some((other) => other === role));
  if (sees && change.intentId !== null) return { kind: change.kind, intentId: change.intentId };
  return change.kind === 'actions' ? undefined : { kind: change.kind };
}
