import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repoRoot } from '@countersign/embedded/places';

/** A Prometheus metric as its page and its registry both describe it. */
export interface MetricLine {
  name: string;
  type: string;
  labels: string[];
}

const byName = (a: MetricLine, b: MetricLine) => (a.name < b.name ? -1 : 1);

/** What docs/metrics.md lists under a service's heading. */
export function metricsOnPage(service: string): MetricLine[] {
  const page = readFileSync(path.join(repoRoot(), 'docs/metrics.md'), 'utf8');
  const [, section = ''] = page.split(new RegExp(`^### ${service}$`, 'm'));
  const rows = section.split(/^#/m)[0]!.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\|/gm);
  return [...rows]
    .map(([, name, type, labels]) => ({
      ...{ name: name!, type: type! },
      labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!).sort(),
    }))
    .sort(byName);
}

/** What a registry holds. */
export const metricsOf = (registry: { getMetricsAsArray(): object[] }): MetricLine[] =>
  (registry.getMetricsAsArray() as { name: string; type: string; labelNames: string[] }[])
    .map(({ name, type, labelNames }) => ({ name, type, labels: [...labelNames].sort() }))
    .sort(byName);
