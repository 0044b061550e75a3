import { defineRule, deny, pass } from '@countersign/policy-kit';

export const ownRoles = defineRule({
  name: 'own-roles',
  title: 'Nobody changes their own roles',
  tools: ['change_member_role'],
  decide: ({ actor, arguments: { memberId } }) =>
    memberId === actor.sub
      ? deny('PERMISSION_DENIED', `${actor.sub} asked for it`, 'Ask another admin; nobody changes their own roles.')
      : pass('it is about somebody else'),
});
