import { classified } from '@countersign/contracts';
import { defineToolContract } from '@countersign/tool-sdk';
import { z } from 'zod';

const internal = <T extends z.ZodType>(schema: T) => classified('internal', schema);
const todoId = internal(z.string().min(1).max(100).describe('Id of the to-do'));
const email = classified('personal', z.email().max(320));
const ownerId = email.describe("The to-do's owner, by e-mail, as the to-do says");
const userEmail = email.describe("The user's own e-mail; needed where it is the user's own to-do").optional();
const title = internal(z.string().min(1).max(500).describe('What is to be done'));
const todo = {
  id: todoId,
  version: internal(z.int()),
  title,
  completed: internal(z.boolean()),
  ownerId: email,
};
const records = { todo: z.object(todo) };
const effect = z.object({ id: todoId, title: title.optional(), completed: internal(z.boolean()), ownerId: email });

const EVERYBODY = ['viewer', 'editor', 'admin', 'evil_genius'] as const;
const EDITORS = ['editor', 'admin', 'evil_genius'] as const;
const common = { version: '1.0.0', target: 'todo' } as const;
const write = { ...common, effect: 'write', class: 'B', decides: { todoId: 'target' }, records } as const;
const onVersion = { conditionalOn: ['todoVersion'] } as const;

export const canReadUser = defineToolContract({
  ...{ ...common, name: 'can_read_user', effect: 'read', reversible: true },
  description: 'Reads the profile of one user: name and e-mail.',
  input: z.strictObject({ user: classified('personal', z.string().min(1).max(320).describe('The e-mail, or the id')) }),
  output: z.object({
    ...{ id: internal(z.string()), version: internal(z.int()), name: classified('personal', z.string()), email },
  }),
  permissions: { roles: EVERYBODY },
});

export const canReadTodos = defineToolContract({
  ...{ ...common, name: 'can_read_todos', effect: 'read', reversible: true },
  description: 'Reads the list of to-dos.',
  input: z.strictObject({ list: internal(z.string().min(1).max(100).describe('Which list; `all` is everybody’s')) }),
  output: z.object({ todos: z.array(z.object(todo)) }),
  permissions: { roles: EVERYBODY },
});

export const canCreateTodo = defineToolContract({
  ...{ ...write, name: 'can_create_todo', reversible: true },
  description: "Makes a to-do of the user's own, under an id that is not taken.",
  input: z.strictObject({ todoId, title: title.optional() }),
  output: z.object(todo),
  preview: effect,
  permissions: { roles: EDITORS },
});

export const canUpdateTodo = defineToolContract({
  ...{ ...write, ...onVersion, name: 'can_update_todo', reversible: true },
  description: 'Marks a to-do as done or as not done. Read the to-dos first.',
  input: z.strictObject({
    ...{ todoId, ownerId, userEmail },
    completed: internal(z.boolean().describe('Done; not done if absent')).optional(),
  }),
  output: z.object(todo),
  preview: effect,
  permissions: { roles: EDITORS },
});

export const canDeleteTodo = defineToolContract({
  ...{ ...write, ...onVersion, name: 'can_delete_todo', reversible: false },
  description: 'Deletes a to-do. Read the to-dos first.',
  input: z.strictObject({ todoId, ownerId, userEmail }),
  output: z.object({ id: todoId }),
  preview: effect,
  permissions: { roles: EDITORS },
});
