import type { Json, Person } from '@countersign/contracts';
import { sealedTokensIn, tokensIn, type Opener } from '@countersign/sealing';
import type { ControlView } from '@countersign/control';
import { isOpen, mayDecide, type Item } from './state.js';

export const OPENER = Symbol('opener-of-sealed-values');

/** The most values that are opened for one item. */
const MOST = 100;

/**
 * What the tokens of an item stand for, by token, for a person who may decide it now: nobody else is shown any, and nothing of it
 * is kept. What a person approves is the item with its tokens, beside which these stand.
 *
 * @returns undefined where there is nothing to show, or nobody to show it to
 */
export async function openedFor(
  item: Item,
  person: Pick<Person, 'sub' | 'tenant' | 'roles'>,
  opener: Opener,
  { control, now }: { control: ControlView; now: Date },
): Promise<Record<string, Json> | undefined> {
  const { escalated, envelope } = item;
  const isTheirs = envelope.tenantid === person.tenant && mayDecide(item, person) && escalated.actor.sub !== person.sub;
  if (!isTheirs || !isOpen(item, control, now)) return undefined;
  // Policy has seen to it that every token of the arguments is one this session read; of a preview's text nobody has.
  const tokens = [...tokensIn(escalated.arguments), ...sealedTokensIn(escalated.preview?.effect ?? null)];
  const opened = await opener.open(person.tenant, [...new Set(tokens)].slice(0, MOST));
  return opened.size > 0 ? Object.fromEntries(opened) : undefined;
}
