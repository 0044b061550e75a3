import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '@countersign/contracts';
import { parseInput, type CommitContext } from '@countersign/tool-sdk';
import { httpTarget, toolContractSuite } from '@countersign/tool-sdk/testing';
import { TOKEN, TodoTarget } from './todo-target.spec-support.js';
import tools from './tools.js';

let target: TodoTarget;
beforeAll(async () => {
  target = await TodoTarget.open();
});
afterAll(() => target?.close());

type Args = Record<string, unknown>;
const EDDA = 'edda@todo.example';
const own = (): Args => ({ todoId: target.fresh(EDDA).id, ownerId: EDDA, userEmail: EDDA });
const trials: Record<string, () => Args> = {
  can_read_user: () => ({ user: EDDA }),
  can_read_todos: () => ({ list: target.fresh(EDDA) && 'all' }),
  can_create_todo: () => ({ todoId: target.freshId(), title: 'Buy milk' }),
  can_update_todo: () => ({ ...own(), completed: true }),
  can_delete_todo: own,
};
const handle = (key: string | undefined) => httpTarget({ url: target.url, token: TOKEN, actor: 'edda', key });

describe('every tool, over HTTP', () => {
  it('has a trial', () => {
    expect(Object.keys(trials).sort()).toEqual(tools.map(({ contract }) => contract.name).sort());
  });

  for (const tool of tools)
    toolContractSuite(tool, () => ({
      ...{ tenant: 'acme', actor: 'edda', target: handle, arguments: trials[tool.contract.name]! },
      state: async () => [...target.todos.values()] as unknown as Json,
    }));
});

describe('what rules go by is looked up before anything is done', () => {
  const context = (basis: JsonObject = {}): CommitContext => ({
    ...{ tenant: 'acme', actor: 'edda', target: handle('k-1'), signal: AbortSignal.timeout(30_000) },
    ...{ mayTouchRestricted: false, now: () => new Date(), idempotencyKey: 'k-1', basis },
  });
  const changing = tools.filter(({ contract: { name } }) => /update|delete/.test(name));

  it.each(changing.map((tool) => [tool.contract.name, tool] as const))('by %s', async (_, tool) => {
    const foreign = target.fresh('adina@todo.example');
    const lies = [
      { todoId: foreign.id, ownerId: EDDA, userEmail: EDDA },
      { todoId: foreign.id, ownerId: foreign.ownerId, userEmail: foreign.ownerId },
    ];
    for (const lie of lies) {
      expect(parseInput(tool.contract, lie)).toMatchObject({ ok: true });
      await expect(tool.preview!(context(), lie)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
      await expect(tool.commit!(context(), lie)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
    }
    expect(target.todos.get(foreign.id)).toEqual(foreign);
  });

  it('a commit without a preview rests on the version it looked at', async () => {
    const todo = target.fresh(EDDA);
    const args = { todoId: todo.id, ownerId: EDDA, userEmail: EDDA, completed: true };
    const update = tools.find(({ contract }) => contract.name === 'can_update_todo')!;
    await update.commit!(context(), args);
    expect(target.todos.get(todo.id)).toMatchObject({ version: 2, completed: true });
  });
});
