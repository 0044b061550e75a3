/** Something the machine must have beforehand is not there. The message names it and how to get it; callers exit 2. */
export class MissingPrerequisite extends Error {
  readonly code = 'MISSING_PREREQUISITE';
  readonly exitCode = 2;
}

/** Another running system holds this data folder. */
export class DataDirInUse extends Error {
  readonly code = 'DATA_DIR_IN_USE';
  readonly exitCode = 2;
}

/** A named port is taken by a process that is not ours. */
export class PortInUse extends Error {
  readonly code = 'PORT_IN_USE';
  readonly exitCode = 2;
}

/** A process did not become ready. Carries the end of its log. */
export class StartFailed extends Error {
  readonly code = 'START_FAILED';
  readonly exitCode = 1;
}
