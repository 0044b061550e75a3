import type { Problem } from '@countersign/contracts';

/** What the process ends with. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  gateFailed: 3,
  notInForce: 4,
  broken: 5,
  denied: 6,
  incomplete: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end with a message for a person, the way out and an exit code. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode,
    readonly nextStep?: string,
  ) {
    super(message);
    this.name = 'CliError';
  }
}

/** What the gateway answered instead of what was asked for. */
export class ApiError extends CliError {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(
      `${problem.code ?? `HTTP ${status}`}: ${problem.detail ?? problem.title ?? 'the gateway gave no reason'}`,
      exitOf(status, problem.code),
      problem.nextStep,
    );
    this.name = 'ApiError';
  }
}

function exitOf(status: number, code: string | undefined): ExitCode {
  if (status === 401 || status === 403) return EXIT.denied;
  return code === 'INVALID_ARGUMENTS' ? EXIT.usage : EXIT.unexpected;
}
