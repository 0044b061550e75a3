// @ts-check
import { allow, defineRule } from '@countersign/policy-kit';

export const mayBeUsed = defineRule({
  name: 'may-be-used',
  title: 'Whoever the permission map names may use a tool',
  decide: () => allow('the permission map names who may'),
});
