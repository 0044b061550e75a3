import { z } from 'zod';
import { defineTool, ToolRefusal, type CommitContext, type Tool } from '@countersign/tool-sdk';
import { canCreateTodo, canDeleteTodo, canReadTodos, canReadUser, canUpdateTodo } from './contracts.js';
import {
  changed,
  found,
  pathOf,
  readOf,
  shown,
  todoSchema,
  userPath,
  userSchema,
  vouched,
  written,
  type Todo,
} from './todo-service.js';

const committed = (before: Todo | undefined, after: Todo) => ({
  ...{ result: shown(after), recordsRead: [], recordsChanged: [changed(before, after)] },
});
const rests = ({ version }: Todo) => ({ todoVersion: version });
/** The version people decided on, or the one that was looked at just now. */
const ifMatch = ({ basis }: CommitContext, { version }: Todo) => ({
  'if-match': `"${String(basis['todoVersion'] ?? version)}"`,
});

const readUser = defineTool({
  contract: canReadUser,
  async read(context, { user }) {
    const profile = await found(context, userPath(user), userSchema);
    if (!profile) throw new ToolRefusal('NOT_FOUND', 'todo: there is no such user');
    return { result: profile, recordsRead: [readOf(context, 'user', profile.id, profile.version)] };
  },
});

const readTodos = defineTool({
  contract: canReadTodos,
  async read(context, { list }) {
    const path = `/todos?list=${encodeURIComponent(String(list))}`;
    const todos = (await found(context, path, z.array(todoSchema).max(200))) ?? [];
    const recordsRead = todos.map(({ id, version }) => readOf(context, 'todo', id, version));
    return { result: { todos: todos.map(shown) }, recordsRead };
  },
});

const createTodo = defineTool({
  contract: canCreateTodo,
  async preview(context, { todoId, title = 'To do' }) {
    const user = await found(context, userPath(context.actor), userSchema);
    if (!user) throw new ToolRefusal('NOT_FOUND', 'todo: the user is not known there');
    if (await found(context, pathOf(todoId), todoSchema))
      throw new ToolRefusal('INVALID_ARGUMENTS', 'todo: that id is taken', 'Choose another todoId.');
    const effect = { id: String(todoId), title: String(title), completed: false, ownerId: user.email };
    return { effect, basis: {}, recordsRead: [readOf(context, 'user', user.id, user.version)] };
  },
  async commit(context, { todoId, title = 'To do' }) {
    const body = { title: String(title), reference: context.idempotencyKey };
    const headers = { 'if-none-match': '*' };
    return committed(
      undefined,
      todoSchema.parse(await written(context, { method: 'PUT', path: pathOf(todoId), body, headers })),
    );
  },
  async lookup(context, { todoId }) {
    const todo = await found(context, pathOf(todoId), todoSchema);
    return todo?.reference === context.idempotencyKey
      ? { found: 'committed', outcome: committed(undefined, todo) }
      : { found: 'nothing' };
  },
});

const updateTodo = defineTool({
  contract: canUpdateTodo,
  async preview(context, args) {
    const todo = await vouched(context, args);
    const effect = { id: todo.id, completed: args['completed'] === true, ownerId: todo.ownerId };
    return { effect, basis: rests(todo), recordsRead: [readOf(context, 'todo', todo.id, todo.version)] };
  },
  async commit(context, args) {
    const before = await vouched(context, args);
    const body = { completed: args['completed'] === true };
    const request = { method: 'PATCH', path: pathOf(before.id), body, headers: ifMatch(context, before) } as const;
    return committed(before, todoSchema.parse(await written(context, request)));
  },
});

const deleteTodo = defineTool({
  contract: canDeleteTodo,
  async preview(context, args) {
    const todo = await vouched(context, args);
    const { id, completed, ownerId, title } = todo;
    const recordsRead = [readOf(context, 'todo', id, todo.version)];
    return { effect: { id, completed, ownerId, title }, basis: rests(todo), recordsRead };
  },
  async commit(context, args) {
    const before = await vouched(context, args);
    await written(context, { method: 'DELETE', path: pathOf(before.id), headers: ifMatch(context, before) });
    return { result: { id: before.id }, recordsRead: [], recordsChanged: [changed(before, undefined)] };
  },
});

/** How the tools act. Only the executor loads this. */
const tools: readonly Tool[] = [readUser, readTodos, createTodo, updateTodo, deleteTodo];
export default tools;
