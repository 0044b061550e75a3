import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  getV1ApprovalsIdQueryKey,
  postV1ApprovalsIdDecisionsMutation,
} from '../../api/generated/@tanstack/react-query.gen.js';
import { isProblem } from '../../api/problem.js';
import type { Whole } from './item.js';

/**
 * Decides on the item as it was shown. Where another stands in its place by now nothing is decided: that one is shown, with what
 * is different.
 */
export function useDecision(item: Whole, onDone: () => void) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    ...postV1ApprovalsIdDecisionsMutation(),
    onSuccess: (answer) => {
      client.setQueryData(getV1ApprovalsIdQueryKey({ path: { id: item.approvalId } }), answer);
      onDone();
    },
    onError: (error) => {
      const current = currentOf(error);
      if (!current) return undefined;
      onDone();
      return navigate({
        to: '/approvals/$approvalId',
        params: { approvalId: current },
        search: { instead: item.approvalId },
      });
    },
    onSettled: () => client.invalidateQueries({ queryKey: [{ _id: 'getV1Approvals' }] }),
  });
}

function currentOf(error: unknown): string | undefined {
  if (!isProblem(error) || error.code !== 'APPROVAL_STALE' || !('currentApprovalId' in error)) return undefined;
  return typeof error.currentApprovalId === 'string' ? error.currentApprovalId : undefined;
}
