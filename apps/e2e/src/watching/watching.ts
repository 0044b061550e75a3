import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { CORE_SERVICES, freePort, throwawayDir } from '@countersign/embedded';
import { repoRoot } from '@countersign/embedded/places';
import { until } from '@countersign/testing';
import type { Finding } from '../finding.js';
import { World } from '../world.js';

const RULES = path.join(repoRoot(), 'deploy/alerts/countersign.rules.yaml');
const DASHBOARD = path.join(repoRoot(), 'deploy/grafana/countersign.json');
/** Queries that answer nothing while all is well. */
const EMPTY_WHEN_WELL = new Set(['max by (tool) (countersign_in_doubt)']);

interface Panel {
  title: string;
  targets?: { expr: string }[];
}
interface RuleState {
  name: string;
  health: string;
  lastError?: string;
  state: string;
}

/** A Prometheus of this machine (`COUNTERSIGN_PROMETHEUS`, else `prometheus` of the path), or why there is none. */
function prometheusHere(): string | undefined {
  const named = process.env['COUNTERSIGN_PROMETHEUS'] ?? 'prometheus';
  try {
    execFileSync(named, ['--version'], { stdio: 'ignore' });
    return named;
  } catch {
    return undefined;
  }
}

/**
 * The demo on a system of its own, scraped by a real Prometheus with the shipped rules: each rule is evaluated without an error, none fires or
 * is about to, and every query of the dashboard answers.
 */
export async function watching(say: (text: string) => void): Promise<Finding> {
  const prometheus = prometheusHere();
  if (!prometheus)
    return {
      figures: {},
      flaws: ['no Prometheus here: apt-get install prometheus, or name one in COUNTERSIGN_PROMETHEUS'],
    };
  const world = await World.open();
  const dir = throwawayDir('prometheus');
  let server: ChildProcess | undefined;
  try {
    const port = await freePort();
    const config = path.join(dir, 'prometheus.yml');
    fs.writeFileSync(config, configOf(world));
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    server = spawn(prometheus, args, { stdio: ['ignore', 'ignore', fs.openSync(path.join(dir, 'log'), 'w')] });
    const ask = asks(`http://127.0.0.1:${port}`);
    await until(async () => (await ask('sum(up)'))[0]?.value[1] === String(CORE_SERVICES.length), {
      ...{ what: 'every service to be scraped', timeoutMs: 60_000 },
    });
    say('every service is scraped; the demo ...');
    await world.playDemo();
    await until(async () => Number((await ask('sum(countersign_replies_total)'))[0]?.value[1]) > 5, {
      ...{ what: 'what the demo did to be scraped', timeoutMs: 30_000 },
    });
    return await judged(`http://127.0.0.1:${port}`, ask);
  } finally {
    if (server?.exitCode === null && server.kill()) await once(server, 'exit');
    await world.close();
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

const configOf = ({ system }: World): string => {
  const targets = CORE_SERVICES.map((service) => `127.0.0.1:${system.env(service)['PORT']}`);
  return JSON.stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: [{ job_name: 'countersign', static_configs: [{ targets }] }],
    rule_files: [RULES],
  });
};

type Sample = { metric: Record<string, string>; value: [number, string] };
type Ask = (query: string) => Promise<Sample[]>;
/** Throws while it does not answer, and for what is no query. */
const asks =
  (url: string): Ask =>
  async (query) => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    if (!response.ok) throw new Error(`${query} answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { data: { result: Sample[] } }).data.result;
  };

async function judged(url: string, ask: Ask): Promise<Finding> {
  const flaws: string[] = [];
  const rules = await until(() => evaluated(url), { what: 'every rule to be evaluated', timeoutMs: 30_000 });
  for (const { name, health, lastError } of rules)
    if (health !== 'ok') flaws.push(`${name} could not be evaluated: ${lastError ?? health}`);
  // What has yet to last a while before it fires is no less an alarm.
  const alarms = rules.filter(({ state }) => state !== 'inactive').map(({ name, state }) => `${name} (${state})`);
  for (const alarm of alarms) flaws.push(`${alarm} although all is well`);
  const queries = queriesOf();
  for (const { title, expr } of queries) {
    if (EMPTY_WHEN_WELL.has(expr)) continue;
    // A rate answers from the second scrape on that has its series.
    const answered = until(async () => (await ask(expr)).length > 0, {
      what: `the panel "${title}"`,
      timeoutMs: 10_000,
    });
    await answered.catch(({ message, cause }: Error) => flaws.push(cause ? `${message}: ${String(cause)}` : message));
  }
  const figures = {
    rules: rules.length,
    alarms: alarms.join(' ') || 'none',
    'queries of the dashboard': queries.length,
  };
  return { figures, flaws };
}

export function queriesOf(): { title: string; expr: string }[] {
  const { panels } = JSON.parse(fs.readFileSync(DASHBOARD, 'utf8')) as { panels: Panel[] };
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
}

async function evaluated(url: string): Promise<RuleState[] | undefined> {
  const response = await fetch(`${url}/api/v1/rules`);
  const { data } = (await response.json()) as { data: { groups: { rules: RuleState[] }[] } };
  const rules = data.groups.flatMap((group) => group.rules);
  return rules.length > 0 && rules.every(({ health }) => health !== 'unknown') ? rules : undefined;
}
