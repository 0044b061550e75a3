import type { Command } from 'commander';
import { Api } from './api.js';
import type { ConnectionOptions } from './connection.js';
import { print, printJson } from './output.js';

export interface GlobalOptions extends ConnectionOptions {
  json?: boolean;
}

/** An action's own options beside the global ones. */
export const optionsOf = <T extends object>(command: Command): GlobalOptions & T =>
  command.optsWithGlobals<GlobalOptions & T>();

export const connect = (command: Command): Promise<Api> => Api.connect(optionsOf(command));

/** Prints an answer whole as JSON, or as people read it. */
export function show<T>(command: Command, answer: T, readable: (answer: T) => string): void {
  if (optionsOf(command).json) printJson(answer);
  else print(readable(answer));
}
