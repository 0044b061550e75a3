import { defineTool } from '@countersign/tool-sdk';
import { computeRefundPreviewContract } from './compute-refund-preview.contract.js';
import { previewRefund } from './refund-preview.js';

export const computeRefundPreview = defineTool({
  contract: computeRefundPreviewContract,
  async read(context, args) {
    const { effect, basis, recordsRead } = await previewRefund(context, { ...args, reason: 'a preview' });
    const { reason: _, ...shown } = effect;
    return { result: { ...shown, orderVersion: basis['orderVersion'] ?? null }, recordsRead };
  },
});
