import type { Tool } from '@countersign/tool-sdk';
import { loadTools, loadWorkflows, type ModelSettings } from '@countersign/workflow-kit';
import type { Warrant } from './state.js';

/** The tools of the workflows this executor runs, and the fingerprints under which it may. */
export class Toolbox {
  private constructor(
    private readonly tools: ReadonlyMap<string, Tool>,
    private readonly fingerprints: ReadonlyMap<string, string>,
  ) {}

  static async load(packages: readonly string[], model: ModelSettings): Promise<Toolbox> {
    const workflows = await loadWorkflows(packages, model);
    const fingerprints = new Map([...workflows].map(([name, { fingerprint }]) => [name, fingerprint]));
    return new Toolbox(await loadTools(packages), fingerprints);
  }

  toolOf({ workflow, tool }: Pick<Warrant, 'workflow' | 'tool'>): Tool | undefined {
    return this.tools.get(`${workflow}/${tool}`);
  }

  fingerprintOf(workflow: string): string | undefined {
    return this.fingerprints.get(workflow);
  }

  targets(): Set<string> {
    return new Set([...this.tools.values()].map(({ contract }) => contract.target));
  }
}
