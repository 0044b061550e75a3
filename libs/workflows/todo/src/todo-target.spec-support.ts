import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Todo } from './todo-service.js';

export const TOKEN = 'of-this-test-alone';
const USERS = [
  { id: 'edda', version: 1, name: 'Edda', email: 'edda@todo.example' },
  { id: 'adina', version: 1, name: 'Adina', email: 'adina@todo.example' },
];

interface Answer {
  status: number;
  body: unknown;
}
interface Asked {
  method: string;
  path: string;
  actor: string;
  headers: IncomingMessage['headers'];
  body: Partial<Todo>;
}

/** A to-do service: versions, conditional writes, and whose to-do it is. */
export class TodoTarget {
  readonly todos = new Map<string, Todo>();
  #fresh = 0;

  private constructor(private readonly server: Server) {}

  static async open(): Promise<TodoTarget> {
    const server = createServer((request, response) => {
      void askedBy(request).then((asked) => {
        const { status, body } =
          request.headers.authorization === `Bearer ${TOKEN}` ? target.answer(asked) : { status: 401, body: {} };
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    const target = new TodoTarget(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A to-do that nothing else has touched. */
  fresh(ownerId: string): Todo {
    const todo = { id: `t-${this.#fresh++}`, version: 1, title: 'Water the plants', completed: false, ownerId };
    this.todos.set(todo.id, todo);
    return todo;
  }

  freshId = (): string => `new-${this.#fresh++}`;

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(asked: Asked): Answer {
    const [, kind, id] = asked.path.split('/').map(decodeURIComponent);
    if (kind === 'users') return orNone(USERS.find((user) => user.id === id || user.email === id));
    if (id === undefined) return { status: 200, body: [...this.todos.values()] };
    const todo = this.todos.get(id);
    if (asked.method === 'GET') return orNone(todo);
    return asked.method === 'PUT' ? this.make(id, asked) : todo ? this.change(todo, asked) : orNone(undefined);
  }

  private make(id: string, { actor, headers, body }: Asked): Answer {
    if (headers['if-none-match'] !== '*' || this.todos.has(id)) return { status: 412, body: {} };
    const ownerId = USERS.find((user) => user.id === actor)!.email;
    this.todos.set(id, { completed: false, title: '', ...body, id, version: 1, ownerId });
    return { status: 201, body: this.todos.get(id) };
  }

  private change(todo: Todo, { method, headers, body }: Asked): Answer {
    if (headers['if-match'] !== `"${todo.version}"`) return { status: 412, body: {} };
    if (method === 'DELETE') return { status: this.todos.delete(todo.id) ? 200 : 404, body: {} };
    this.todos.set(todo.id, { ...todo, ...body, version: todo.version + 1 });
    return { status: 200, body: this.todos.get(todo.id) };
  }
}

const orNone = (found: unknown): Answer => (found ? { status: 200, body: found } : { status: 404, body: {} });

async function askedBy(request: IncomingMessage): Promise<Asked> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { method = '', url = '', headers } = request;
  const body = (text ? JSON.parse(text) : {}) as Partial<Todo>;
  return { method, path: url.split('?')[0]!, actor: String(headers['countersign-actor']), headers, body };
}
