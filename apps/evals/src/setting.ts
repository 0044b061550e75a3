import type { CaseWorld, TokenOf } from './case-world.js';
import type { ModelServer } from './model-server.js';
import type { SystemOfRecord } from './system-of-record.js';

/** A world that is open for cases, and what stands around it. */
export interface Setting {
  world: CaseWorld;
  /** By the name that tools have for it. */
  systems: ReadonlyMap<string, SystemOfRecord>;
  model: ModelServer;
  tokenOf: TokenOf;
  /** So many cases at once. */
  atOnce: number;
  /** Forgets what cases left. Only while none is under way. */
  sweep(): void;
  stop(): Promise<void>;
}

/** A token of a person, made once. */
export function remembered(make: TokenOf): TokenOf {
  const known = new Map<string, Promise<string>>();
  return (person) => {
    const name = JSON.stringify([person.tenant, person.sub, person.roles]);
    const token = known.get(name) ?? make(person);
    known.set(name, token);
    return token;
  };
}
