/** A cell of a table: as it is, or a value with how people read it (a time, a rate). */
export type Cell = string | number | null | { value: string | number; text: string };

/** What a plot shows, as a table. */
export interface Figures {
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

/** As people read it; what is not known is a dash. */
export function cellText(cell: Cell): string {
  if (cell === null) return '—';
  if (typeof cell === 'object') return cell.text;
  return typeof cell === 'number' ? cell.toLocaleString('en') : cell;
}

/** RFC 4180. What a spreadsheet would take for a formula is text to it. */
export const csvOf = ({ columns, rows }: Figures): string =>
  [columns, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');

function csvCell(cell: Cell): string {
  const value = typeof cell === 'object' && cell !== null ? cell.value : cell;
  if (typeof value === 'number') return String(value);
  const text = value ?? '';
  const harmless = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
