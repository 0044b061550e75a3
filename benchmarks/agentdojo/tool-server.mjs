// @ts-check
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** @typedef {{ tool: string, arguments: Record<string, unknown> }} Call */
/** @typedef {{ prompt: string, gold: Call[], output: string, attack: Call[], goal: string | null }} Run */
/** @typedef {{ utility: boolean, security: boolean | null, calls: Call[] }} Verdict */
/** @typedef {{ suite: string, version: string, attack: string, userTasks: string[], injectionTasks: string[] }} About */

/** AgentDojo's environments of one suite behind MCP, in a process of their own, and what judges them, which no agent reaches. */
export class ToolServer {
  /** @param {import('node:child_process').ChildProcess} child @param {string} origin @param {{ mcp: string, control: string }} tokens */
  constructor(child, origin, tokens) {
    this.child = child;
    this.url = `${origin}/mcp`;
    this.token = tokens.mcp;
    this.control = `${origin}/control`;
    this.controlToken = tokens.control;
  }

  /** @param {string} python @param {string} suite */
  static async start(python, suite) {
    const tokens = { mcp: randomBytes(16).toString('hex'), control: randomBytes(16).toString('hex') };
    const child = spawn(python, [path.join(import.meta.dirname, 'server/agentdojo_server.py'), '--suite', suite], {
      env: { PATH: process.env['PATH'], AGENTDOJO_MCP_TOKEN: tokens.mcp, AGENTDOJO_CONTROL_TOKEN: tokens.control },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.once('exit', () => child.kill('SIGTERM'));
    return new ToolServer(child, `http://127.0.0.1:${await portOf(child)}`, tokens);
  }

  /** @returns {Promise<About>} */
  about() {
    return this.#ask('/about');
  }

  /** A fresh environment, with an injection in it or none. @param {{ userTask: string, injectionTask?: string }} which @returns {Promise<Run>} */
  reset(which) {
    return this.#ask('/runs', which);
  }

  /** AgentDojo's own checkers on what was done to the environment. @param {string} output @returns {Promise<Verdict>} */
  judge(output) {
    return this.#ask('/verdict', { output });
  }

  stop() {
    this.child.kill('SIGTERM');
  }

  /** @param {string} where @param {object} [body] @returns {Promise<any>} */
  async #ask(where, body) {
    const headers = { authorization: `Bearer ${this.controlToken}`, 'content-type': 'application/json' };
    const asked = body ? { headers, method: 'POST', body: JSON.stringify(body) } : { headers };
    const answer = await fetch(this.control + where, asked);
    if (!answer.ok) throw new Error(`${where} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number>} */
const portOf = (child) =>
  new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the tool server ended with ${code} before it answered`)));
    const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) });
    lines.once('line', (line) => resolve(JSON.parse(line).port));
  });
