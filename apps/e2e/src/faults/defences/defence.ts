import type { Removal } from './removal.js';
import type { Suite } from './suite.js';

/** A defence, how it is taken out, and what must then fail. */
export interface Defence {
  name: string;
  removals: readonly Removal[];
  caughtBy: readonly Suite[];
}

/** In `file` of a project, as built. */
export const inBuilt =
  (project: string) =>
  (file: string, find: string, replace: string): Removal => ({ file: `${project}/dist/${file}.js`, find, replace });

/** A test of built specs that need nothing but Node; another one of theirs goes on holding, `holds` if it is named. */
export const inSpecs =
  (project: string) =>
  (file: string, fails: string, holds?: string): Suite => ({
    ...{ suite: 'specs', file: `${project}/dist/${file}.spec.js`, fails },
    ...(holds && { holds }),
  });

/** The same on engines. */
export const onEngines =
  (project: string) =>
  (file: string, fails: string, holds: string): Suite => ({
    ...{ suite: 'engines', file: `${project}/dist/${file}.int.spec.js`, fails, holds },
  });

/** An eval of a workflow, by its title; another one goes on holding. Those of no file are made from its permission map. */
export const inEvals =
  (file?: string) =>
  (fails: string, holds: string): Suite => ({ suite: 'evals', ...(file ? { file } : {}), fails, holds });

/** Enough of them that it is no luck: what is known to be caught is caught in one of fifty at least. */
export const simulated: Suite = { suite: 'simulation', histories: 200 };
