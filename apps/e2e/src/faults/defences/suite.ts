/** Built specs, those that must fail without a defence by a part of their names. Others beside them go on holding: so it is no crash. */
interface Specs {
  /** `specs` need nothing but Node; `engines` a Kafka and a PostgreSQL. */
  suite: 'specs' | 'engines';
  /** Of this workspace, as built. */
  file: string;
  fails: string;
  /** Of the same file, and still good; any other one unless named. */
  holds?: string;
}

/** One case of a workflow's evals must fail, another goes on holding: both by their titles. */
interface Evals {
  suite: 'evals';
  /** Where they stand; none if they are made from the permission map. */
  file?: string;
  fails: string;
  holds: string;
}

/** At most so many histories of the simulation, from seed 1 on. */
interface Simulation {
  suite: 'simulation';
  histories: number;
}

/** What has to notice that a defence is gone. */
export type Suite = Specs | Evals | Simulation;
export type { Evals, Specs };

export const SUITES = ['specs', 'engines', 'evals', 'simulation'] as const satisfies readonly Suite['suite'][];
