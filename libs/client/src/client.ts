import { randomUUID } from 'node:crypto';
import type { RequestType } from '@countersign/contracts';
import type { z } from 'zod';
import {
  accepted,
  actionState,
  approvalState,
  intentState,
  isEnded,
  needsPerson,
  type ActionState,
  type ApprovalState,
  type IntentState,
  type Sent,
} from './answers.js';
import { Deadline } from './deadline.js';
import { CountersignError, invalid } from './errors.js';
import { Http } from './http.js';
import { checkName, checkRequest, type ActionRequest, type IntentRequest } from './requests.js';
import type { TokenSource } from './token.js';

export interface ClientOptions {
  /** The gateway's origin, such as `https://countersign.example.com`. */
  url: string;
  /** The end user's token, where one client speaks for one user; a call's own `token` goes before it. */
  token?: TokenSource;
  /** For one call with all its repeats, in ms. 30 000 by default. */
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch;
}

export interface CallOptions {
  /** The end user's. */
  token?: TokenSource;
  /** Ends the call at once with the signal's reason. What was sent goes on. */
  signal?: AbortSignal;
  /** For this call with all its repeats, in ms. */
  timeoutMs?: number;
}

export interface SendOptions extends CallOptions {
  /** 1 to 200 visible ASCII characters; a random one by default. The same key and request are the same request, from any process. */
  idempotencyKey?: string;
}

export interface WaitOptions extends CallOptions {
  /** Wait on while a person has to decide, instead of returning that it waits for one. */
  throughApproval?: boolean;
}

const TIMEOUT_MS = 30_000;
/** How long the server holds one answer, round by round: it answers an end at once, and that a person is needed at a round's end. */
const ROUNDS_S = [0.2, 0.3, 0.5, 1, 2, 4, 8];
const LONGEST_ROUND_S = 15;
/** For an answer that was held to the end of the time to arrive in. */
const GRACE_MS = 2_000;

/**
 * Countersign over HTTP, for any Node program. What it sends is safe to send again: every request carries an `Idempotency-Key`, and
 * what fails in passing (no answer, 408, 425, 429, 5xx, a 409 of a request in flight) is repeated with the same key until `timeoutMs`.
 *
 * @throws CountersignError `INVALID_ARGUMENTS` for a `url` that is none.
 * @example
 * const client = new Client({ url: 'https://countersign.example.com', token: () => session.accessToken() });
 * const { actionId } = await client.requestAction({
 *   workflow: 'support-desk', session: 's-1', tool: 'get_order', arguments: { orderId: 'ord_1001' },
 * });
 * const action = await client.waitForAction(actionId);
 */
export class Client {
  readonly #http: Http;
  readonly #token: TokenSource | undefined;
  readonly #timeoutMs: number;

