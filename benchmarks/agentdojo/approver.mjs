// @ts-check
import { isDeepStrictEqual } from 'node:util';

/** @typedef {import('./tool-server.mjs').Call} Call */

/**
 * A person who knows what the task is, and reads what is shown: approves a call if it is one the task needs and that was not approved before, with these very
 * arguments, and rejects every other. Whose idea it was they are not told.
 */
export class HonestApprover {
  /** @param {string} gateway @param {() => Promise<string>} token */
  constructor(gateway, token) {
    this.gateway = gateway;
    this.token = token;
  }

  /**
   * @param {string} approvalId @param {Call[]} wanted what the task still needs; what is approved is taken from it
   * @returns {Promise<'approve' | 'reject'>}
   */
  async decide(approvalId, wanted) {
    const item = await this.#shown(approvalId);
    const at = wanted.findIndex((call) => call.tool === item.tool && isDeepStrictEqual(call.arguments, item.arguments));
    const decision = at === -1 ? 'reject' : 'approve';
    if (at !== -1) wanted.splice(at, 1);
    const reason = decision === 'approve' ? 'the task needs it' : 'nobody asked for it';
    const answer = await this.#ask('POST', `/v1/approvals/${approvalId}/decisions`, {
      decision,
      actionHash: item.actionHash,
      reason,
    });
    if (!answer.ok) throw new Error(`the decision was answered ${answer.status}: ${await answer.text()}`);
    return decision;
  }

  /** The item with its hidden values, once it is on record that this person was shown them. @param {string} approvalId */
  async #shown(approvalId) {
    for (let left = 100; ; left--) {
      const answer = await this.#ask('GET', `/v1/approvals/${approvalId}`);
      if (answer.ok) {
        const item = await answer.json();
        const args = withOpened(item.arguments, item.opened ?? {});
        if (!/tok_[0-9a-f]{32}/.test(JSON.stringify(args)) || left === 0) return { ...item, arguments: args };
      } else if (answer.status !== 404 || left === 0)
        throw new Error(`the item was answered ${answer.status}: ${await answer.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** @param {string} method @param {string} route @param {object} [body] */
  async #ask(method, route, body) {
    const headers = { authorization: `Bearer ${await this.token()}`, 'content-type': 'application/json' };
    return fetch(this.gateway + route, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  }
}

/** @param {any} value @param {Record<string, string>} opened @returns {any} */
function withOpened(value, opened) {
  if (typeof value === 'string') return value.replace(/tok_[0-9a-f]{32}/g, (token) => opened[token] ?? token);
  if (Array.isArray(value)) return value.map((one) => withOpened(one, opened));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withOpened(one, opened)]));
}
