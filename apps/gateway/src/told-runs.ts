/*
 * Runs of the evals, case by case, as people who release tell them. What is guaranteed:
 * 1. A run is its tenant's own: the cases of captured incidents are made from what happened there.
 * 2. Counts and verdicts follow from the cases: a run that says otherwise, or that is only of some cases, is refused.
 * 3. That a run was signed is never said by whoever tells it: it is what policy let act, known by the digest of what became of each case.
 * 4. Told again it is the same run. A tenant keeps the newest two hundred of a workflow.
 */
import { isDeepStrictEqual } from 'node:util';
import { deriveId, type Person } from '@countersign/contracts';
import { releaseReportOf, resultsDigest, runOfWorkflow, runReportOf, type RunReport } from '@countersign/evals';
import type { ReleaseReport } from '@countersign/evals/release';
import type { SqlTx } from '@countersign/messaging';

/** A run of one workflow, without its cases. */
export interface ToldRun {
  id: string;
  workflow: string;
  fingerprint: string;
  resultsDigest: string;
  by: string;
  report: ReleaseReport;
}

interface Row {
  id: string;
  workflow: string;
  fingerprint: string;
  results_digest: string;
  told_by: string;
  report: string;
}

const COLUMNS = 'id, workflow, fingerprint, results_digest, told_by, report';
const INSERT = `
  insert into eval_runs (tenant, id, workflow, fingerprint, results_digest, told_by, report, run)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`;
const MOST = 200;
const FORGET = `
  delete from eval_runs where tenant = $1 and workflow = $2 and told_at <
    (select told_at from eval_runs where tenant = $1 and workflow = $2 order by told_at desc offset ${MOST - 1} limit 1)`;
const LIST = `select ${COLUMNS} from eval_runs where tenant = $1 order by told_at desc, id`;
const FIND = `select ${COLUMNS}, run from eval_runs where tenant = $1 and id = $2`;

export class ToldRuns {
  constructor(private readonly sql: SqlTx) {}

  /** Guarantee 4. */
  async keep({ tenant, sub }: Person, run: RunReport): Promise<string[]> {
    const ids: string[] = [];
    for (const { workflow, fingerprint } of run.workflows) {
      const one = runOfWorkflow(run, workflow);
      const [{ release: _, ...about }] = one.workflows as [RunReport['workflows'][number]];
      const digest = resultsDigest(one.results);
      const id = deriveId('run', tenant, workflow, fingerprint, one.startedAt, digest);
      const texts = [releaseReportOf(one, about), { ...one, workflows: [about] }].map((each) => JSON.stringify(each));
      await this.sql.query('keep-run', INSERT, [tenant, id, workflow, fingerprint, digest, sub, ...texts]);
      await this.sql.query('forget-runs', FORGET, [tenant, workflow]);
      ids.push(id);
    }
    return ids;
  }

  /** The newest told first. */
  async list(tenant: string): Promise<ToldRun[]> {
    return (await this.sql.query<Row>('list-runs', LIST, [tenant])).map(toldOf);
  }

  async find(tenant: string, id: string): Promise<{ told: ToldRun; run: RunReport } | undefined> {
    const [row] = await this.sql.query<Row & { run: string }>('find-run', FIND, [tenant, id]);
    return row && { told: toldOf(row), run: JSON.parse(row.run) as RunReport };
  }
}

const toldOf = ({ results_digest, told_by, report, ...row }: Row): ToldRun => ({
  ...{ id: row.id, workflow: row.workflow, fingerprint: row.fingerprint },
  ...{ resultsDigest: results_digest, by: told_by, report: JSON.parse(report) as ReleaseReport },
});

/** Guarantee 2: in words what does not fit; undefined if all does. */
export function flawOf(run: RunReport): string | undefined {
  if (run.partial) return 'only some of the cases ran';
  const names = run.workflows.map(({ workflow }) => workflow);
  if (names.length === 0 || new Set(names).size < names.length) return 'it is of no workflow, or twice of one';
  if (names.some((name) => !/^[a-z][a-z0-9-]{0,99}$/.test(name))) return 'a workflow is called as none can be';
  if (run.workflows.some(({ fingerprint }) => fingerprint.includes('\u0000'))) return 'a fingerprint holds U+0000';
  if (run.results.some(({ workflow }) => !names.includes(workflow)))
    return 'a case is of a workflow that it does not name';
  const { workflows, results, format: _, counts, verdict, ...about } = run;
  const counted = runReportOf({ ...about, workflows }, results);
  const sums = (one: Pick<RunReport, 'workflows' | 'counts' | 'verdict'>) => [
    ...[one.counts, one.verdict],
    ...one.workflows.map((each) => [each.counts, each.generated, each.verdict]),
  ];
  const fits = isDeepStrictEqual(sums({ workflows, counts, verdict }), sums(counted));
  return fits ? undefined : 'its counts and verdicts do not follow from its cases';
}