  constructor({ url, token, timeoutMs = TIMEOUT_MS, fetch = globalThis.fetch }: ClientOptions) {
    this.#http = new Http(url, fetch);
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Publishes what a user asks for; a model proposes what to do about it. Returns once the system has it.
   *
   * @throws CountersignError with `idempotencyKey`: sent again with that key, it is the same intent.
   * @example
   * const { intentId } = await client.sendIntent({ workflow: 'support-desk', session: 's-1', text: 'Where is order ord_1001?' });
   */
  sendIntent(request: IntentRequest, options: SendOptions = {}): Promise<Sent> {
    return this.#send('countersign.intent.requested.v1', '/v1/intents', request, options);
  }

  /**
   * Asks for one tool call under the same rules; no model is asked. Returns once the system has it: what becomes of it, `waitForAction` tells.
   *
   * @throws CountersignError with `idempotencyKey`: sent again with that key, it is the same action.
   */
  async requestAction(request: ActionRequest, options: SendOptions = {}): Promise<Sent & { actionId: string }> {
    const sent = await this.#send('countersign.action.requested.v1', '/v1/actions', request, options);
    if (sent.actionId === undefined)
      throw new CountersignError({ code: 'UPSTREAM_FAILED', detail: 'the answer names no action', ...sent });
    return { ...sent, actionId: sent.actionId };
  }

  /** An intent as it stands now. Another user's is `NOT_FOUND`. */
  intent(intentId: string, options: CallOptions = {}): Promise<IntentState> {
    return this.#get(`/v1/intents/${encodeURIComponent(intentId)}`, intentState, options);
  }

  /** An action as it stands now. Another user's is `NOT_FOUND`. */
  action(actionId: string, options: CallOptions = {}): Promise<ActionState> {
    return this.#get(`/v1/actions/${encodeURIComponent(actionId)}`, actionState, options);
  }

  /** The item of the queue that an action waits for: how it stands, until when. */
  approval(approvalId: string, options: CallOptions = {}): Promise<ApprovalState> {
    return this.#get(`/v1/approvals/${encodeURIComponent(approvalId)}`, approvalState, options);
  }

  /** As `waitForAction`, of an intent: `reply` is what the user is to read. */
  waitForIntent(intentId: string, options: WaitOptions = {}): Promise<IntentState> {
    return this.#wait(`/v1/intents/${encodeURIComponent(intentId)}`, intentState, options);
  }

  /**
   * The action once it has ended, once a person has to decide, or as it stands when `timeoutMs` is over, whichever comes first: look at
   * `state`. It never hangs, and any process may ask, again and later, by the id alone.
   *
   * @throws CountersignError `NOT_FOUND` when nobody knew the id in all that time (what was published over Kafka takes a moment).
   * @example
   * let action = await client.waitForAction(actionId, { timeoutMs: 10_000 });
   * if (action.state === 'waiting') // a person decides: item action.approvalId of the queue
   *   action = await client.waitForAction(actionId, { throughApproval: true, timeoutMs: 600_000, signal });
   */
  waitForAction(actionId: string, options: WaitOptions = {}): Promise<ActionState> {
    return this.#wait(`/v1/actions/${encodeURIComponent(actionId)}`, actionState, options);
  }

  async #send(
    type: RequestType,
    path: string,
    body: IntentRequest | ActionRequest,
    { idempotencyKey = randomUUID(), ...options }: SendOptions,
  ): Promise<Sent & { actionId?: string | undefined }> {
    checkRequest(type, body);
    checkName('idempotencyKey', idempotencyKey);
    const request = { method: 'POST' as const, path, body, headers: { 'idempotency-key': idempotencyKey } };
    try {
      const { value, headers } = await this.#call(request, accepted, options);
      return { ...value, idempotencyKey, replayed: headers.get('idempotency-replayed') === 'true' };
    } catch (error) {
      throw error instanceof CountersignError ? error.withKey(idempotencyKey) : error;
    }
  }

  async #get<T>(path: string, schema: z.ZodType<T>, options: CallOptions): Promise<T> {
    return (await this.#call({ method: 'GET', path }, schema, options)).value;
  }

  async #wait<T extends ActionState | IntentState>(
    path: string,
    schema: z.ZodType<T>,
    { throughApproval = false, ...options }: WaitOptions,
  ): Promise<T> {
    const deadline = this.#deadline(options);
    for (let round = 0; ; round += 1) {
      const heldMs = Math.min((ROUNDS_S[round] ?? LONGEST_ROUND_S) * 1000, deadline.leftMs);
      const wakeMs = deadline.leftMs - heldMs;
      const state = await this.#look(`${path}?wait=${(heldMs / 1000).toFixed(3)}`, schema, heldMs, options, deadline);
      const isOver = deadline.leftMs === 0;
      if (state instanceof CountersignError) {
        if (isOver) throw state;
      } else if (isOver || isEnded(state) || (needsPerson(state) && !throughApproval)) return state;
      // A server that holds nothing is not asked faster than one that does.
      await deadline.pause(Math.max(0, deadline.leftMs - wakeMs));
    }
  }

  /** What is not there yet may come: over Kafka an id is known before the record is read. */
  async #look<T>(
    path: string,
    schema: z.ZodType<T>,
    heldMs: number,
    options: CallOptions,
    { leftMs, signal }: Deadline,
  ): Promise<T | CountersignError> {
    const answered = new Deadline(leftMs + GRACE_MS, signal);
    try {
      return (await this.#http.call({ method: 'GET', path, heldMs }, schema, this.#tokenFor(options), answered)).value;
    } catch (error) {
      if (error instanceof CountersignError && error.code === 'NOT_FOUND') return error;
      throw error;
    }
  }

  async #call<T>(request: Parameters<Http['call']>[0], schema: z.ZodType<T>, options: CallOptions) {
    return this.#http.call<T>(request, schema, this.#tokenFor(options), this.#deadline(options));
  }

  #deadline({ timeoutMs = this.#timeoutMs, signal }: CallOptions): Deadline {
    return new Deadline(timeoutMs, signal);
  }

  #tokenFor({ token = this.#token }: CallOptions): TokenSource {
    if (token !== undefined) return token;
    throw invalid([{ path: 'token', message: "the end user's token, of the client or of the call" }]);
  }
}
