import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { SERVICES } from './settings.mjs';
import { MADE, table } from './text.mjs';

const RULES = 'deploy/alerts/countersign.rules.yaml';
const load = (root, file) => import(pathToFileURL(path.join(root, file)).href);

/** By metric: the pages of the alerts that ask for it. */
function alertsOf(root) {
  const { groups } = parse(fs.readFileSync(path.join(root, RULES), 'utf8'));
  const rules = groups.flatMap((group) => group.rules);
  return (name) => {
    const asks = new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`);
    const asking = rules.filter(({ expr }) => asks.test(expr));
    return asking
      .map(({ alert, annotations: { runbook } }) => `[${alert}](${path.posix.relative('docs/reference', runbook)})`)
      .join(', ');
  };
}

function section(heading, registry, alerts) {
  const rows = registry.getMetricsAsArray().map(({ name, type, labelNames, help, upperBounds }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(' ');
    const words = upperBounds ? `${help} (buckets: ${upperBounds.join(', ')})` : help;
    return [`\`${name}\``, type, labels || '-', words, alerts(name)];
  });
  return `## ${heading}\n\n${table(['metric', 'kind', 'labels', 'counts', 'alerts'], rows)}`;
}

export async function metrics(root) {
  const alerts = alertsOf(root);
  const { Metrics } = await load(root, 'libs/messaging/dist/metrics.js');
  const sections = [section('Every service', new Metrics().registry, alerts)];
  for (const service of SERVICES) {
    const { registry, AuditMetrics } = await load(root, `apps/${service}/dist/metrics.js`);
    sections.push(section(service, registry ?? new AuditMetrics().registry, alerts));
  }
  return `# Metrics

${MADE} At \`GET /metrics\` of each service's own port, for Prometheus, beside
Node's own (\`process_…\`, \`nodejs_…\`). [What they are for](../metrics.md#prometheus-metrics), [alerts](../watching.md).

${sections.join('\n\n')}
`;
}
