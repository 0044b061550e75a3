import { describe, expect, it } from '@jest/globals';
import { barPlot, linePlot, ticks } from './plot.js';

const numbers = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map((found) => found.slice(1).map(Number));

it.each([
  [9, [0, 2, 4, 6, 8, 10]],
  [10, [0, 2, 4, 6, 8, 10]],
  [0.3, [0, 0.1, 0.2, 0.3]],
  [420, [0, 100, 200, 300, 400, 500]],
  [0, [0, 1]],
  [Number.NaN, [0, 1]],
])('the scale of values up to %d has round steps and ends at or above it', (most, expected) => {
  expect(ticks(most).map((tick) => Number(tick.toFixed(6)))).toEqual(expected);
});

describe('bars', () => {
  const spread = (median: number) => ({ min: median * 0.8, median, max: median * 1.25 });
  const svg = barPlot({
    title: 'L1 <all> & "more"',
    unit: 'actions/s',
    bars: [
      { label: 'Countersign', spread: spread(800) },
      { label: 'Restate', spread: spread(400) },
    ],
  });

  it('are as high as their values', () => {
    const heights = numbers(svg, /<rect x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"/g).flat();
    expect(heights).toHaveLength(2);
    expect(heights[0]! / heights[1]!).toBeCloseTo(2, 1);
  });

  it('are well-formed whatever the words hold', () => {
    expect(svg).toContain('L1 &lt;all&gt; &amp; &quot;more&quot;');
    expect(svg.match(/<(?!\/?(svg|rect|text|line)\b)/)).toBeNull();
  });
});

describe('lines', () => {
  const svg = linePlot({
    title: 'tenants',
    x: { label: 'tenants', log: true },
    unit: 'ms',
    series: [
      {
        name: 'CPU',
        points: [
          { x: 0, y: 1 },
          { x: 10, y: 2 },
          { x: 100, y: 4 },
          { x: 1000, y: 4 },
        ],
      },
    ],
  });
  const places = numbers(svg, /<circle cx="([\d.]+)" cy="([\d.]+)"/g);

  it('put sizes that are multiples of each other equally far apart, and 0 before the first', () => {
    const gaps = places.slice(1).map(([x], index) => x! - places[index]![0]!);
    expect(gaps[1]).toBeCloseTo(gaps[2]!, 0);
    expect(gaps[0]).toBeGreaterThan(0);
  });

  it('rise with their values', () => {
    const heights = places.map(([, y]) => y!);
    expect(heights[0]! > heights[1]! && heights[1]! > heights[2]! && heights[2] === heights[3]).toBe(true);
  });

  it('stand where there is one size only', () => {
    const one = linePlot({
      title: 't',
      x: { label: 'x', log: true },
      unit: '',
      series: [{ name: 'a', points: [{ x: 0, y: 0 }] }],
    });
    expect(one).not.toMatch(/NaN|Infinity/);
  });
});
