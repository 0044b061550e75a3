/*
 * What a stored record adds to the figures: at most one line, and that once, however often its event is on the topic.
 *
 *  1  Only what its owner's signature proves counts, under the tenant that signature names. The one exception is what cannot be read: it
 *     counts for the tenant it claims, and as nothing but that.
 *  2  A line's key is the event's id, so a repeat adds none. Where an action is counted however many warrants it takes, and where
 *     another line follows this one, the key is the action's or the item's: the first counts.
 *  3  A tool's name is taken only from what was looked up in a loaded package, never from the words of a model or a stranger.
 */
import { UNVERIFIED, type AnyEvent, type Incoming, type RuleResult } from '@countersign/contracts';
import { SYSTEM, type StoredRecord } from '@countersign/evidence';

/** What a line is counted as. Executions that ended are `ENDED`; a doubt that was resolved is one, by its outcome. */
export const ENDED = ['read', 'previewed', 'drafted', 'committed', 'failed', 'resolved'] as const;
export const DECIDED = ['granted', 'edited', 'rejected'] as const;
export const FIGURES = [
  ...(['accepted', 'asked', 'refused', 'proposed', 'approved', 'denied'] as const),
  ...ENDED,
  ...(['blocked', 'returned', 'in-doubt'] as const),
  ...(['opened', ...DECIDED, 'settled', 'unreadable'] as const),
] as const;
export type Figure = (typeof FIGURES)[number];

export interface Counted {
  tenant: string;
  figure: Figure;
  key: string;
  at: Date;
  tool: string | null;
  /** A code, or of a doubt resolved its outcome. */
  detail: string | null;
  /** Of a denial: the rules that asked for it. */
  rules: string[];
  /** Key of the line this one follows: the opening of what a person decided, the doubt of what a person settled. */
  follows: string | null;
  /** Who asked or decided, with the roles that were proved. */
  person: string | null;
  roles: string[];
}

type Said = Pick<Counted, 'figure'> & Partial<Counted>;

export function countedOf(row: StoredRecord, incoming: Incoming | undefined): Counted[] {
  const place = { at: row.appendedAt, tool: null, detail: null, rules: [], follows: null, person: null, roles: [] };
  if (!incoming) {
    const key = `${row.topic}/${row.partition}/${row.offset}`;
    return isTenant(row.claimedTenant) ? [{ ...place, tenant: row.claimedTenant, figure: 'unreadable', key }] : [];
  }
  if (row.signature !== 'valid' || !isTenant(row.tenant)) return [];
  const said = saidBy(incoming.event);
  return said ? [{ ...place, tenant: row.tenant, key: row.id ?? '', ...said }] : [];
}

/** As long as a name is: what a stranger claims may be of any length, and an index takes no entry of more than 2,704 bytes. */
const LONGEST = 200;
const isTenant = (tenant: string) =>
  tenant !== '' && tenant.length <= LONGEST && tenant !== UNVERIFIED && tenant !== SYSTEM;

function saidBy({ type, data }: AnyEvent): Said | undefined {
  switch (type) {
    case 'countersign.intent.accepted.v1':
      return { figure: data.kind === 'action' ? 'asked' : 'accepted', person: data.actor.sub, roles: data.actor.roles };
    case 'countersign.intent.refused.v1':
      return { figure: 'refused', detail: data.code };
    case 'countersign.action.proposed.v1':
      return { figure: 'proposed' };
    case 'countersign.action.approved.v1':
      // A preview on the way to a decision is none yet.
      return data.grant !== 'preview' || data.dryRun ? { figure: 'approved', key: data.actionId } : undefined;
    case 'countersign.action.denied.v1':
      return { figure: 'denied', detail: data.code, rules: denying(data.rules) };
    case 'countersign.action.read.v1':
      return { figure: 'read', tool: data.tool };
    case 'countersign.action.previewed.v1':
      return { figure: 'previewed', tool: data.tool };
    case 'countersign.action.drafted.v1':
      return { figure: 'drafted', tool: data.tool };
    case 'countersign.action.committed.v1':
      return { figure: 'committed', tool: data.tool };
    case 'countersign.action.failed.v1':
      return { figure: 'failed', tool: data.tool, detail: data.code };
    case 'countersign.action.blocked.v1':
      return { figure: 'blocked', tool: data.tool, detail: data.code };
    case 'countersign.action.returned.v1':
      return { figure: 'returned', tool: data.tool, detail: data.code };
    case 'countersign.action.in-doubt.v1':
      return { figure: 'in-doubt', key: data.actionId, tool: data.tool };
    case 'countersign.action.resolved.v1':
      return { figure: 'resolved', key: data.actionId, tool: data.tool, detail: data.outcome };
    case 'countersign.approval.opened.v1':
      return { figure: 'opened', key: data.approvalId, tool: data.tool };
    case 'countersign.approval.granted.v1':
      return { figure: 'granted', follows: data.approvalId, ...decider(data) };
    case 'countersign.approval.edited.v1':
      return { figure: 'edited', follows: data.approvalId, ...decider(data) };
    case 'countersign.approval.rejected.v1':
      return { figure: 'rejected', follows: data.approvalId, ...decider(data) };
    case 'countersign.approval.settled.v1':
      return { figure: 'settled', follows: data.actionId, ...decider(data) };
    default:
      return undefined;
  }
}

type Decided = { approver: { sub: string; roles: string[] } };
const decider = ({ approver: { sub, roles } }: Decided) => ({ person: sub, roles });
const denying = (rules: RuleResult[]) => rules.flatMap(({ rule, outcome }) => (outcome === 'deny' ? [rule] : []));
