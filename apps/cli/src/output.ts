import Table from 'cli-table3';
import colors from 'picocolors';
import { plain } from '@countersign/contracts';

export { plain };

const { bold } = colors.createColors(Boolean(process.stdout.isTTY) && !process.env['NO_COLOR']);

/** Data goes to stdout, everything else to stderr. */
export const print = (text: string) => process.stdout.write(`${text}\n`);
export const note = (text: string) => process.stderr.write(`${plain(text, '\n')}\n`);
export const printJson = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);

const BORDERS = ['top', 'bottom', 'left', 'right', 'mid', 'top-mid', 'top-left', 'top-right', 'bottom-mid'];
const CORNERS = ['bottom-left', 'bottom-right', 'left-mid', 'mid-mid', 'right-mid'];
const PLAIN = Object.fromEntries([...BORDERS, ...CORNERS].map((part) => [part, '']));

/** Aligned columns under their names; a line that says so if there is nothing. */
export function table(head: string[], rows: unknown[][], whenEmpty = 'Nothing.'): string {
  if (rows.length === 0) return whenEmpty;
  const drawn = new Table({
    head: head.map((name) => bold(name)),
    chars: { ...PLAIN, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) drawn.push(row.map(cell));
  return drawn.toString().replace(/ +$/gm, '');
}

/** A value on one line, safe to show. */
export function cell(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return plain((typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(/\s+/g, ' ').trim());
}

/** Names and values, one a line, aligned. */
export function fields(values: Record<string, unknown>): string {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${bold(name.padEnd(width))}  ${cell(value)}`).join('\n');
}

/** Where to go on, if a page was not the last. */
export const withMore = (text: string, nextCursor: string | null | undefined) =>
  nextCursor ? `${text}\n\nMore: --cursor ${nextCursor}` : text;
