import { describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { repoRoot } from '@countersign/embedded/places';
import { queriesOf } from './watching.js';

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
}

const root = repoRoot();
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
const { groups } = parse(read('deploy/alerts/countersign.rules.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

/** By metric, as the reference lists them: its labels; some services have one of the same name. */
const metrics = new Map<string, Set<string>>();
for (const [, name, list] of read('docs/reference/metrics.md').matchAll(/^\| `(\w+)` \| \w+ \| (.*?) \|/gm)) {
  const labels = [...list!.matchAll(/`(\w+)`/g)].map(([, label]) => label!);
  metrics.set(name!, new Set([...(metrics.get(name!) ?? []), ...labels]));
}
const OF_THE_SCRAPE = ['job', 'instance', 'le'];
const asked = (expr: string) =>
  [...expr.matchAll(/\b(countersign_\w+)/g)].map(([, name]) => name!.replace(/_bucket$/, ''));

describe('the alerts', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s asks for what is counted',
    (_, { expr, annotations }) => {
      const names = asked(expr);
      for (const name of names) expect(metrics).toContainEqual([name, expect.anything()]);
      const known = new Set([...names.flatMap((name) => [...metrics.get(name)!]), ...OF_THE_SCRAPE]);
      const grouped = [...expr.matchAll(/\bby \(([^)]+)\)/g)].flatMap(([, list]) =>
        list!.split(',').map((one) => one.trim()),
      );
      const matched = [...expr.matchAll(/[{,](\w+)[=!]/g)].map(([, label]) => label!);
      const told = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
      for (const label of [...grouped, ...matched, ...told]) expect([...known]).toContain(label);
    },
  );

  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s has a page that says the same', (_, rule) => {
    const page = read(rule.annotations.runbook);
    expect(page).toContain(`# ${rule.alert}\n`);
    expect(page).toContain(`Severity: ${rule.labels.severity}.`);
    expect(page).toContain(`\`${rule.expr}\``);
    for (const part of ['What it means', 'Look', 'Mend', 'Pass it on']) expect(page).toContain(`\n## ${part}\n`);
  });

  it('and the dashboard ask for what is counted', () => {
    const queries = queriesOf().map(({ expr }) => expr);
    expect(queries.length).toBeGreaterThan(20);
    for (const expr of queries) {
      const names = asked(expr);
      for (const name of names) expect(metrics).toContainEqual([name, expect.anything()]);
      const known = new Set([...names.flatMap((name) => [...metrics.get(name)!]), ...OF_THE_SCRAPE]);
      const grouped = [...expr.matchAll(/\bby \(([^)]+)\)/g)].flatMap(([, list]) => list!.split(','));
      for (const label of grouped) expect([...known]).toContain(label.trim());
    }
  });

  it('have no page without a rule', () => {
    const pages = fs.readdirSync(path.join(root, 'docs/runbooks')).map((file) => `docs/runbooks/${file}`);
    expect(pages.sort()).toEqual(rules.map(({ annotations }) => annotations.runbook).sort());
  });
});
