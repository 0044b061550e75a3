import type { World } from '../world.js';
import type { Desk } from './inject/desk.js';
import type { SmallDisk } from './inject/small-disk.js';
import type { Links } from './proxy/links.js';

/** A running system and what it can be harmed by (`openGround`). */
export interface Ground {
  world: World;
  /** The proxies that stand between every service and what it talks to. Pass everything on while no fault holds them. */
  links: Links;
  /** Helpdesk's own faults. */
  desk: Desk;
  /** The engines', where the machine allows them. */
  disks: Record<'kafka' | 'postgres', SmallDisk> | undefined;
}

/** What a fault is let loose on. */
export interface FaultContext extends Ground {
  /** What the client knows to be begun and not ended. */
  inFlight(): number;
  say(text: string): void;
}

export interface FaultOutcome {
  /** How many things in flight it hit; 0: it fell into a pause (a process that was not ready yet, an idle connection). */
  hits: number;
  note?: string;
  /** It can't be made on this machine: why. Said out loud, and not counted. */
  skipped?: string;
}

/**
 * Something that goes wrong on purpose. It does its harm and takes it back, and returns when what it harmed may recover (an engine: has
 * recovered). Its only randomness is `random` (0 ≤ x < 1), so that a seed says all of it. An abort ends it early, with the harm taken back.
 */
export interface Fault {
  /** `kind` or `kind:which`: `kill:executor`, `net:kafka:stall`. `--only` takes either. */
  name: string;
  run(context: FaultContext, random: () => number, signal: AbortSignal): Promise<FaultOutcome>;
}

export const kindOf = (name: string): string => name.split(':')[0]!;
