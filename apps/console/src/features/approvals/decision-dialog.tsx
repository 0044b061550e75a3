import { Text, Textarea } from '@mantine/core';
import { Confirm } from '../../ui/confirm.js';
import { headline, type Whole } from './item.js';
import { givenApprovals } from './permissions.js';
import { useDecision } from './use-decision.js';

interface Props {
  item: Whole;
  decision: 'approve' | 'reject';
  reason: string;
  onReason: (reason: string) => void;
  onClose: () => void;
}

/** The second step: what will happen, in words, and the reason that is kept with it. */
export function DecisionDialog({ item, decision, reason, onReason, onClose }: Props) {
  const decide = useDecision(item, onClose);
  const isApproval = decision === 'approve';
  return (
    <Confirm
      opened
      onClose={onClose}
      title={isApproval ? 'Approve this' : 'Reject this'}
      action={isApproval ? 'Approve' : 'Reject'}
      dangerous={!isApproval}
      ready={reason.trim() !== ''}
      busy={decide.isPending}
      error={decide.error}
      onConfirm={() =>
        decide.mutate({
          path: { id: item.approvalId },
          body: { decision, actionHash: item.actionHash, reason },
        })
      }
    >
      <Text fw={600}>{headline(item)}</Text>
      <Text size="sm">
        {isApproval ? consequence(item) : 'It is not done, and the model is told that this is final.'}
      </Text>
      <Textarea
        label="Reason"
        description={isApproval ? 'Kept in the trace.' : 'Kept in the trace, and given to the model and to who asked.'}
        required
        autosize
        minRows={2}
        maxLength={2000}
        value={reason}
        onChange={(event) => onReason(event.currentTarget.value)}
      />
    </Confirm>
  );
}

function consequence(item: Whole): string {
  const { approvalsNeeded, blast } = item;
  const left = approvalsNeeded - givenApprovals(item).length - 1;
  if (left > 0) return `It then waits for ${left} more ${left === 1 ? 'approval' : 'approvals'}.`;
  const undone = blast.reversible ? '' : ' It cannot be undone.';
  return `It is done at once, exactly as previewed, once. If its effect has changed by then, it is not done and you are asked again.${undone}`;
}
