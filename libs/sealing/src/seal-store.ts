/*
 * Where values get their tokens. What it guarantees:
 * 1. The same value of a tenant has one token, for every service, until a subject that has it is erased; another tenant's has another.
 * 2. No value leaves the process in the clear: the store gets a keyed hash, a token, a box and a subject's public key.
 * 3. What is known here costs nothing; all that is asked for while a question is under way is asked together.
 * 4. If the store can't be reached, it throws: nothing is given a token of which the value is lost.
 * 5. A subject whose keys were erased gets new ones, and its values new tokens: what was published before stays closed, whatever is sealed
 *    again. For as long as an answer of the store is believed here, a token may be given that nobody opens.
 */
import { createHmac, hkdfSync } from 'node:crypto';
import { jcs, type Json } from '@countersign/contracts';
import type { HiddenClass } from '@countersign/tool-sdk';
import { box, newKeyPair, publicFrom, rawPrivate, rawPublic } from './box.js';
import type { SealingKeys } from './keys.js';
import { keyContext, valueContext } from './opener.js';
import { asked, SealingUnavailable, type SealingSql } from './sealing-sql.js';
import { subjectName } from './subjects.js';
import { newToken } from './token.js';

export interface ToSeal {
  tenant: string;
  value: Json;
  dataClass: HiddenClass;
  /** Whose value it is: a customer's id, where that is known. */
  subject: string;
  /** In words: it may be somebody else's than `subject`'s. */
  said?: true;
}

export interface Token {
  token: string;
  /** The value as its data subject's key alone opens it; absent where it is too long to travel. */
  box?: string;
}

export interface SealStoreOptions {
  /** Asked when it is needed: the service's connections may be opened later. */
  sql: () => SealingSql;
  keys: SealingKeys;
  /** In ms; for how long an answer is believed. */
  now?: () => number;
}

interface Job extends ToSeal {
  id: string;
  hash: string;
  text: string;
}
interface Found {
  id: string;
  token: string | null;
  box: string | null;
  public_key: string | null;
}
interface Waiting {
  jobs: Job[];
  resolve(found: Map<string, Token>): void;
  reject(error: unknown): void;
}

const MAX_KNOWN = 10_000;
const MAX_KNOWN_BOX = 1_024;
const BELIEVED_MS = 60_000;
const MAX_TOGETHER = 500;
const MAX_TRIES = 5;
/** The longest value that is kept, in bytes: its box has to fit the contract. A longer one has a token and no box. */
const MAX_VALUE_BYTES = 12_000;

const FIND = 'select id, token, box, public_key from sealing.find($1)';
const KEEP = 'select id, token, box from sealing.keep($1)';

export class SealStore {
  private readonly known = new Map<string, Token & { until: number }>();
  private readonly tenantKeys = new Map<string, Buffer>();
  private readonly now: () => number;
  private waiting: Waiting[] = [];
  private isAsking = false;

  constructor(private readonly options: SealStoreOptions) {
    this.now = options.now ?? Date.now;
  }

  /** A token for each value, in order. */
  async seal(values: readonly ToSeal[]): Promise<Token[]> {
    const jobs = values.map((value) => this.jobOf(value));
    const tokens = new Map<string, Token>();
    const unknown = new Map<string, Job>();
    for (const job of jobs) {
      const known = this.recall(job.id);
      if (known) tokens.set(job.id, known);
      else unknown.set(job.id, job);
    }
    if (unknown.size > 0) for (const [id, token] of await this.ask([...unknown.values()])) tokens.set(id, token);
    return jobs.map(({ id }) => tokens.get(id)!);
  }

  private jobOf(given: ToSeal): Job {
    const text = jcs(given.value);
    const hash = createHmac('sha256', this.hashKeyOf(given.tenant)).update(text).digest('base64url');
    const subject = subjectName(given.subject, given.said);
    return { ...given, subject, text, hash, id: `${hash}/${subject}` };
  }

