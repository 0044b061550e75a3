import { allow, defineRule, pass } from '@countersign/policy-kit';

/** Who may is the permission maps' to say. */
export const everybodys = defineRule({
  name: 'everybodys',
  title: 'Users and to-dos may be read, and to-dos made',
  tools: ['can_read_user', 'can_read_todos', 'can_create_todo'],
  decide: ({ tool }) => allow(tool.effect === 'read' ? 'a read' : "a to-do of the user's own"),
});

/** That both are what they are said to be, the tool looks up before it acts. */
export const ownTodos = defineRule({
  name: 'own-todos',
  title: "A user's own to-dos may be changed and deleted",
  tools: ['can_update_todo', 'can_delete_todo'],
  decide: ({ arguments: { ownerId, userEmail } }) =>
    typeof userEmail === 'string' && ownerId === userEmail ? allow("the user's own") : pass("not the user's own"),
});

export const anybodysUpdated = defineRule({
  name: 'anybodys-updated',
  title: "An evil genius may change anybody's to-do",
  tools: ['can_update_todo'],
  decide: ({ actor }) => (actor.roles.includes('evil_genius') ? allow('an evil genius') : pass('no evil genius')),
});

export const anybodysDeleted = defineRule({
  name: 'anybodys-deleted',
  title: "An admin may delete anybody's to-do",
  tools: ['can_delete_todo'],
  decide: ({ actor }) => (actor.roles.includes('admin') ? allow('an admin') : pass('no admin')),
});
