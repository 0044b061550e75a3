/** "25 %", "0.4 %"; nothing of nothing is no rate. */
export function percent(rate: number | null): string {
  if (rate === null) return 'none';
  const value = rate * 100;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} %`;
}

/** "24 ms", "1.4 s", "12 s", "4 min 10 s", "1 h 05 min" */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h > 0) return `${h} h ${String(m).padStart(2, '0')} min`;
  return m > 0 ? `${m} min ${String(s).padStart(2, '0')} s` : `${s} s`;
}

/** "1 denial", "12 denials" */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** A rule or a code as people say it: "refund-limit" → "refund limit", "APPROVAL_REJECTED" → "approval rejected". */
export const plainName = (name: string): string => name.replaceAll(/[-_]/g, ' ').toLowerCase();