  private hashKeyOf(tenant: string): Buffer {
    let key = this.tenantKeys.get(tenant);
    if (!key) {
      key = Buffer.from(hkdfSync('sha256', this.options.keys.hash, 'countersign/v1', `sealing-hash/${tenant}`, 32));
      this.tenantKeys.set(tenant, key);
    }
    return key;
  }

  private recall(id: string): Token | undefined {
    const known = this.known.get(id);
    if (!known) return undefined;
    if (known.until > this.now()) return known;
    this.known.delete(id);
    return undefined;
  }

  private remember(id: string, token: Token): void {
    if ((token.box?.length ?? 0) > MAX_KNOWN_BOX) return;
    if (this.known.size >= MAX_KNOWN) this.known.delete(this.known.keys().next().value!);
    this.known.set(id, { ...token, until: this.now() + BELIEVED_MS });
  }

  /** Guarantee 3. */
  private ask(jobs: Job[]): Promise<Map<string, Token>> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ jobs, resolve, reject });
      if (!this.isAsking) void this.askAll();
    });
  }

  private async askAll(): Promise<void> {
    this.isAsking = true;
    while (this.waiting.length > 0) {
      const now = this.waiting.splice(0, MAX_TOGETHER);
      try {
        const found = await this.settle(new Map(now.flatMap(({ jobs }) => jobs.map((job) => [job.id, job]))));
        for (const [id, token] of found) this.remember(id, token);
        for (const { resolve } of now) resolve(found);
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    this.isAsking = false;
  }

  /** Looks for what is there and adds what is missing; who loses a race against another process looks again. */
  private async settle(jobs: Map<string, Job>): Promise<Map<string, Token>> {
    const settled = new Map<string, Token>();
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const open = [...jobs.values()].filter(({ id }) => !settled.has(id));
      if (open.length === 0) return settled;
      const found = new Map((await this.find(open)).map((row) => [row.id, row]));
      const missing = open.filter(({ id }) => !found.get(id)?.box);
      const kept = missing.length > 0 ? await this.keep(missing, found) : [];
      for (const { id, token, box } of [...found.values(), ...kept])
        if (token && box !== null) settled.set(id, box ? { token, box } : { token });
    }
    throw new SealingUnavailable('others changed the same keys each time');
  }

  private find(jobs: Job[]): Promise<Found[]> {
    const rows = jobs.map(({ id, tenant, hash, subject }) => ({ id, tenant, hash, subject }));
    return asked<Found>(this.options.sql(), 'find-sealed', FIND, [JSON.stringify(rows)]);
  }

  private keep(jobs: Job[], found: ReadonlyMap<string, Found>): Promise<Found[]> {
    const made = new Map<string, { public_key: string; private_key: string }>();
    const tokens = new Map<string, string>();
    const rows = jobs.map((job) => {
      const { id, tenant, hash, subject, dataClass, text } = job;
      const token = found.get(id)?.token ?? tokens.get(hash) ?? newToken();
      tokens.set(hash, token);
      const known = found.get(id)?.public_key;
      const pair = known ? { public_key: known, private_key: null } : this.pairOf(tenant, subject, made);
      const to = publicFrom(Buffer.from(pair.public_key, 'base64url'));
      const bytes = Buffer.from(text);
      const sealed = bytes.length > MAX_VALUE_BYTES ? '' : box(to, bytes, valueContext(tenant, subject, token));
      return { id, tenant, hash, token, subject, class: dataClass, ...pair, box: sealed };
    });
    return asked<Found>(this.options.sql(), 'keep-sealed', KEEP, [JSON.stringify(rows)]);
  }

  private pairOf(tenant: string, subject: string, made: Map<string, { public_key: string; private_key: string }>) {
    const place = JSON.stringify([tenant, subject]);
    let pair = made.get(place);
    if (!pair) {
      const { publicKey, privateKey } = newKeyPair();
      const raw = rawPublic(publicKey).toString('base64url');
      const sealed = box(this.options.keys.master, rawPrivate(privateKey), keyContext(tenant, subject, raw));
      made.set(place, (pair = { public_key: raw, private_key: sealed }));
    }
    return pair;
  }
}
