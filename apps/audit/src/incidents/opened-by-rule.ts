/*
 * What a stored record opens an incident for: at most one, and that once for its action and cause, however often the event is on the topic.
 *
 *  1  Only what its owner's signature proves, under the tenant that signature names, opens one: no stranger can open an incident.
 *  2  The id follows from tenant, action and cause, so a repeat opens none.
 */
import { deriveId, UNVERIFIED, type AnyEvent, type IncidentCause, type Incoming } from '@countersign/contracts';
import { SYSTEM, type StoredRecord } from '@countersign/evidence';

export interface OpenedByRule {
  tenant: string;
  id: string;
  intentId: string;
  actionId: string;
  cause: Exclude<IncidentCause, 'opened'>;
  at: Date;
}

/** As long as a name is: an index takes no entry of more than 2,704 bytes. */
const LONGEST = 200;

export function openedByRule(row: StoredRecord, incoming: Incoming | undefined): OpenedByRule[] {
  const { tenant, signature } = row;
  const isTenants = tenant !== UNVERIFIED && tenant !== SYSTEM && tenant.length <= LONGEST;
  if (!incoming || signature !== 'valid' || !isTenants) return [];
  const { event } = incoming;
  const cause = causeIn(event);
  if (!cause) return [];
  const { intentId, actionId } = event.data as { intentId: string; actionId: string };
  return [{ tenant, id: deriveId('inc', tenant, actionId, cause), intentId, actionId, cause, at: row.appendedAt }];
}

function causeIn({ type, data }: AnyEvent): OpenedByRule['cause'] | undefined {
  switch (type) {
    case 'countersign.approval.rejected.v1':
    case 'countersign.approval.edited.v1':
      return 'override';
    case 'countersign.action.in-doubt.v1':
      return 'in-doubt';
    case 'countersign.action.returned.v1':
      return data.code === 'PREVIEW_CHANGED' ? 'drifted-preview' : undefined;
    case 'countersign.action.committed.v1':
    case 'countersign.action.resolved.v1':
      return data.done?.holds === false ? 'failed-done-check' : undefined;
    default:
      return undefined;
  }
}
