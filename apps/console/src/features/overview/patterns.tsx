import classes from './chart.module.css';

/** What a series is told by beside its colour: bars by their hatching, lines by their dashes. */
const HATCHES = ['', 'M0 8L8 0', 'M4 0V8', 'M0 0L8 8M0 8L8 0', 'M0 4H8', 'M4 3V5M3 4H5'];
const DASHES = ['', '6 4', '2 3', '8 3 2 3', '1 4', '12 4'];

export const colorOf = (series: number): string => `var(--plot-${(series % HATCHES.length) + 1})`;
export const dashOf = (series: number): string => DASHES[series % DASHES.length]!;
export const fillOf = (plot: string, series: number): string => `url(#${plot}-fill-${series % HATCHES.length})`;

export function Patterns({ plot, count }: { plot: string; count: number }) {
  return (
    <defs>
      {HATCHES.slice(0, count).map((hatch, n) => (
        <pattern key={n} id={`${plot}-fill-${n}`} width={8} height={8} patternUnits="userSpaceOnUse">
          <rect width={8} height={8} fill={colorOf(n)} />
          {hatch && <path d={hatch} stroke="var(--plot-paper)" strokeWidth={2} />}
        </pattern>
      ))}
    </defs>
  );
}

/** Beside the plot, as text: what stands for which series. */
export function Legend({ plot, names, lines }: { plot: string; names: readonly string[]; lines: boolean }) {
  return (
    <ul className={classes['legend']}>
      {names.map((name, n) => (
        <li key={name}>
          <svg width={24} height={12} aria-hidden>
            {lines ? (
              <line x1={0} x2={24} y1={6} y2={6} stroke={colorOf(n)} strokeWidth={3} strokeDasharray={dashOf(n)} />
            ) : (
              <rect width={24} height={12} fill={fillOf(plot, n)} />
            )}
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}
