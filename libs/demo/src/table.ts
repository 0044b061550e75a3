import Table from 'cli-table3';
import type { DemoRow } from './judge.js';

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** The demo's rows as a plain table, flaws below it. */
export function demoTable(rows: DemoRow[]): string {
  const table = new Table({
    head: ['', 'intent', 'proposed', 'policy', 'person', 'executor', 'trace'],
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows)
    table.push([row.ok ? 'ok' : 'NO', row.intent, row.proposed, row.policy, row.person, row.executor, row.trace]);
  const wrong = rows.filter((row) => !row.ok).flatMap((row) => row.wrong.map((flaw) => `NO  ${row.intent}: ${flaw}`));
  return [table.toString(), ...wrong].join('\n');
}
