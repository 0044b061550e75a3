import Table from 'cli-table3';
import { firstOf, type Finding } from '../finding.js';
import type { Flaw, Law } from './checker/history.js';
import type { Done } from './run-schedule.js';
import type { Ran } from './run.js';
import type { Quotas } from './schedule.js';

const EVIDENCE_SHOWN = 12;
/** Of the kills of a service, at least so many hit something in flight. */
const HIT_SHARE = 1 / 3;
const MOST_GROWTH = 1.1;

const DUPLICATES: readonly Law[] = ['effect-twice'];
const LOST: readonly Law[] = ['lost-intent', 'lost-action', 'effect-missing', 'audit-incomplete'];
const FORBIDDEN: readonly Law[] = [
  'effect-forbidden',
  'effect-unwarranted',
  'effect-differs',
  'effect-while-killed',
  'commit-not-agreed',
  'commit-not-as-asked',
];

const of = (flaws: Flaw[], laws: readonly Law[]) => flaws.filter(({ law }) => laws.includes(law)).length;
const tally = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, n]) => `${name}: ${n}`)
    .join(', ') || 'none';

/** What a run found, in figures; every flaw with its evidence, and every figure that falls short. */
export function findingOf(ran: Ran, quotas: Quotas, isMemoryJudged: boolean): Finding {
  const { flaws, failures } = ran;
  const told = flaws.map(({ law, what, evidence }) => {
    const shown = evidence.slice(0, EVIDENCE_SHOWN).map((line) => `\n      ${line}`);
    return `${law}: ${what}${shown.join('')}`;
  });
  const short = [...tooFew(ran.faults, quotas), ...(isMemoryJudged ? grown(ran) : []), ...unbalanced(ran)];
  const met = failures.map((failure) => `the client met what it should not: ${failure}`);
  return {
    figures: { ...figuresOf(ran), flaws: flaws.length },
    flaws: [...firstOf(told), ...met, ...short],
  };
}

function figuresOf({ flaws, balance, faults, drainMs, growths, seconds }: Ran): Finding['figures'] {
  const { asked, actions, approved, effects, expiredUnsent, killedUnsent, otherwiseUnsent, inDoubt } = balance;
  const count = (word: 'hits' | 'failed' | 'skipped') => faults.filter((fault) => fault[word]).length;
  return {
    seconds: seconds.toFixed(0),
    'intents asked': asked,
    actions,
    effects: `${effects} = ${approved} let commit − ${expiredUnsent} expired unsent − ${killedUnsent} killed unsent − ${otherwiseUnsent} decided otherwise − ${inDoubt} in doubt or found undone`,
    ends: tally(balance.ends),
    faults: `${faults.length}, of which ${count('hits')} hit something in flight, ${count('failed')} failed, ${count('skipped')} skipped`,
    'commits in flight during faults': balance.commitsInFlight,
    duplicates: of(flaws, DUPLICATES),
    lost: of(flaws, LOST),
    forbidden: of(flaws, FORBIDDEN),
    "begun past audit's limit": of(flaws, ['begun-unrecorded']),
    'ever in doubt, by class': tally(balance.doubts),
    'records in audit': balance.audited,
    'copies of records': balance.copies,
    'drained after (s)': (drainMs / 1_000).toFixed(1),
    'memory, MiB': growths
      .map(({ service, before, after }) => `${service} ${before.toFixed(0)}→${after.toFixed(0)}`)
      .join(', '),
  };
}

function unbalanced({ balance }: Ran): string[] {
  const { approved, expiredUnsent, killedUnsent, otherwiseUnsent, inDoubt, effects } = balance;
  const due = approved - expiredUnsent - killedUnsent - otherwiseUnsent - inDoubt;
  // Of what is in doubt nobody knows: so many more may have been done.
  return effects >= due && effects <= due + inDoubt
    ? []
    : [`${effects} effects, and ${due} to ${due + inDoubt} were due`];
}

const grown = ({ growths }: Ran): string[] =>
  growths
    .filter(({ ratio }) => ratio > MOST_GROWTH)
    .map(({ service, before, after }) => `${service} grew from ${before.toFixed(0)} to ${after.toFixed(0)} MiB`);

/** Quotas that were not met, or were met by what hit nothing. */
const tooFew = (faults: Done[], quotas: Quotas): string[] => [...notMade(faults, quotas), ...notHit(faults)];

function notMade(faults: Done[], quotas: Quotas): string[] {
  return [...quotas].flatMap(([name, wanted]) => {
    const made = faults.filter((fault) => fault.name === name && !fault.failed).length;
    return made < wanted ? [`${name}: ${made} of ${wanted} were made`] : [];
  });
}

/** A kill hits a third of the time at least: on a busy machine less is in flight when it comes. Of what holds up a way or a process only some is on it when that begins. */
function notHit(faults: Done[]): string[] {
  const made = faults.filter(({ failed, skipped }) => !failed && !skipped);
  return [...Map.groupBy(made, ({ name }) => groupOf(name))].flatMap(([group, own]) => {
    const hit = own.filter(({ hits }) => hits > 0).length;
    const wanted = group.startsWith('kill:') ? Math.ceil(own.length * HIT_SHARE) : 1;
    return hit >= wanted ? [] : [`${group}: only ${hit} of ${own.length} hit something in flight`];
  });
}

/** Kills are told apart by what they end, the rest by their kind, and on which way. */
const groupOf = (name: string): string => /^(kill:[\w-]+|net:\w+|[\w-]+)/.exec(name)![0];

/** How often each fault came, and how many of those hit something. */
export function faultTable(faults: readonly Done[]): string {
  const table = new Table({ head: ['fault', 'times', 'hit', 'seconds', 'notes'], style: { head: [], border: [] } });
  for (const [name, own] of [...Map.groupBy(faults, (fault) => fault.name)].sort(([a], [b]) => a.localeCompare(b))) {
    const seconds = own.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1_000;
    const notes = [...new Set(own.flatMap(({ failed, skipped }) => failed ?? skipped ?? []))].join('; ');
    table.push([name, own.length, own.filter(({ hits }) => hits > 0).length, seconds.toFixed(0), notes.slice(0, 80)]);
  }
  return table.toString();
}
