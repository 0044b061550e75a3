import { CORE_SERVICES, SERVICES } from '@countersign/embedded';
import type { Fault } from './fault.js';
import { FAULT_TABLE, type FaultName } from './fault-table.js';
import { auditDown } from './inject/audit-down.js';
import { skewClock } from './inject/clock.js';
import { diskFull } from './inject/disk-full.js';
import { helpdesk, HELPDESK_WAYS } from './inject/helpdesk.js';
import { HARM_TAGS, network } from './inject/network.js';
import { crashPostgres, freeze, kill, killKafka } from './inject/processes.js';
import { duplicates, reordered } from './inject/records.js';
import { replay } from './inject/replay.js';
import { LINKS } from './proxy/links.js';

const FAULTS = new Map<string, Fault>(
  [
    ...SERVICES.map(kill),
    killKafka,
    crashPostgres,
    ...[...CORE_SERVICES, 'kafka' as const].map(freeze),
    ...LINKS.flatMap((link) => HARM_TAGS.map((tag) => network(link, tag))),
    duplicates,
    reordered,
    ...CORE_SERVICES.flatMap((service) => [replay(service), skewClock(service)]),
    auditDown,
    ...(['kafka', 'postgres'] as const).map(diskFull),
    ...HELPDESK_WAYS.map(helpdesk),
  ].map((fault) => [fault.name, fault]),
);

/** @throws when there is none of this name */
export function faultNamed(name: FaultName): Fault {
  const fault = FAULTS.get(name);
  if (!fault) throw new Error(`no fault is named ${name}: ${FAULT_TABLE.map((row) => row.name).join(', ')}`);
  return fault;
}

/** The names that `--only NAME` means: one of them, or the first part of some. */
export function namesOf(only: string): FaultName[] {
  const names = FAULT_TABLE.map(({ name }) => name).filter((name) => name === only || name.startsWith(`${only}:`));
  if (names.length > 0) return names;
  throw new Error(`no fault is named ${only}: ${FAULT_TABLE.map(({ name }) => name).join(', ')}`);
}
