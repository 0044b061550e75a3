import type { Source } from '@countersign/context';
import type { Directory, Tool } from '@countersign/tool-sdk';
import {
  loadDirectories,
  loadTools,
  loadWorkflows,
  type LoadedWorkflow,
  type ModelSettings,
} from '@countersign/workflow-kit';
import type { Warrant } from './state.js';

type OfTool = Pick<Warrant, 'workflow' | 'tool'>;

/** The workflows this executor runs: their tools, the fingerprints under which it may, and how their records are looked at. */
export class Toolbox {
  private constructor(
    private readonly tools: ReadonlyMap<string, Tool>,
    private readonly workflows: ReadonlyMap<string, LoadedWorkflow>,
    private readonly directories: ReadonlyMap<string, Directory>,
  ) {}

  static async load(packages: readonly string[], model: ModelSettings): Promise<Toolbox> {
    const workflows = await loadWorkflows(packages, model);
    return new Toolbox(await loadTools(packages), workflows, await loadDirectories(packages));
  }

  toolOf({ workflow, tool }: OfTool): Tool | undefined {
    return this.tools.get(`${workflow}/${tool}`);
  }

  fingerprintOf(workflow: string): string | undefined {
    return this.workflows.get(workflow)?.fingerprint;
  }

  /** How a workflow reads records of a type again. */
  sourceOf(workflow: string, recordType: string): { source: Source; tool: Tool } | undefined {
    const source = this.workflows.get(workflow)?.workflow.sources?.find(({ record }) => record === recordType);
    const tool = source && this.toolOf({ workflow, tool: source.tool });
    return source && tool ? { source, tool } : undefined;
  }

  /** What "done" means for a tool, in its workflow's words. */
  statementOf({ workflow, tool }: OfTool): string | undefined {
    return this.workflows.get(workflow)?.workflow.done?.[tool];
  }

  directoryOf(workflow: string): Directory | undefined {
    return this.directories.get(workflow);
  }

  /** Targets that nothing but tools of somebody else's server act on. */
  importedTargets(): Set<string> {
    const own = [...this.tools.values()]
      .filter(({ contract }) => !contract.imported)
      .map(({ contract }) => contract.target);
    return new Set([...this.targets()].filter((target) => !own.includes(target)));
  }

  targets(): Set<string> {
    return new Set([...this.tools.values()].map(({ contract }) => contract.target));
  }
}
