import { CORE_SERVICES, SERVICES, type CoreService, type Service } from '@countersign/embedded';
import type { HelpdeskWay } from './inject/helpdesk.js';
import type { Harm } from './proxy/harm.js';
import type { LinkName } from './proxy/links.js';

/**
 * Faults of one lane never overlap, those of different lanes do. `kills` take no time, so any number of them may come at once.
 * An engine is in one lane with the way to it: two outages of engines at once are one more than is promised to be survived in time.
 */
export type Lane = 'kills' | 'engines' | 'services' | 'target' | 'records';

type Engine = 'kafka' | 'postgres';
export type FaultName =
  | `kill:${Service | Engine}`
  | `freeze:${CoreService | 'kafka'}`
  | `net:${LinkName}:${Harm['tag']}`
  | `replay:${CoreService}`
  | `clock:${CoreService}`
  | `disk:${Engine}`
  | `helpdesk:${HelpdeskWay}`
  | 'duplicates'
  | 'reordered'
  | 'audit-down';

export interface FaultRow {
  name: FaultName;
  lane: Lane;
  /** What is kept free for it. */
  longestMs: number;
  /** How often in ten minutes. */
  inTenMinutes: number;
  /** The service whose instances it holds down: not killed meanwhile. */
  holds?: Service;
}

const HARMS: Record<Harm['tag'], number> = {
  latency: 8_500,
  stall: 8_500,
  reset: 1_000,
  'half-open': 8_500,
  'drop-answer': 3_500,
  refuse: 4_500,
};
const WAYS: readonly HelpdeskWay[] = ['garbage', 'unavailable', 'slow', 'mute'];

const kills = SERVICES.map((service): FaultRow => {
  const inTenMinutes = service === 'executor' ? 155 : 21;
  return { name: `kill:${service}`, lane: 'kills', longestMs: 0, inTenMinutes };
});

const network = (link: LinkName, lane: Lane, inTenMinutes: number): FaultRow[] =>
  (Object.keys(HARMS) as Harm['tag'][]).map((tag) => ({
    name: `net:${link}:${tag}`,
    lane,
    longestMs: HARMS[tag],
    inTenMinutes,
  }));

const ofService = CORE_SERVICES.flatMap((service): FaultRow[] => {
  const common = { lane: 'services', inTenMinutes: 1, holds: service } as const;
  return [
    { ...common, name: `freeze:${service}`, longestMs: 7_000, inTenMinutes: service === 'executor' ? 6 : 2 },
    { ...common, name: `replay:${service}`, longestMs: 20_000 },
    { ...common, name: `clock:${service}`, longestMs: 22_000 },
  ];
});

/** Every fault there is, and its part of a run. */
export const FAULT_TABLE: readonly FaultRow[] = [
  ...kills,
  { name: 'kill:kafka', lane: 'engines', longestMs: 20_000, inTenMinutes: 3 },
  { name: 'kill:postgres', lane: 'engines', longestMs: 10_000, inTenMinutes: 3 },
  { name: 'freeze:kafka', lane: 'engines', longestMs: 7_000, inTenMinutes: 2 },
  { name: 'disk:kafka', lane: 'engines', longestMs: 35_000, inTenMinutes: 1 },
  { name: 'disk:postgres', lane: 'engines', longestMs: 25_000, inTenMinutes: 1 },
  ...network('kafka', 'engines', 2),
  ...network('postgres', 'engines', 2),
  ...ofService,
  { name: 'audit-down', lane: 'services', longestMs: 48_000, inTenMinutes: 1, holds: 'audit' },
  ...network('helpdesk', 'target', 3),
  ...WAYS.map((way): FaultRow => ({ name: `helpdesk:${way}`, lane: 'target', longestMs: 8_500, inTenMinutes: 3 })),
  { name: 'duplicates', lane: 'records', longestMs: 4_000, inTenMinutes: 15 },
  { name: 'reordered', lane: 'records', longestMs: 4_000, inTenMinutes: 15 },
];
