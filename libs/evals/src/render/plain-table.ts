import Table from 'cli-table3';

const BORDERS = ['top', 'bottom', 'left', 'right', 'mid', 'top-mid', 'top-left', 'top-right', 'bottom-mid'];
const CORNERS = ['bottom-left', 'bottom-right', 'left-mid', 'mid-mid', 'right-mid'];
const PLAIN = Object.fromEntries([...BORDERS, ...CORNERS].map((part) => [part, '']));

/** Columns and nothing else. Those on the right are numbers. */
export function plainTable(head: string[], aligns: ('left' | 'right')[], rows: readonly (string | number)[][]): string {
  const table = new Table({
    head,
    colAligns: aligns,
    chars: { ...PLAIN, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows);
  return table.toString().replace(/ +$/gm, '');
}
