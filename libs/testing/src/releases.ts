import path from 'node:path';
import { type System } from '@countersign/embedded';
import { devToken } from '@countersign/embedded/places';
import type { ReleaseReport } from '@countersign/evals/release';
import type { ControlVerdict } from '@countersign/messaging';

interface Loaded {
  name: string;
  fingerprint: string;
  release: { current: string; previous: string | null; serves: boolean } | null;
}

/** What a system has loaded, and what of it is released. */
export async function loadedIn({ urls }: System): Promise<Loaded[]> {
  const headers = { authorization: `Bearer ${await devToken(urls.identity, 'ruth')}` };
  const answer = await fetch(`${urls.gateway}/v1/workflows`, { headers });
  if (!answer.ok) throw new Error(`GET /v1/workflows answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: Loaded[] }).data;
}

export const passedReport = (at = new Date()): ReleaseReport => ({
  ...{ kind: 'release', at: at.toISOString(), verdict: 'pass', casesDigest: 'none was run', model: 'recorded' },
  ...{ cases: { passed: 1, failed: 0, errors: 0, skipped: 0 }, generated: 0 },
});

/** With the release key of the system's data folder, as whoever has it may. */
export async function releaseAs(
  system: System,
  workflow: string,
  fingerprint: string,
  report = passedReport(),
): Promise<ControlVerdict> {
  // Not before: most of those who use this package need no Kafka.
  const [{ signRelease }, { kafkaEnv, kafkaSettings, silentLog, writeControl }, { loadSigner }] = await Promise.all([
    import('@countersign/evals/release'),
    import('@countersign/messaging'),
    import('@countersign/signing'),
  ]);
  const key = loadSigner(path.join(system.dataDir, 'keys', 'release'));
  const kafka = kafkaSettings(kafkaEnv.parse({ KAFKA_BROKERS: system.urls.kafka }));
  const writing = { kafka, prefix: system.topicPrefix, log: silentLog, source: '/tests' };
  return writeControl(writing, `release/workflow/${workflow}`, { ...signRelease(workflow, fingerprint, report, key) });
}

/** For worlds that try the services: what is loaded into them acts without its cases having run. */
export async function releaseUntried(system: System): Promise<void> {
  const due = (await loadedIn(system)).filter(({ release }) => !release?.serves);
  await Promise.all(
    due.map(async ({ name, fingerprint }) => {
      const verdict = await releaseAs(system, name, fingerprint);
      if (verdict.tag !== 'in-force') throw new Error(`${name} was not released: ${JSON.stringify(verdict)}`);
    }),
  );
}
