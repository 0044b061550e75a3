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

/** At most so many histories of the simulation, from seed 1 on. */
interface Simulation {
  suite: 'simulation';
  histories: number;
}

/** What has to notice that a defence is gone. */
export type Suite = Specs | Simulation;
export type { Specs };

export const SUITES = ['specs', 'engines', 'simulation'] as const satisfies readonly Suite['suite'][];
