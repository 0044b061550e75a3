import { approvalIdOf, type EventData, type OutRecord } from '@countersign/contracts';
import { typeOf } from './quiet.js';

/** What waits for people, as policy said it. */
export interface OpenItem {
  approvalId: string;
  actionHash: string;
  tool: string;
  askedBy: string;
}

/** Of the records of a case: what was escalated last, and not decided since. */
export function openItems(records: readonly OutRecord[]): OpenItem[] {
  const open = new Map<string, OpenItem>();
  for (const record of records) {
    const type = typeOf(record);
    if (type === 'countersign.action.escalated.v1') {
      const { actionId, revision, actionHash, tool, actor } = JSON.parse(record.value) as Escalated;
      const approvalId = approvalIdOf(actionId, revision, actionHash);
      open.set(actionId, { approvalId, actionHash, tool, askedBy: actor.sub });
    }
    if (type === 'countersign.action.approved.v1' || type === 'countersign.action.denied.v1')
      open.delete((JSON.parse(record.value) as Pick<Escalated, 'actionId'>).actionId);
  }
  return [...open.values()];
}

type Escalated = EventData<'countersign.action.escalated.v1'>;
