import { z } from 'zod';
import type { Json, RecordChanged, RecordRead } from '@countersign/contracts';
import { NoAnswer, ToolRefusal, type TargetRequest, type ToolContext } from '@countersign/tool-sdk';

const SYSTEM = 'todo';

export const todoSchema = z.object({
  ...{ id: z.string(), version: z.int(), title: z.string(), completed: z.boolean(), ownerId: z.string() },
  /** The key of the request that made it. */
  reference: z.string().optional(),
});
export type Todo = z.infer<typeof todoSchema>;
export const userSchema = z.object({ id: z.string(), version: z.int(), name: z.string(), email: z.string() });

/** What the service answers; undefined where it says that there is no such thing. */
export async function found<T extends z.ZodType>(context: ToolContext, path: string, schema: T) {
  const { status, body } = await context.target.request({ method: 'GET', path });
  if (status === 404) return undefined;
  if (status !== 200) throw new ToolRefusal('UPSTREAM_FAILED', `todo answered ${status}`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new NoAnswer('todo answered in a form we do not know', status);
  return parsed.data;
}

/** Sends a write; a plain error, which counts as not knowing, where it acted and its answer cannot be read. */
export async function written(context: ToolContext, request: TargetRequest): Promise<Json> {
  const { status, body } = await context.target.request(request);
  if (status === 403) throw new ToolRefusal('PERMISSION_DENIED', 'todo: it does not let this user');
  if (status === 404) throw new ToolRefusal('NOT_FOUND', 'todo: there is no such to-do');
  if (status >= 300) throw new ToolRefusal('UPSTREAM_FAILED', `todo answered ${status}`);
  return body;
}

export const pathOf = (todoId: unknown) => `/todos/${encodeURIComponent(String(todoId))}`;
export const userPath = (user: unknown) => `/users/${encodeURIComponent(String(user))}`;

export const readOf = (context: ToolContext, type: string, id: string, version: number): RecordRead => ({
  ...{ system: SYSTEM, type, id, version: String(version), at: context.now().toISOString() },
});

export const shown = ({ id, version, title, completed, ownerId }: Todo) => ({ id, version, title, completed, ownerId });

export const changed = (before: Todo | undefined, after: Todo | undefined): RecordChanged => ({
  ...{ system: SYSTEM, type: 'todo', id: (after ?? before)!.id, version: String((after ?? before)!.version) },
  ...{ before: before ? shown(before) : null, after: after ? shown(after) : null },
});

/** The to-do as it is, if it and the user are what the arguments say: rules went by that. */
export async function vouched(context: ToolContext, { todoId, ownerId, userEmail }: Record<string, unknown>) {
  const todo = await found(context, pathOf(todoId), todoSchema);
  if (!todo) throw new ToolRefusal('NOT_FOUND', 'todo: there is no such to-do');
  if (todo.ownerId !== ownerId) throw new ToolRefusal('INVALID_ARGUMENTS', 'ownerId is not whose to-do it is');
  if (userEmail === undefined) return todo;
  const user = await found(context, userPath(context.actor), userSchema);
  if (user?.email !== userEmail) throw new ToolRefusal('INVALID_ARGUMENTS', "userEmail is not the user's own");
  return todo;
}
