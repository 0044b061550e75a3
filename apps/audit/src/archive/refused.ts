/** Why nothing more is archived. What was not archived stays where it is. */
export class ArchiveRefused extends Error {
  constructor(
    readonly code: 'BUSY' | 'CAME_LATE' | 'NOT_IN_TREE' | 'NOT_SIGNED' | 'CHANGED' | 'DELETED' | 'NOT_AS_WRITTEN',
    message: string,
    readonly nextStep: string,
  ) {
    super(message);
    this.name = 'ArchiveRefused';
  }

  /** As the command line's exit codes have it (apps/cli): 5 integrity broken, 3 a gate failed. */
  get exitCode(): number {
    return this.code === 'CHANGED' || this.code === 'DELETED' || this.code === 'NOT_AS_WRITTEN' ? 5 : 3;
  }
}
