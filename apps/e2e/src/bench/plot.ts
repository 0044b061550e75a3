import type { Spread } from './statistics.js';

/** Pure: values in, the text of an SVG out. Black on white, readable without colour. */
const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 90;
const RIGHT = 24;
const TOP = 44;
const BOTTOM = 56;
const INNER = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };
const INK = ['#1f4e79', '#b5541c', '#3b7a3b', '#6b4c9a'];
const DASHES = ['', '6 3', '2 3', '8 3 2 3'];

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);
const at = (value: number) => value.toFixed(1);

type Anchor = 'start' | 'middle' | 'end';
const words = (x: number, y: number, text: string, anchor: Anchor = 'middle', size = 12) =>
  `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" font-size="${size}">${escaped(text)}</text>`;
const line = (x1: number, y1: number, x2: number, y2: number, ink = '#999') =>
  `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${ink}"/>`;

function framed(title: string, parts: string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" role="img" aria-label="${escaped(title)}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    words(LEFT, 24, title, 'start', 15),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Round steps from 0 to at least `most`, four to ten of them. */
export function ticks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const raw = most / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= raw) ?? 10);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, n) => n * step);
}

const short = (value: number): string => {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 10_000 ? `${value / 1_000}k` : String(Number(value.toPrecision(6)));
};

/** The scale of the values and its lines: gives a value's place too. */
function upright(most: number, unit: string): { parts: string[]; y: (value: number) => number } {
  const steps = ticks(most);
  const y = (value: number) => TOP + INNER.height * (1 - value / (steps.at(-1) ?? 1));
  const parts = steps.flatMap((value) => [
    line(LEFT, y(value), WIDTH - RIGHT, y(value), '#ddd'),
    words(LEFT - 8, y(value) + 4, short(value), 'end', 11),
  ]);
  return { parts: [...parts, words(LEFT - 8, TOP - 10, unit, 'end', 11)], y };
}

export interface Bars {
  title: string;
  unit: string;
  bars: { label: string; spread: Spread }[];
}

/** A bar is the median; the whisker goes from the least to the most. */
export function barPlot({ title, unit, bars }: Bars): string {
  const { parts, y } = upright(Math.max(...bars.map(({ spread }) => spread.max)), unit);
  const slot = INNER.width / Math.max(1, bars.length);
  for (const [index, { label, spread }] of bars.entries()) {
    const middle = LEFT + slot * (index + 0.5);
    const wide = Math.min(80, slot * 0.6);
    const top = y(spread.median);
    parts.push(
      `<rect x="${at(middle - wide / 2)}" y="${at(top)}" width="${at(wide)}" height="${at(y(0) - top)}" fill="${INK[index % INK.length]}"/>`,
      line(middle, y(spread.min), middle, y(spread.max), '#000'),
      words(middle, y(spread.max) - 6, short(Number(spread.median.toPrecision(4)))),
      words(middle, HEIGHT - BOTTOM + 18, label),
    );
  }
  return framed(title, parts);
}

export interface Lines {
  title: string;
  /** `log`: sizes that are multiples of each other stand equally far apart; 0 stands before the first. */
  x: { label: string; log: boolean };
  unit: string;
  series: { name: string; points: { x: number; y: number }[] }[];
}

export function linePlot({ title, x, unit, series }: Lines): string {
  const points = series.flatMap((one) => one.points);
  const { parts, y } = upright(Math.max(...points.map((point) => point.y)), unit);
  const sizes = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const place = across(sizes, x.log);
  const shown = sizes.length <= 8 ? sizes : [sizes[0]!, sizes.at(-1)!];
  for (const size of shown) parts.push(words(place(size), HEIGHT - BOTTOM + 18, short(size)));
  parts.push(words(LEFT + INNER.width / 2, HEIGHT - 14, x.label));
  for (const [index, one] of series.entries()) {
    const ink = INK[index % INK.length]!;
    const path = one.points.map((point) => `${at(place(point.x))},${at(y(point.y))}`).join(' ');
    const dashes = DASHES[index % DASHES.length];
    parts.push(
      `<polyline points="${path}" fill="none" stroke="${ink}" stroke-width="2"${dashes ? ` stroke-dasharray="${dashes}"` : ''}/>`,
      ...(sizes.length > 40
        ? []
        : one.points.map((p) => `<circle cx="${at(place(p.x))}" cy="${at(y(p.y))}" r="3.5" fill="${ink}"/>`)),
      words(WIDTH - RIGHT, TOP - 8 + index * 14, one.name, 'end', 11).replace('<text', `<text fill="${ink}"`),
    );
  }
  return framed(title, parts);
}

function across(sizes: number[], log: boolean): (size: number) => number {
  const least = sizes.find((size) => size > 0) ?? 1;
  const scaled = (size: number) => (log ? Math.log10(size > 0 ? size : least / 10) : size);
  const [from, to] = [scaled(sizes[0] ?? 0), scaled(sizes.at(-1) ?? 1)];
  return (size) => LEFT + 20 + ((INNER.width - 40) * (scaled(size) - from)) / (to - from || 1);
}
