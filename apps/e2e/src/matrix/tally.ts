import Table from 'cli-table3';

interface Row {
  cells: number;
  permitted: number;
  refused: number;
  leaks: number;
  flaws: number;
}

/** Counts cells by what they are about, and keeps what is wrong. */
export class Tally {
  readonly flaws: string[] = [];
  readonly #rows = new Map<string, Row>();

  /** One cell: whether the caller may, and what was wrong with the answer. A leak is the worst of it. */
  count(row: string, cell: string, may: boolean, wrong: { leaks: string[]; flaws: string[] }): void {
    const counted = this.#rows.get(row) ?? { cells: 0, permitted: 0, refused: 0, leaks: 0, flaws: 0 };
    counted.cells++;
    counted[may ? 'permitted' : 'refused']++;
    counted.leaks += wrong.leaks.length;
    counted.flaws += wrong.flaws.length;
    this.#rows.set(row, counted);
    this.flaws.push(...wrong.leaks.map((leak) => `LEAK ${row}, ${cell}: ${leak}`));
    this.flaws.push(...wrong.flaws.map((flaw) => `${row}, ${cell}: ${flaw}`));
  }

  total(): Row {
    const sum = (name: keyof Row) => [...this.#rows.values()].reduce((all, row) => all + row[name], 0);
    return {
      cells: sum('cells'),
      permitted: sum('permitted'),
      refused: sum('refused'),
      leaks: sum('leaks'),
      flaws: sum('flaws'),
    };
  }

  table(): string {
    const table = new Table({
      head: ['route or tool', 'cells', 'permitted', 'refused', 'leaks', 'wrong'],
      style: { head: [], border: [] },
    });
    for (const [name, row] of [...this.#rows, ['all', this.total()] as const]) {
      table.push([name, row.cells, row.permitted, row.refused, row.leaks, row.flaws]);
    }
    return table.toString();
  }
}
