import type { FoundCase } from '../../find-cases.js';
import {
  ACTOR,
  ask,
  callersOf,
  callOf,
  changes,
  made,
  readingOf,
  tell,
  whenAsked,
  type Bench,
  type Play,
} from '../bench.js';
import { merged, restricted, type Filled, type MadeRecord } from '../fill.js';

type Placed = MadeRecord & { tenant?: 'other' };

/** The call, dry first where it changes something: both fail with this code, and nothing of the record is seen. */
function failing(
  bench: Bench,
  role: string,
  call: Filled,
  records: Placed[],
  code: 'NOT_FOUND' | 'RECORD_RESTRICTED',
): Play {
  const { name: tool } = bench.tool;
  const dryRuns = changes(bench) ? [ask(bench, call.arguments, { dry_run: true })] : [];
  const steps: Play['steps'] = [...dryRuns, ask(bench, call.arguments)];
  return {
    given: { people: { [ACTOR]: { roles: [role] } }, records },
    steps,
    expect: {
      outcomes: steps.map(() => ({ tool, ends: 'failed', code })),
      effects: [],
      notRead: call.about ? [call.about] : [],
    },
  };
}

/** Who gets as far as the record: the others are stopped before. */
const reachers = (bench: Bench) =>
  callersOf(bench).filter((role) => !['refused', 'denied'].includes(readingOf(bench, { role }).tag));

/** Cross-tenant: what another tenant has is not there, and nothing of it is read or changed. */
export function tenantCases(bench: Bench): FoundCase[] {
  const call = callOf(bench, {});
  if (!call.about) return [];
  const records = merged(call.records).map((each) => ({ ...each, tenant: 'other' as const }));
  return reachers(bench).map((role) =>
    made(
      bench,
      'tenant',
      `asked for by ${role} does not find the ${kindOf(call)} of another tenant`,
      failing(bench, role, call, records, 'NOT_FOUND'),
    ),
  );
}

/** Restricted records: whom the map gives leave, and nobody else. */
export function restrictedCases(bench: Bench): FoundCase[] {
  if (!bench.sample.restricted) return [];
  const call = callOf(bench, {});
  const records = restricted(bench.sample);
  const { restricted: leave = [] } = bench.tool.permissions;
  return reachers(bench).map((role) => {
    if (!leave.includes(role)) {
      const says = `asked for by ${role} of a restricted ${kindOf(call)} fails as RECORD_RESTRICTED`;
      return made(bench, 'restricted', says, failing(bench, role, call, records, 'RECORD_RESTRICTED'));
    }
    const asked = { role, records };
    const says = `asked for by ${role} of a restricted ${kindOf(call)} ${tell(bench, readingOf(bench, asked))}`;
    return made(bench, 'restricted', says, whenAsked(bench, asked));
  });
}

const kindOf = ({ about }: Filled) => about?.split('/')[0] ?? 'record';
